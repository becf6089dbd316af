"""Decoding untrusted pictures in child processes: formats, colour modes, and which photos have equal pixels."""
