"""One trainer process: its command and environment, stopping it, and whether it has ended."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.files.home import run_folder
from core.files.locks import Lock, is_held
from core.jobs import processes
from core.jobs.holder import leader
from core.jobs.logs import open_log
from core.jobs.processes import Identity
from core.jobs.slots import Slot
from core.settings import REPOSITORY, Settings

Command = Callable[[str, int], list[str]]
"""``(run id, attempt) -> argv``"""

NO_SPACE_BYTES = 2**20
"""Free bytes on the disk below which the death of a trainer is put down to the full disk."""
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
        settings: Settings,
        *,
        process: Identity | None,
        child: subprocess.Popen | None = None,
    ):
        self.run_id, self.attempt, self.slot = run_id, attempt, slot
        self.process = process
        self._settings, self._child = settings, child
        self._died_of_full_disk = False
        self._asked_at: float | None = None
        self._over_since: float | None = None
        self._leaderless_since: float | None = None
        self.stopped_by_mistake = False
        """Whether it was signalled because of a run that it had finished already."""

    def __str__(self) -> str:
        return str(self.process)

    def follow(self, run_id: str, attempt: int) -> None:
        """It has claimed another run, which was not cancelled."""
        self.stopped_by_mistake = self.was_asked_to_stop
        self.run_id, self.attempt = run_id, attempt
        self._died_of_full_disk = False
        self._asked_at = self._over_since = self._leaderless_since = None

    @property
    def identity(self) -> dict[str, Any] | None:
        """By which the registry knows it."""
        return self.process.to_dict() if self.process else None

    @property
    def disk_full(self) -> bool:
        """Whether the disk was full when it was found to be dead: the run can only be ended once there is space."""
        return self._died_of_full_disk

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
            self._died_of_full_disk |= self._disk_is_full()
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

    @property
    def _lock(self) -> Path:
        return run_folder(self._settings, self.run_id).alive_lock

    def _leader_lives(self) -> bool:
        if self._child:
            return self._child.returncode is None and not _has_ended(self._child)
        if self.process is None:  # its supervisor was killed before it recorded the process
            self.process = leader(self._lock)
        return self.process is not None and processes.is_alive(self.process)

    def _disk_is_full(self) -> bool:
        try:
            return shutil.disk_usage(self._settings.home).free < NO_SPACE_BYTES
        except OSError:  # the home is gone
            return False

    def _signal(self, number: signal.Signals) -> None:
        if self.process:
            processes.signal_group(self.process, number)

    def _end_orphans(self) -> None:
        self._leaderless_since = self._leaderless_since or time.monotonic()
        if time.monotonic() - self._leaderless_since > ORPHAN_GRACE:
            for orphan in processes.processes_that_hold(self._lock):
                processes.signal_process(orphan, signal.SIGKILL)


def _has_ended(child: subprocess.Popen) -> bool:
    """Whether the child has ended. Then its group is killed before it is reaped: until then the id is its own."""
    if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return False
    processes.kill_group_of_child(child.pid)
    child.wait()
    return True


def spawn(argv: list[str], lock: Lock, log: Path, slot: Slot, settings: Settings) -> subprocess.Popen:
    """Start a trainer, which inherits the lock of its run."""
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
    own = settings.variables() | {"PYTHONUNBUFFERED": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    return {**os.environ, **own, **slot.environment}
