"""Which supervisor acts: the one that has the lease ``supervisor``. Those of other containers or machines wait for it.

A supervisor that is killed does not release its lease. The next one of the same place takes it at once, because it has
the lock of the home (``flock``), which the kernel gives to nobody while the holder of the lease lives. One of another
place cannot know that and waits until the lease lapses.
"""

from core.jobs.lease_holder import holder_name, is_of_this_place, who_holds
from core.jobs.protocol import code_version
from core.registry import Registry
from core.registry.keeping import KeptLease
from core.registry.leases import SUPERVISOR
from core.settings import Settings


class Leadership:
    """The right of this process to act as the supervisor of a registry. Whoever makes one holds the lock of the home.

    Attributes:
        waits_for: who has it instead; "" while this process has it, or when nobody was asked yet.
    """

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._holder = holder_name(settings, code_version())
        self._kept: KeptLease | None = None
        self.waits_for = ""

    def acts(self) -> bool:
        """Whether this process may act now; takes the lease when it is free.

        Raises:
            Unavailable, NoSpace: the registry cannot be used now.
        """
        if self._kept is not None and self._kept.is_lost:
            self._kept = None
        if self._kept is None:
            self._take()
        return self._kept is not None and self._kept.is_kept

    def _take(self) -> None:
        lease = self._registry.take(SUPERVISOR, self._holder)
        if lease is None:
            found = self._registry.lease(SUPERVISOR)
            if found is not None and is_of_this_place(found.holder, self._settings):  # dead: its lock was free
                self._registry.release(found)
                found, lease = None, self._registry.take(SUPERVISOR, self._holder)
            self.waits_for = who_holds(found.holder) if found is not None else ""
        if lease is not None:
            self._kept, self.waits_for = KeptLease(self._registry, lease), ""

    def release(self) -> None:
        """Let another supervisor act at once."""
        if self._kept is not None:
            self._kept.release()
            self._kept = None
