"""The server process: routes, protection, uploads."""
