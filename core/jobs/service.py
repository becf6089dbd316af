"""The supervisor as a process, of which a home has one. Of several homes with one registry one acts, the others wait.

Signals: SIGTERM and SIGINT stop it, trainers continue. SIGUSR1 (``INTERRUPT``) stops it and its trainers. SIGUSR2
(``WAKE``) and SIGCHLD (a trainer has ended) start the next round at once.
"""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from core.errors import Conflict, GraftError, NoSpace, Unavailable
from core.files.home import supervisor_lock, supervisor_state
from core.files.leftovers import remove_drafts
from core.files.locks import Lock, try_acquire
from core.jobs.launchers import launcher_of
from core.jobs.launching import Launcher
from core.jobs.leadership import Leadership
from core.jobs.local_launcher import stop_unwatched
from core.jobs.ownership import note_owner
from core.jobs.protocol import ALREADY_RUNNING, INTERRUPT, READY, STOP, WAKE, code_version, write_state
from core.jobs.scheduled_backups import ScheduledBackups
from core.jobs.supervisor import GRACE, Supervisor
from core.jobs.upkeep import SupervisorUpkeep
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
        registry = Registry.of(settings)
        service = Service(settings, lock, signals, registry, launcher_of(settings, registry), grace)
        service.write_state()
        notify(READY)
        threading.Thread(target=remove_drafts, args=(settings.home,), daemon=True).start()  # a home may have many runs
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
            registry = Registry.of(settings)
            leadership = Leadership(settings, registry)
            if not leadership.acts():
                raise Conflict(f"the supervisor is {leadership.waits_for}")
            supervisor = Supervisor(settings, registry, launcher_of(settings, registry), grace=grace)
            supervisor.adopt()
        except (GraftError, OSError) as error:
            log.warning("trainers are stopped without the registry: %s", error)
            return stop_unwatched(settings, grace)
        found = bool(supervisor.trainers)
        _interrupt(supervisor, grace, _at_once)
        leadership.release()
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
        launcher: Launcher,
        grace: float,
    ):
        self._settings, self._lock, self._signals, self._grace = settings, lock, signals, grace
        self._launcher, self._supervisor = launcher, Supervisor(settings, registry, launcher, grace=grace)
        self._started_at, self._version = time.time(), code_version()
        self._leadership = Leadership(settings, registry)
        self._backups = ScheduledBackups(settings, registry)
        self._upkeep = SupervisorUpkeep(settings, registry)
        self._has_adopted = self._has_waited = False
        self._written: tuple = ()
        self._warning, self._warned_at = "", 0.0

    def write_state(self) -> None:
        """Write the state file, by which others find this process, when it is missing or has changed."""
        state = (self._titles(), self._leadership.waits_for)
        if state != self._written or not supervisor_state(self._settings).exists():
            write_state(self._settings, self._version, state[0], self._started_at, state[1])
            self._written = state

    def _titles(self) -> list[str]:
        """Of the slots; none while the launcher cannot be reached."""
        try:
            return [slot.title for slot in self._launcher.slots()]
        except (Unavailable, OSError):
            return []

    def run(self) -> None:
        log.info("supervisor %d is up; slots: %s", os.getpid(), ", ".join(self._titles()))
        received: set[int] = set()
        while not received & {*_STOP, INTERRUPT}:
            if not self._lock.protects(supervisor_lock(self._settings)):
                log.warning("the home is gone or was replaced: stopping")
                self._leadership.release()
                return
            self._attempt(self._round)
            received = self._signals.wait(INTERVAL)
        _forget_state(self._settings)  # from here on a new one may be started
        if INTERRUPT in received and not self._leadership.waits_for:
            _interrupt(self._supervisor, self._grace, self._attempt)
        self._attempt(self._supervisor.release_claims)
        self._leadership.release()
        log.info("supervisor %d stops; %d trainers go on", os.getpid(), len(self._supervisor.trainers))

    def _round(self) -> None:
        self.write_state()
        if not self._leadership.acts():
            self._note_waiting()
            return
        if not self._has_adopted:
            self._supervisor.adopt()
            self._has_adopted = True
        elif self._has_waited:
            self._supervisor.resume()
        self._has_waited = False
        self._supervisor.round()
        self._backups.round()
        self._upkeep.round()

    def _note_waiting(self) -> None:
        if not self._has_waited:
            log.info("waiting: %s", self._leadership.waits_for or "the lease of the supervisor could not be renewed")
        self._has_waited = True

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
