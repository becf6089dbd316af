"""One trainer process: starting, finding, stopping it, and whether it has ended."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.files.home import run_folder, run_folders
from core.files.locks import Lock, is_held, try_acquire
from core.jobs import processes
from core.jobs.holder import Holder, leader, note_holder, read_holder
from core.jobs.logs import open_log
from core.jobs.processes import Identity
from core.jobs.slots import Slot
from core.settings import REPOSITORY, Settings

Launcher = Callable[[str, int], list[str]]
"""``(run id, attempt) -> argv``"""

ORPHAN_GRACE = 1.0
"""Seconds before the children of an ended trainer are killed."""


def trainer_command(run_id: str, attempt: int) -> list[str]:
    """``python -m core.training RUN --attempt N``; ``GRAFT_TRAINER`` puts another program in place (tests do)."""
    program = shlex.split(os.environ.get("GRAFT_TRAINER", "")) or [sys.executable, "-m", "core.training"]
    return [*program, run_id, "--attempt", str(attempt)]


class TrainerProcess:
    """A trainer process and the attempt it is at, started by the supervisor itself (``child``) or found running."""

    def __init__(
        self,
        run_id: str,
        attempt: int,
        slot: str,
        lock: Path,
        *,
        process: Identity | None,
        child: subprocess.Popen | None = None,
    ):
        self.run_id, self.attempt, self.slot = run_id, attempt, slot
        self.process = process
        self._lock, self._child = lock, child
        self._asked_at: float | None = None
        self._over_since: float | None = None
        self._leaderless_since: float | None = None
        self.stopped_by_mistake = False
        """Whether it was signalled because of a run that it had finished already."""

    def follow(self, run_id: str, attempt: int, lock: Path) -> None:
        """It has claimed another run, which was not cancelled."""
        self.stopped_by_mistake = self.was_asked_to_stop
        self.run_id, self.attempt, self._lock = run_id, attempt, lock
        self._asked_at = self._over_since = self._leaderless_since = None

    @property
    def returncode(self) -> int | None:
        """Of an own child that has ended, else None."""
        return self._child.returncode if self._child else None

    @property
    def was_asked_to_stop(self) -> bool:
        return self._asked_at is not None

    def lingers(self, limit: float) -> bool:
        """Whether it still runs ``limit`` seconds after the first call, which is made when its run has ended."""
        self._over_since = self._over_since or time.monotonic()
        return time.monotonic() - self._over_since > limit

    def is_dead(self) -> bool:
        """Whether no process of this attempt is left. Children that still run after the trainer are killed here."""
        if self._leader_lives():
            return False
        if not is_held(self._lock):
            return True
        self._end_orphans()
        return False

    def stop(self, grace: float) -> None:
        """Send SIGTERM at the first call, and SIGKILL at a later one after ``grace`` seconds."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._signal(signal.SIGTERM)
        elif time.monotonic() - self._asked_at > grace:
            self._signal(signal.SIGKILL)

    def _leader_lives(self) -> bool:
        if self._child:
            return self._child.returncode is None and not _has_ended(self._child)
        if self.process is None:  # its supervisor was killed before it recorded the process
            self.process = leader(self._lock)
        return self.process is not None and processes.is_alive(self.process)

    def _signal(self, number: signal.Signals) -> None:
        if self.process:
            processes.signal_group(self.process, number)

    def _end_orphans(self) -> None:
        self._leaderless_since = self._leaderless_since or time.monotonic()
        if time.monotonic() - self._leaderless_since > ORPHAN_GRACE:
            for orphan in processes.processes_with_open(self._lock):
                processes.signal_process(orphan, signal.SIGKILL)


def _has_ended(child: subprocess.Popen) -> bool:
    """Whether the child has ended. Then its group is killed before it is reaped: until then the id is its own."""
    if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return False
    processes.kill_group_of_child(child.pid)
    child.wait()
    return True


def find(run_id: str, attempt: int, slot: str, settings: Settings, holder: Holder) -> TrainerProcess:
    """A trainer that an earlier supervisor started and that still runs."""
    return TrainerProcess(run_id, attempt, slot, run_folder(settings, run_id).alive_lock, process=holder.process)


def stop_unwatched(settings: Settings, grace: float) -> bool:
    """Stop every trainer of the home that runs, known by the locks of the runs alone; False when there was none."""
    held = [folder for folder in run_folders(settings) if is_held(folder.alive_lock)]
    holders = [(folder, read_holder(folder.alive_lock)) for folder in held]
    found = [find(folder.run_id, holder.attempt or 0, "", settings, holder) for folder, holder in holders]
    deadline = time.monotonic() + grace + 10
    while (alive := [trainer for trainer in found if not trainer.is_dead()]) and time.monotonic() < deadline:
        for trainer in alive:
            trainer.stop(grace)
        time.sleep(0.05)
    return bool(found)


def start(run_id: str, attempt: int, slot: Slot, settings: Settings, launcher: Launcher) -> TrainerProcess | None:
    """Start an attempt; None while a process of an earlier attempt still holds the run.

    Raises:
        OSError: no space, no memory, no such program.
    """
    folder = run_folder(settings, run_id)
    lock = try_acquire(folder.alive_lock, patience=0.2)
    if lock is None:
        return None
    with lock:  # the trainer inherits it
        note_holder(lock, attempt)
        folder.progress.unlink(missing_ok=True)
        child = _spawn(launcher(run_id, attempt), lock, folder.log, slot, settings)
        process = processes.identity_of_child(child.pid)
        with suppress(OSError):  # a full disk; the process can still be found by the lock file it has open
            note_holder(lock, attempt, process)
        return TrainerProcess(run_id, attempt, slot.name, folder.alive_lock, process=process, child=child)


def _spawn(argv: list[str], lock: Lock, log: Path, slot: Slot, settings: Settings) -> subprocess.Popen:
    output = open_log(log)
    try:
        return subprocess.Popen(
            argv,
            cwd=REPOSITORY,
            env=trainer_environment(slot, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(lock.descriptor,),
            start_new_session=True,
        )
    finally:
        os.close(output)


def trainer_environment(slot: Slot, settings: Settings) -> dict[str, str]:
    own = {"GRAFT_HOME": str(settings.home.resolve()), "PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    return {**os.environ, **own, **slot.environment}
