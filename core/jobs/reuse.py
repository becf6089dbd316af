"""Reuse of a trainer's process for the next run, so that TensorFlow is imported once.

A kill between any two steps is harmless because of their order. The old run has ended in the registry and its exit
record is written. The trainer takes the next run's ``alive.lock``; then it claims that run together with its own
identity, in one transaction; then it releases the old lock. So a claimed run is always locked, and a trainer always
holds at least one lock, by which a new supervisor finds it. The supervisor follows by the identity in the registry.

Where no run waits that fits its slot, the trainer waits for one (``wait_for_next``): it keeps its lock, and so its
slot, and ends as soon as the first such run of the queue needs another process.

Nothing is started that a supervisor would not start: without one, or after new code was installed, the trainer ends. On
a machine of a cluster the registry knows the trainer by its job (``GRAFT_JOB``), and the trainer the supervisor by its
lease.
"""

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from core.errors import GraftError
from core.files.home import run_folder
from core.files.locks import try_acquire
from core.jobs import processes
from core.jobs.holder import note_holder, own_descriptors
from core.jobs.lease_holder import code_of
from core.jobs.logs import open_log
from core.jobs.processes import Identity
from core.jobs.protocol import code_version, supervisor_status, why_paused
from core.planning.work import MOST_RUNS, process_of
from core.registry import Registry
from core.registry.leases import SUPERVISOR, lease_of_run
from core.runs.values import Run, Status
from core.settings import Settings

IDLE_SECONDS = 60.0
"""For so long a trainer waits for its next run. Importing TensorFlow anew would cost that run about 8 s, and the
process holds about 1 GB of memory until then."""
JOB = "GRAFT_JOB"
"""Variable with the id of the job of a cluster that a trainer is; unset on one machine."""
_LAST_ENDED = 20
"""Newest finished runs among which those of waiting trainers are."""
_POLL_SECONDS, _POLL_SERVER_SECONDS = 0.02, 0.1
"""Between two looks at the queue in a file, which take 0.2 ms of CPU each, and in a database server."""
_CHECK_SECONDS = 1.0
"""Between two looks at the supervisor and the code on the disk."""


def can_reuse(ended: Run, waiting: Run) -> bool:
    """Whether the waiting run needs what the ended one has in memory: the same photos and the same first network.

    Only for the next run in the queue that fits the slot, so that the order of the queue is kept.
    """
    needed = process_of(waiting.dataset_id, waiting.recipe)
    return bool(needed) and needed == process_of(ended.dataset_id, ended.recipe)


def waiting_trainers(registry: Registry, now: float) -> list[list[Run]]:
    """The newest runs of every trainer of this machine, or of a cluster, that waits for its next one, in the order in
    which it trained them.

    Args:
        now: seconds since 1970, UTC.
    """
    newest = registry.runs(status=Status.FINISHED, limit=_LAST_ENDED)
    if not any(now - (run.ended_at or 0.0) < IDLE_SECONDS for run in newest):
        return []
    busy = {str(registry.process(one.run_id, one.number)) for one in registry.running_attempts()}
    found: dict[str, list[Run]] = {}
    for run in sorted(newest, key=lambda one: one.ended_at or 0.0, reverse=True):
        process = registry.process(run.id, run.attempt)
        if str(process) in found:
            found[str(process)].insert(0, run)
        elif process and str(process) not in busy and _waits(process, run, registry, now):
            found[str(process)] = [run]
    return list(found.values())


def _waits(process: dict[str, Any], run: Run, registry: Registry, now: float) -> bool:
    """Whether the trainer of an ended run is still there; one of a cluster keeps the lease until its next run."""
    if now - (run.ended_at or 0.0) >= IDLE_SECONDS:
        return False
    identity = Identity.from_dict(process)
    if identity is not None:
        return processes.is_alive(identity)
    lease = registry.lease(lease_of_run(run.id))
    return lease is not None and lease.token == run.attempt


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Descriptors of the next run's lock and log. The lock is held until ``release`` or the end of the process."""

    lock: int
    log: int

    def release(self) -> None:
        os.close(self.log)
        os.close(self.lock)


