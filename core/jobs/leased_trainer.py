"""A trainer of another machine or container, which an earlier supervisor there started: only its lease tells of it."""

import time
from typing import Any

from core.jobs.lease_holder import who_holds
from core.registry import Registry
from core.registry.leases import lease_of_run


class LeasedTrainer:
    """A trainer that lives as long as it has the lease of its run.

    It cannot be signalled. A cancelled one reads the cancellation in the registry after its epoch; one whose run was
    given to another attempt ends because it has lost its lease.
    """

    returncode, disk_full, stopped_by_mistake = None, False, False
    """Nobody here knows how it ends."""

    def __init__(self, run_id: str, attempt: int, slot: str, holder: str, registry: Registry) -> None:
        self.run_id, self.attempt, self.slot = run_id, attempt, slot
        self._holder, self._registry = holder, registry
        self._was_asked_to_stop = False
        self._over_since: float | None = None

    def __str__(self) -> str:
        return who_holds(self._holder)

    @property
    def identity(self) -> dict[str, Any] | None:
        """By which the registry knows it."""
        return self._registry.process(self.run_id, self.attempt)

    @property
    def was_asked_to_stop(self) -> bool:
        return self._was_asked_to_stop

    def follow(self, run_id: str, attempt: int) -> None:
        """It has claimed another run, which was not cancelled."""
        self.run_id, self.attempt = run_id, attempt
        self._was_asked_to_stop, self._over_since = False, None

    def is_dead(self) -> bool:
        """Whether its lease has lapsed or was released."""
        lease = self._registry.lease(lease_of_run(self.run_id))
        return lease is None or lease.holder != self._holder

    def stop(self, grace: float) -> None:
        """Nothing but a note: the cancellation is in the registry."""
        self._was_asked_to_stop = True

    def lingers(self, limit: float) -> bool:
        """Whether it still runs ``limit`` seconds after the first call, which is made when its run has ended."""
        self._over_since = self._over_since or time.monotonic()
        return time.monotonic() - self._over_since > limit
