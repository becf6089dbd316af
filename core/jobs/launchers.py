"""Which launcher the settings name."""

import os
from collections.abc import Mapping

from core.jobs.cluster.client import ClusterClient
from core.jobs.launching import Launcher
from core.jobs.local_launcher import LocalLauncher
from core.jobs.slots import discover_slots
from core.registry import Registry
from core.settings import SLURM, Settings


def launcher_of(settings: Settings, registry: Registry) -> Launcher:
    """The launcher of ``GRAFT_LAUNCHER``: without it, processes on the GPUs or the CPU of this machine.

    Raises:
        InvalidInput: what it needs is not set.
    """
    if settings.launcher:
        from core.jobs.cluster.launcher import open_cluster_launcher  # not needed on one machine

        return open_cluster_launcher(settings, registry, client_of)
    return LocalLauncher(settings, registry, discover_slots())


def client_of(launcher: str, environ: Mapping[str, str] | None = None) -> ClusterClient:
    """Requests to the cluster that ``GRAFT_LAUNCHER`` names. Nothing is sent yet.

    Args:
        environ: of the supervisor.

    Raises:
        InvalidInput: what it needs is not set.
    """
    environ = os.environ if environ is None else environ
    if launcher == SLURM:
        from core.jobs.slurm.client import open_slurm

        return open_slurm(environ)
    from core.jobs.ray.client import open_cluster

    return open_cluster(launcher, environ)
