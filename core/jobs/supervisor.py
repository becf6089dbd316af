"""The supervisor's work: settle dead trainers, obey cancellations, start scheduled runs. One ``round`` does it once.

It holds nothing that matters: the registry says what should run, the locks say what does. So it may be killed at any
moment, and the next one adopts.
"""

import logging
import secrets
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.errors import NoSpace, NotFound, Unavailable
from core.files.home import run_folder, run_folders, supervisor_log
from core.files.locks import is_held
from core.jobs import exit_record, logs, trainers
from core.jobs.exit_policy import TrainerExit, decide_outcome
from core.jobs.holder import read_holder
from core.jobs.slots import Slot
from core.jobs.trainers import Launcher, TrainerProcess, trainer_command
from core.registry import Registry
from core.registry.queue import INTERRUPTED
from core.runs.progress import read_progress
from core.runs.values import Attempt, Cancel, Run, Status
from core.settings import Settings

log = logging.getLogger("graft.jobs")

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LINGER = 60.0
"""Seconds a trainer may stay after its run has ended (it holds its slot as long as it lives)."""
START_PATIENCE = 60.0
"""Seconds a start is tried again (no space, no memory) before its run fails."""
SILENCE = 1800.0
"""Seconds without a heartbeat that are worth a line in the log; computing features may take long, so no more."""
NO_SPACE_BYTES = 2**20
"""A trainer that dies with less than this left on the disk has most likely died of that."""
HOUSEKEEPING = 5.0
"""Seconds between two looks at heartbeats."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run that is ours to start, until its trainer runs."""

    run_id: str
    attempt: int
    slot: Slot
    since: float


