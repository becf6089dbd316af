"""Requests to a Ray cluster (``GRAFT_LAUNCHER=ray:http://head:8265``), which starts and stops processes."""
