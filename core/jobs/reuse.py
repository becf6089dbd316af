"""How a trainer goes on with the next run in the same process, so that TensorFlow is imported once.

The order of the steps is what makes a kill between any two of them harmless. The old run has ended in the registry and
left its word. The trainer takes the next run's ``alive.lock``, and only then claims that run, together with who it is,
in one transaction; only then it lets go of the old lock. So a claimed run is always locked, and a trainer always holds
at least one lock, by which a new supervisor finds it. The supervisor follows by the identity in the registry.

Nothing is started that a supervisor would not start: without one, or after new code was installed, the trainer ends.
"""

import os
import sys
from dataclasses import dataclass

from core.errors import GraftError
from core.files.home import run_folder
from core.files.locks import Lock, try_acquire
from core.jobs import processes
from core.jobs.control import supervisor_status
from core.jobs.holder import note_holder, own_descriptors
from core.jobs.logs import open_log
from core.jobs.processes import Identity
from core.registry import Registry
from core.runs.values import Run
from core.settings import REPOSITORY, Settings

MOST_RUNS = 50
"""Runs one process trains at most: what a library leaks stays small."""


def can_reuse(ended: Run, waiting: Run) -> bool:
    """Whether what the ended run has in memory is of use to the waiting one: the same photos, the same first network.

    Runs never overtake each other, so this is only asked of the next one.
    """
    same_backbone = ended.recipe.backbones[:1] == waiting.recipe.backbones[:1]
    return ended.dataset_id == waiting.dataset_id and same_backbone and bool(waiting.recipe.backbones)


def code_on_disk() -> int:
    """Changes whenever a source file does. A run planned by new code must not be trained by the old one."""
    files = sorted((REPOSITORY / "core").rglob("*.py"))
    return hash(tuple((path.name, (found := path.stat()).st_mtime_ns, found.st_size) for path in files))


@dataclass(frozen=True, kw_only=True)
class _Hold:
    """The next run's lock and log, held while its claim is decided."""

    lock: Lock
    log: int

    def let_go(self) -> None:
        os.close(self.log)
        self.lock.release()


class TrainerReuse:
    """Which runs this trainer process trains, one after the other.

    Args:
        run_id: the one it was started for; its lock was inherited.
    """

    def __init__(self, run_id: str, settings: Settings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._locks = own_descriptors(run_folder(settings, run_id).alive_lock)
        self._code, self._count = code_on_disk(), 1

    def claim_next(self, run_id: str) -> Run | None:
        """The next run, claimed and locked, with standard output going to its log; None when the process should end.

        No space, or a registry that is held, are no errors here: the process ends, and the supervisor starts the run.

        Args:
            run_id: of the run this process has just finished.
        """
        try:
            ended, run = self._registry.run(run_id), self._registry.next_run()
            if run is None or not can_reuse(ended, run) or not self._may_go_on():
                return None
            return self._take(run, ended.slot or "")
        except (GraftError, OSError) as error:
            print(f"The next run gets a process of its own: {error}", file=sys.stderr)
            return None

    def _may_go_on(self) -> bool:
        status = supervisor_status(self._settings)
        return self._count < MOST_RUNS and status.running and status.is_current and code_on_disk() == self._code

    def _take(self, run: Run, slot: str) -> Run | None:
        me = processes.identity_of(os.getpid())
        hold = self._lock(run, me) if me else None
        if hold is None or me is None:
            return None
        claimed = None
        try:
            claimed = self._registry.claim_next(run.id, run.attempt, slot, f"trainer {me.pid}", me.to_dict())
        finally:
            if claimed is None:
                hold.let_go()
        if claimed is not None:
            self._move_to(hold)
        return claimed

    def _lock(self, run: Run, me: Identity) -> _Hold | None:
        """None while another process of that run lives, or somebody is about to start it."""
        folder = run_folder(self._settings, run.id)
        lock = try_acquire(folder.alive_lock, patience=0.1)  # somebody may just be looking whether it is held
        if lock is None:
            return None
        try:
            note_holder(lock, run.attempt + 1, me)
            os.set_inheritable(lock.descriptor, True)  # children keep the run locked, as with a supervisor's lock
            folder.progress.unlink(missing_ok=True)
            return _Hold(lock=lock, log=open_log(folder.log))
        except OSError:
            lock.release()
            raise

    def _move_to(self, hold: _Hold) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for standard in (1, 2):
            os.dup2(hold.log, standard)
        os.close(hold.log)
        for descriptor in self._locks:
            os.close(descriptor)
        self._locks, self._count = [hold.lock.detach()], self._count + 1
