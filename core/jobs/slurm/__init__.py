"""Requests to Slurm (``GRAFT_LAUNCHER=slurm``), which starts and stops processes on the machines of a partition."""
