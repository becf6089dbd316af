"""What every command of the command line does: options in, (JSON-able result, done) out, and its text for people."""