class TrainerReuse:
    """The runs that this process trains, one after the other.

    Args:
        run_id: of the first one; its lock was inherited.
    """

    def __init__(self, run_id: str, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._locks = own_descriptors(run_folder(settings, run_id).alive_lock)
        self._code, self._count, self._job = code_version(), 1, os.environ.get(JOB, "")

    def claim_next(self, run_id: str) -> Run | None:
        """The next run, claimed and locked, with standard output going to its log; None when the process is to end.

        A full disk or a locked registry raises nothing: the process ends, and the supervisor starts the run.

        Args:
            run_id: of the run this process has just finished.
        """
        try:
            ended = self._registry.run(run_id)
            run = self._registry.next_run(ended.slot or "")
            if run is None or not can_reuse(ended, run) or not self._may_go_on():
                return None
            return self._take(run, ended.slot or "")
        except (GraftError, OSError) as error:
            print(f"The next run gets a process of its own: {error}", file=sys.stderr)
            return None

    def wait_for_next(self, run_id: str, seconds: float | None = None) -> Run | None:
        """As ``claim_next``, but waits for up to ``seconds`` (default: ``IDLE_SECONDS``) while no run fits its slot."""
        deadline = time.monotonic() + (IDLE_SECONDS if seconds is None else seconds)
        try:
            slot = self._registry.run(run_id).slot or ""
            while self._registry.next_run(slot) is None:
                if time.monotonic() >= deadline or not self._may_go_on():
                    return None
                self._watch_queue(slot, min(deadline, time.monotonic() + _CHECK_SECONDS))
        except (GraftError, OSError) as error:
            print(f"The next run gets a process of its own: {error}", file=sys.stderr)
            return None
        return self.claim_next(run_id)

    def _watch_queue(self, slot: str, until: float) -> None:
        """Returns when a run that fits the slot is in the queue, or at ``until`` of the monotonic clock."""
        while time.monotonic() < until and self._registry.next_run(slot) is None:
            time.sleep(_POLL_SERVER_SECONDS if self._settings.registry else _POLL_SECONDS)

    def _may_go_on(self) -> bool:
        return self._count < MOST_RUNS and self._has_supervisor() and not why_paused(self._settings)

    def _has_supervisor(self) -> bool:
        """Whether one acts that runs the code of this process, which is that on the disk."""
        if self._job:
            lease = self._registry.lease(SUPERVISOR)
            return lease is not None and code_of(lease.holder) == self._code == code_version()
        status = supervisor_status(self._settings)
        return status.is_current and status.version == self._code

    def _take(self, run: Run, slot: str) -> Run | None:
        me = processes.identity_of(os.getpid())
        held = self._lock(run, me) if me else None
        if held is None or me is None:
            return None
        claimed = None
        try:
            claimed = self._registry.claim_next(run.id, run.attempt, slot, f"trainer {me.pid}", self._identity(me))
        finally:
            if claimed is None:
                held.release()
        if claimed is not None:
            self._move_to(held)
        return claimed

    def _identity(self, me: Identity) -> dict[str, Any]:
        """By which the supervisor follows this trainer to its next run."""
        return {"job": self._job} if self._job else me.to_dict()

    def _lock(self, run: Run, me: Identity) -> _Held | None:
        """None while another process of that run is running or being started."""
        folder = run_folder(self._settings, run.id)
        folder.path.mkdir(parents=True, exist_ok=True)  # the machine of a cluster has none yet
        lock = try_acquire(folder.alive_lock, patience=0.1)  # another process may just be asking whether it is held
        if lock is None:
            return None
        try:
            note_holder(lock, run.attempt + 1, me)
            os.set_inheritable(lock.descriptor, True)  # children keep the run locked, as with a supervisor's lock
            folder.progress.unlink(missing_ok=True)
            log = open_log(folder.log)
            return _Held(lock=lock.detach(), log=log)
        except OSError:
            lock.release()
            raise

    def _move_to(self, held: _Held) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for standard in (1, 2):
            os.dup2(held.log, standard)
        os.close(held.log)
        for descriptor in self._locks:
            os.close(descriptor)
        self._locks, self._count = [held.lock], self._count + 1
