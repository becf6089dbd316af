"""Trainers on the machines of a Ray cluster (``GRAFT_LAUNCHER=ray:http://head:8265``).

Ray starts and stops processes; which runs live is decided by leases in the registry, never by Ray's word.
"""
