"""Graft with a real Slurm: two machines as namespaces, and PostgreSQL (``make test-slurm``)."""
