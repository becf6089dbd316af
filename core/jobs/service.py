"""The supervisor as a process, of which a home has one.

Signals: SIGTERM and SIGINT stop it, trainers continue. SIGUSR1 (``INTERRUPT``) stops it and its trainers. SIGUSR2
(``WAKE``) and SIGCHLD (a trainer has ended) start the next round at once.
"""

import logging
import os
import select
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType

from core.errors import GraftError, NoSpace, Unavailable
from core.files.home import registry_file, supervisor_lock, supervisor_state
from core.files.locks import Lock, try_acquire
from core.jobs.ownership import note_owner
from core.jobs.protocol import ALREADY_RUNNING, INTERRUPT, READY, STOP, WAKE, code_version, write_state
from core.jobs.slots import Slot, discover_slots
from core.jobs.supervisor import GRACE, Supervisor
from core.jobs.trainers import stop_unwatched
from core.registry import Registry
from core.settings import Settings

log = logging.getLogger("graft.jobs")

INTERVAL = 0.4
"""Seconds between two rounds without a signal."""
_STOP = (STOP, signal.SIGINT)
_REPEAT = 60.0
"""Seconds before the same warning is logged again."""


def serve(settings: Settings, *, notify: Callable[[str], None], grace: float = GRACE) -> int:
    """Supervise until a stop is requested; returns the exit status.

    Args:
        notify: called once, with ``READY``, or ``ALREADY_RUNNING`` when another supervisor has this home.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    lock = try_acquire(supervisor_lock(settings), patience=0.2)
    if lock is None:
        log.info("another supervisor has %s", settings.home)
        notify(ALREADY_RUNNING)
        return 0
    note_owner(lock)
    signals = Signals()
    try:
        service = Service(settings, lock, signals, Registry.open(registry_file(settings)), discover_slots(), grace)
        service.write_state()
        notify(READY)
        service.run()
    finally:
        _forget_state(settings)
        lock.release()
    return 0


def _forget_state(settings: Settings) -> None:
    with suppress(OSError):  # the home has become read-only; the state names a process that has ended
        supervisor_state(settings).unlink(missing_ok=True)


def interrupt_trainers(settings: Settings, grace: float = GRACE) -> bool:
    """Stop trainers that run without a supervisor; their runs go back into the queue. False when there were none.

    Where the registry cannot be opened, the trainers are only stopped; the next supervisor puts their runs back.

    Raises:
        Unavailable: a supervisor has been started meanwhile, which must stop them.
    """
    try:
        lock = try_acquire(supervisor_lock(settings), patience=0.2)
    except OSError:  # a read-only home
        return stop_unwatched(settings, grace)
    if lock is None:
        raise Unavailable("A supervisor has just been started. Try again.")
    with lock:
        note_owner(lock)
        try:
            supervisor = Supervisor(settings, Registry.open(registry_file(settings)), (), grace=grace)
            supervisor.adopt()
        except (GraftError, OSError) as error:
            log.warning("trainers are stopped without the registry: %s", error)
            return stop_unwatched(settings, grace)
        found = bool(supervisor.trainers)
        _interrupt(supervisor, grace, _at_once)
        return found


def _at_once(work: Callable[[], None]) -> bool:
    work()
    return True


def _interrupt(supervisor: Supervisor, grace: float, attempt: Callable[[Callable[[], None]], bool]) -> None:
    """Stop all trainers and put their runs back; only the former where the registry stays unusable.

    Args:
        attempt: does the work, or returns False when it must be done later.
    """
    attempt(supervisor.interrupt)
    deadline = time.monotonic() + grace + 10
    while supervisor.trainers and time.monotonic() < deadline:
        if not attempt(supervisor.round) and supervisor.stop_all():
            return
        time.sleep(0.05)


class Service:
    """The loop around a ``Supervisor``."""

    def __init__(
        self,
        settings: Settings,
        lock: Lock,
        signals: "Signals",
        registry: Registry,
        slots: Sequence[Slot],
        grace: float,
    ):
        self._settings, self._lock, self._signals, self._slots, self._grace = settings, lock, signals, slots, grace
        self._supervisor = Supervisor(settings, registry, slots, grace=grace)
        self._started_at, self._version = time.time(), code_version()
        self._adopted = False
        self._warning, self._warned_at = "", 0.0

    def write_state(self) -> None:
        """Write the state file, by which others find this process."""
        write_state(self._settings, self._version, [slot.title for slot in self._slots], self._started_at)

    def run(self) -> None:
        log.info("supervisor %d is up; slots: %s", os.getpid(), ", ".join(slot.title for slot in self._slots))
        received: set[int] = set()
        while not received & {*_STOP, INTERRUPT}:
            if not self._lock.protects(supervisor_lock(self._settings)):
                log.warning("the home is gone or was replaced: stopping")
                return
            self._attempt(self._round)
            received = self._signals.wait(INTERVAL)
        _forget_state(self._settings)  # from here on a new one may be started
        if INTERRUPT in received:
            _interrupt(self._supervisor, self._grace, self._attempt)
        self._attempt(self._supervisor.release_claims)
        log.info("supervisor %d stops; %d trainers go on", os.getpid(), len(self._supervisor.trainers))

    def _round(self) -> None:
        if not supervisor_state(self._settings).exists():
            self.write_state()
        if not self._adopted:
            self._supervisor.adopt()
            self._adopted = True
        self._supervisor.round()

    def _attempt(self, work: Callable[[], None]) -> bool:
        """Work that a locked registry or a full disk prevents is done in a later round; then False."""
        try:
            work()
            return True
        except (Unavailable, NoSpace, OSError) as error:
            if str(error) != self._warning or time.monotonic() - self._warned_at > _REPEAT:
                log.warning("will try again: %s", error)
                self._warning, self._warned_at = str(error), time.monotonic()
            return False


class Signals:
    """Signals written into a pipe as bytes, so that ``select`` waits for all of them and none is missed."""

    def __init__(self) -> None:
        self._read, write = os.pipe()
        for end in (self._read, write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        for number in (*_STOP, INTERRUPT, WAKE, signal.SIGCHLD):
            signal.signal(number, _nothing)

    def wait(self, timeout: float) -> set[int]:
        """The signals that came within ``timeout`` seconds; returns at the first."""
        ready, _, _ = select.select([self._read], [], [], timeout)
        return set(os.read(self._read, 4096)) if ready else set()


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler must be there for the byte to be written."""
