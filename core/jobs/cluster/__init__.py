"""Trainers on the machines of a cluster, whichever program starts and stops processes there (``ray``, ``slurm``).

Which runs live is decided by leases in the registry, never by the cluster's word. ``client`` is what a cluster must
offer; the launcher, its trainers and the list of its machines know no more of it.
"""
