"""What a command or a request returns, as plain values: one file a noun."""
