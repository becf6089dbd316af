"""The commands: each takes parsed options and returns (JSON-able result, done), and has a text form for terminals."""
