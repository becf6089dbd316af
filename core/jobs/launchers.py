"""Which launcher the settings name."""

from core.jobs.launching import Launcher
from core.jobs.local_launcher import LocalLauncher
from core.jobs.slots import discover_slots
from core.registry import Registry
from core.settings import Settings


def launcher_of(settings: Settings, registry: Registry) -> Launcher:
    """The launcher of ``GRAFT_LAUNCHER``: without it, processes on the GPUs or the CPU of this machine.

    Raises:
        InvalidInput: what it needs is not set.
    """
    if settings.launcher:
        from core.jobs.ray.launcher import open_ray  # not needed on one machine

        return open_ray(settings, registry)
    return LocalLauncher(settings, registry, discover_slots())