class Supervisor:
    """Watches the trainers of one home. Only one may exist at a time (see ``service``).

    Args:
        settings, registry: the home.
        slots: where runs can run, one each.
        launcher: the trainer's argv.
        grace: seconds between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        slots: Sequence[Slot],
        *,
        launcher: Launcher = trainer_command,
        grace: float = GRACE,
    ):
        self.settings, self.registry, self.slots = settings, registry, tuple(slots)
        self.trainers: list[TrainerProcess] = []
        self._launcher, self._grace = launcher, grace
        self._claims: list[Claim] = []
        self._interrupting = False
        self._token = secrets.token_hex(4)
        self._housekeeping_at = 0.0
        self._silent: set[tuple[str, int]] = set()
        self._died_of_full_disk: set[tuple[str, int]] = set()

    # --- taking over ---

    def adopt(self) -> None:
        """Take over from an earlier supervisor: what runs is watched, what died meanwhile is settled."""
        self.trainers = _one_a_process(self._find(run_id) for run_id in self._runs_alive())
        for trainer in self.trainers:
            log.info("run %s: adopted attempt %d, %s", trainer.run_id, trainer.attempt, trainer.process)
            self._follow(trainer)
        self._recover_orphans()

    def _recover_orphans(self) -> None:
        """Runs that should run and that nobody watches: their trainer is dead, or went on while it was looked for.

        A trainer takes a run's lock before it claims the run; so a claimed run without a lock has lost its trainer.
        """
        watched = {(trainer.run_id, trainer.attempt) for trainer in self.trainers}
        watched |= {(claim.run_id, claim.attempt) for claim in self._claims}
        for attempt in self.registry.running_attempts():
            if (attempt.run_id, attempt.number) in watched:
                continue
            if is_held(run_folder(self.settings, attempt.run_id).alive_lock):
                self.trainers = _one_a_process([*self.trainers, self._find(attempt.run_id)])
            else:
                self._settle(attempt.run_id, attempt.number, watched=False)

    def _runs_alive(self) -> list[str]:
        """Whose locks are held, whatever the registry says: a trainer that is about to exit still has its slot."""
        return [folder.run_id for folder in run_folders(self.settings) if is_held(folder.alive_lock)]

    def _find(self, run_id: str) -> TrainerProcess:
        holder = read_holder(run_folder(self.settings, run_id).alive_lock)
        attempts = {attempt.number: attempt for attempt in self.registry.attempts(run_id)}
        number = holder.attempt if holder.attempt is not None else max(attempts, default=0)
        slot = attempts[number].slot if number in attempts else ""
        return trainers.find(run_id, number, slot, self.settings, holder)

    # --- one round ---

    def round(self) -> None:
        """Everything once.

        Raises:
            Unavailable, NoSpace, OSError: the registry or the disk cannot be used now; call it again later.
        """
        self._reap()
        self._stop_cancelled()
        if not self._interrupting:
            self._start_claimed()
            self._claim_and_start()
        self._housekeep()

    def interrupt(self) -> None:
        """From now on nothing starts, and every trainer is asked to stop; their runs go back into the queue."""
        self._interrupting = True
        self.release_claims()

    def release_claims(self) -> None:
        """Put back what was claimed and not started."""
        while self._claims:
            self.registry.requeue(self._claims[-1].run_id, self._claims[-1].attempt)
            self._claims.pop()

    # --- the dead ---

    def _reap(self) -> None:
        for trainer in list(self.trainers):
            dead = trainer.is_dead()
            if self._follow(trainer):  # asked after its death, so that nothing it claimed before is missed
                dead = dead and trainer.is_dead()
            if dead:
                self._note_full_disk(trainer)
                self._settle_dead(trainer)
                self.trainers.remove(trainer)

    def _follow(self, trainer: TrainerProcess) -> bool:
        """A trainer that has ended its run may go on with the next one (see ``succession``)."""
        found = self.registry.run_of_process(trainer.process.to_dict()) if trainer.process else None
        if found is None or found == (trainer.run_id, trainer.attempt):
            return False
        log.info("run %s: %s goes on with it after run %s", found[0], trainer.process, trainer.run_id)
        trainer.follow(*found, run_folder(self.settings, found[0]).alive_lock)
        return True

    def _note_full_disk(self, trainer: TrainerProcess) -> None:
        """Now, because on a full disk the run can only be settled once there is space again."""
        if shutil.disk_usage(self.settings.home).free < NO_SPACE_BYTES:
            self._died_of_full_disk.add((trainer.run_id, trainer.attempt))

    def _settle_dead(self, trainer: TrainerProcess) -> None:
        self._settle(
            trainer.run_id,
            trainer.attempt,
            watched=True,
            returncode=trainer.returncode,
            interrupted=trainer.hit_by_mistake,
        )

    def _settle(
        self, run_id: str, attempt: int, *, watched: bool, returncode: int | None = None, interrupted: bool = False
    ) -> None:
        """Give a run the ending its trainer could not give it; nothing when it did."""
        run = self._current(run_id, attempt)
        if run is None:
            return
        folder = run_folder(self.settings, run_id)
        death = TrainerExit(
            watched=watched,
            word=exit_record.read_exit(folder.exit_record, attempt),
            returncode=returncode,
            cancel=run.cancel,
            interrupted=interrupted or self._interrupting,
            epochs_done=run.epochs_done,
            losses=losses(self.registry.attempts(run_id), run.epochs_done),
            last_line=" ".join(logs.last_lines(folder.log)),
            disk_full=(run_id, attempt) in self._died_of_full_disk,
        )
        verdict = decide_outcome(death)
        if verdict.status is Status.SCHEDULED:
            self.registry.requeue(run_id, attempt, verdict.reason)
        else:
            self.registry.end(run_id, attempt, verdict.status, verdict.reason)
        log.info("run %s: attempt %d is over: %s. %s", run_id, attempt, verdict.status, verdict.reason)

    def _current(self, run_id: str, attempt: int) -> Run | None:
        """The run, as long as this attempt is the running one."""
        try:
            run = self.registry.run(run_id)
        except NotFound:
            return None
        return run if run.status is Status.RUNNING and run.attempt == attempt else None

    # --- the unwanted ---

    def _stop_cancelled(self) -> None:
        for trainer in self.trainers:
            if trainer.was_asked_to_stop or self._interrupting or self._is_cancelled(trainer):
                trainer.stop(self._grace)

    def _is_cancelled(self, trainer: TrainerProcess) -> bool:
        try:
            run = self.registry.run(trainer.run_id)
        except NotFound:
            return True
        if run.attempt != trainer.attempt:  # fenced off: what it writes is refused, and its successor waits
            return True
        if run.status is not Status.RUNNING:
            return trainer.lingers(LINGER)
        return run.cancel is Cancel.NOW

    # --- starting ---

    def _claim_and_start(self) -> None:
        for slot in self._free_slots():
            if not self.registry.runs(status=Status.SCHEDULED, limit=1):  # looking takes no write lock, claiming does
                return
            run = self.registry.claim(slot.name, self._token)
            if run is None:
                return
            self._claims.append(Claim(run_id=run.id, attempt=run.attempt, slot=slot, since=time.monotonic()))
            self._start_claimed()

    def _free_slots(self) -> list[Slot]:
        busy = {trainer.slot for trainer in self.trainers} | {claim.slot.name for claim in self._claims}
        return [slot for slot in self.slots if slot.name not in busy]

    def _start_claimed(self) -> None:
        for claim in list(self._claims):
            if any(trainer.run_id == claim.run_id for trainer in self.trainers):
                continue  # not yet buried: it would take the lock of its successor for that of children it has left
            try:
                trainer = trainers.start(claim.run_id, claim.attempt, claim.slot, self.settings, self._launcher)
            except OSError as error:
                self._give_up_when_late(claim, error)
                continue
            if trainer:  # else a process of an earlier attempt still has to go
                self._claims.remove(claim)
                self.trainers.append(trainer)
                self._record(trainer)

    def _give_up_when_late(self, claim: Claim, error: OSError) -> None:
        log.warning("run %s: attempt %d cannot be started: %s", claim.run_id, claim.attempt, error)
        if time.monotonic() - claim.since > START_PATIENCE:
            reason = f"The trainer could not be started: {error}. Resume when that is solved."
            self.registry.end(claim.run_id, claim.attempt, Status.FAILED, reason)
            self._claims.remove(claim)

    def _record(self, trainer: TrainerProcess) -> None:
        log.info("run %s: started attempt %d on %s, %s", trainer.run_id, trainer.attempt, trainer.slot, trainer.process)
        if trainer.process:
            try:
                self.registry.record_process(trainer.run_id, trainer.attempt, trainer.process.to_dict())
            except (Unavailable, NoSpace, NotFound) as error:  # the lock file says it too
                log.warning("run %s: its process could not be recorded: %s", trainer.run_id, error)

    # --- housekeeping ---

    def _housekeep(self) -> None:
        logs.trim(supervisor_log(self.settings))
        for trainer in self.trainers:
            if logs.trim(run_folder(self.settings, trainer.run_id).log):
                log.info("run %s: its log was cut", trainer.run_id)
        if time.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = time.monotonic() + HOUSEKEEPING
            self._recover_orphans()
            for trainer in self.trainers:
                self._note_silence(trainer)

    def _note_silence(self, trainer: TrainerProcess) -> None:
        progress = read_progress(trainer.run_id, self.settings)
        key = (trainer.run_id, trainer.attempt)
        if progress and time.time() - progress.updated_at > SILENCE and key not in self._silent:
            self._silent.add(key)
            log.warning("run %s: no sign of progress for %.0f minutes", trainer.run_id, SILENCE / 60)


def _one_a_process(found: Iterable[TrainerProcess]) -> list[TrainerProcess]:
    """One that is about to go on holds two locks; the slot it has is known from the run it comes from."""
    trainers: dict[object, TrainerProcess] = {}
    for trainer in found:
        key = trainer.process or trainer
        if key not in trainers or (trainer.slot and not trainers[key].slot):
            trainers[key] = trainer
    return list(trainers.values())


def losses(attempts: Sequence[Attempt], epochs_done: int) -> int:
    """How many attempts in a row right before the last one were cut off, when no epoch was made since the first."""
    first_epoch, count = epochs_done + 1, 0
    if not attempts or attempts[-1].first_epoch != first_epoch:
        return 0
    for attempt in reversed(attempts[:-1]):
        if attempt.first_epoch != first_epoch or attempt.outcome != INTERRUPTED:
            break
        count += 1
    return count
