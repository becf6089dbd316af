"""A lease that is renewed in a thread, whatever the process computes, and given up when that fails for too long."""

import threading
import time
from collections.abc import Callable

from core.errors import Conflict, GraftError
from core.registry import leases
from core.registry.leases import Lease, Leases


class KeptLease:
    """A taken lease, renewed until ``release`` or until it is lost.

    It is lost when another holder has taken it, or when it could not be renewed for ``GIVE_UP_SECONDS``. Time in which
    the whole process stood still (a stopped process, a suspended machine) does not count for the latter: after it the
    lease is renewed first, which fails when somebody has taken it meanwhile.

    Args:
        registry, lease: as ``Leases.take`` has returned it.
        on_loss: called once, in a thread, when it is lost.
    """

    def __init__(self, registry: Leases, lease: Lease, on_loss: Callable[[], None] = lambda: None) -> None:
        self.lease = lease
        self._registry, self._on_loss = registry, on_loss
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._is_lost, self._silent = False, 0.0
        self._renewed_at = _clock()
        for work, name in ((self._renew, "lease"), (self._watch, "lease watch")):
            threading.Thread(target=work, name=f"{name} {lease.name}", daemon=True).start()

    @property
    def is_lost(self) -> bool:
        """Whether it was given up or taken by another holder; for good."""
        return self._is_lost

    @property
    def is_kept(self) -> bool:
        """Whether nobody else can have it now."""
        return not self._is_lost and _clock() - self._renewed_at < leases.GIVE_UP_SECONDS

    def wait(self) -> None:
        """Return once nobody else can have it: at once, except after the process stood still or could not renew.

        Raises:
            Conflict: it is lost.
        """
        while not self.is_kept and not self._ended.is_set():
            time.sleep(0.02)
        if self._is_lost:
            raise Conflict(f"The lease {self.lease.name} was lost: another process may have taken it.")

    def release(self) -> None:
        """End it now, so that another holder need not wait; nothing is raised when the registry cannot be reached."""
        self._ended.set()
        try:
            self._registry.release(self.lease)
        except GraftError:  # then it lapses
            return

    def _renew(self) -> None:
        wait = leases.RENEW_SECONDS
        while not self._ended.wait(wait):
            began = _clock()
            try:
                kept = self._registry.renew(self.lease)
            except GraftError:
                wait = leases.RENEW_SECONDS / 10
                continue
            if not kept:
                self._lose()
                return
            self._renewed_at, self._silent, wait = began, 0.0, leases.RENEW_SECONDS

    def _watch(self) -> None:
        """In a thread of its own: a renewal may wait for an answer that never comes."""
        tick, before = leases.RENEW_SECONDS / 10, _clock()
        while not self._ended.wait(tick):
            self._silent += min(_clock() - before, 2 * tick)
            before = _clock()
            if self._silent > leases.GIVE_UP_SECONDS:
                self._lose()
                return

    def _lose(self) -> None:
        with self._lock:
            first, self._is_lost = not self._is_lost and not self._ended.is_set(), True
        self._ended.set()
        if first:
            self._on_loss()


def _clock() -> float:
    """Seconds that only grow, those of a suspended machine included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
