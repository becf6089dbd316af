"""The supervisor's work: end the runs of ended trainers, stop cancelled ones, start scheduled ones, round by round.

Its state can be rebuilt at any moment: the registry has the runs that should run, its launcher finds those that do. So
it may be killed at any time, and the next supervisor watches its trainers.
"""

import logging
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import NoSpace, NotFound, Unavailable
from core.files.home import supervisor_log
from core.files.process_logs import limit_log
from core.jobs.exit_policy import TrainerExit, decide_outcome
from core.jobs.launching import Launcher, StartedTrainer
from core.jobs.limits import RunLimits
from core.jobs.placing import placed
from core.jobs.protocol import why_paused
from core.jobs.reuse import IDLE_SECONDS
from core.jobs.slots import Slot
from core.registry import Registry
from core.registry.placement import KnownSlot
from core.registry.queue import INTERRUPTED
from core.runs.values import Attempt, Cancel, Run, Status
from core.settings import Settings

log = logging.getLogger("graft.jobs")

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL."""
LINGER = IDLE_SECONDS + 60.0
"""Seconds a trainer may live after its run has ended; it holds its slot until then."""
START_PATIENCE = 60.0
"""Seconds for which a failing start (no space, no memory) is repeated before the run fails."""
HOUSEKEEPING = 5.0
"""Seconds between two checks for orphans."""
LIMITS = 2.0
"""Seconds between two checks of the limits of running runs."""
UNSTOPPABLE = 60.0
"""Seconds beyond the grace after which a run is ended although its trainer is still there: it waits for a disk that
does not answer, or is of another machine. Its writes are refused then, and no attempt starts beside it."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A run that this supervisor has claimed and not started yet."""

    run_id: str
    attempt: int
    slot: Slot
    since: float


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """An attempt that is stopped because of a limit.

    Args:
        reason: the limit, as a sentence. since: when it was found.
    """

    reason: str
    since: float


class Supervisor:
    """Starts and watches the trainers of one home. Only one may exist at a time (see ``service``).

    Args:
        settings, registry: the home.
        launcher: starts and finds trainers.
        grace: seconds between SIGTERM and SIGKILL.
    """

    def __init__(self, settings: Settings, registry: Registry, launcher: Launcher, *, grace: float = GRACE):
        self.settings, self.registry = settings, registry
        self.trainers: list[StartedTrainer] = []
        self._launcher, self._grace = launcher, grace
        self._claims: list[Claim] = []
        self._interrupting = False
        self._token = secrets.token_hex(4)
        self._housekeeping_at = self._limits_at = 0.0
        self._limits = RunLimits(settings, registry, launcher)
        self._beyond: dict[tuple[str, int], Beyond] = {}
        self._paused = ""
        self._noted: list[KnownSlot] = []

    # --- taking over ---

    def adopt(self) -> None:
        """Take over from an earlier supervisor: watch the running trainers, end the runs of the others."""
        self.trainers = list(self._launcher.adopt())
        for trainer in self.trainers:
            log.info("run %s: adopted attempt %d, %s", trainer.run_id, trainer.attempt, trainer)
            self._follow(trainer)
        self._recover_orphans()

    def resume(self) -> None:
        """Go on after another supervisor may have acted: what it has done to the claims of this one stands."""
        self.release_claims()
        self._recover_orphans()

    def _recover_orphans(self) -> None:
        """Runs that are RUNNING and not watched: their trainer has ended, or has just claimed this run."""
        watched = {(trainer.run_id, trainer.attempt) for trainer in self.trainers}
        watched |= {(claim.run_id, claim.attempt) for claim in self._claims}
        for attempt in self.registry.running_attempts():
            if (attempt.run_id, attempt.number) in watched:
                continue
            found = self._launcher.find(attempt)
            if found is None:
                self._end_run(attempt.run_id, attempt.number, watched=False)
            else:
                self.trainers = _with(self.trainers, found)

    # --- one round ---

    def round(self) -> None:
        """Do everything once.

        Raises:
            Unavailable, NoSpace, OSError: the registry or the disk cannot be used now; call it again later.
        """
        self._reap()
        self._check_limits()
        self._stop_cancelled()
        if not self._interrupting:
            self._start_claimed()
            self._claim_and_start()
        self._housekeep()

    def interrupt(self) -> None:
        """Start nothing any more and stop every trainer; their runs go back into the queue."""
        self._interrupting = True
        self.release_claims()

    def stop_all(self) -> bool:
        """Stop every trainer without the registry; True once all have ended. To be called again and again."""
        for trainer in self.trainers:
            trainer.stop(self._grace)
        return all(trainer.is_dead() for trainer in list(self.trainers))

    def release_claims(self) -> None:
        """Put back what was claimed and not started."""
        while self._claims:
            self.registry.requeue(self._claims[-1].run_id, self._claims[-1].attempt)
            self._claims.pop()

    # --- ended trainers ---

    def _reap(self) -> None:
        for trainer in list(self.trainers):
            dead = trainer.is_dead()
            if self._follow(trainer):  # read after its end, so that a run it claimed before is not missed
                dead = dead and trainer.is_dead()
            if dead:
                self._end_run_of(trainer)
                self.trainers.remove(trainer)

    def _follow(self, trainer: StartedTrainer) -> bool:
        """Note that a trainer has moved on to its next run (see ``reuse``); True when it has."""
        found = self.registry.run_of_process(dict(trainer.identity)) if trainer.identity else None
        if found is None or found == (trainer.run_id, trainer.attempt):
            return False
        log.info("run %s: %s goes on with it after run %s", found[0], trainer, trainer.run_id)
        trainer.follow(*found)
        return True

    def _end_run_of(self, trainer: StartedTrainer) -> None:
        self._end_run(
            trainer.run_id,
            trainer.attempt,
            watched=True,
            returncode=trainer.returncode,
            interrupted=trainer.stopped_by_mistake,
            disk_full=trainer.disk_full,
        )

    def _end_run(
        self,
        run_id: str,
        attempt: int,
        *,
        watched: bool,
        returncode: int | None = None,
        interrupted: bool = False,
        disk_full: bool = False,
    ) -> None:
        """End a run that its trainer could not end, or put it back; nothing when the trainer has ended it."""
        run = self._current(run_id, attempt)
        if run is None:
            return
        traces = self._launcher.traces(run_id, attempt)
        ended = TrainerExit(
            watched=watched,
            record=traces.record,
            returncode=returncode,
            cancel=run.cancel,
            interrupted=interrupted or self._interrupting,
            epochs_done=run.epochs_done,
            lost_attempts=lost_attempts(self.registry.attempts(run_id), run.epochs_done),
            last_line=traces.last_line,
            disk_full=disk_full,
            limit=self._reason_of((run_id, attempt)),
        )
        outcome = decide_outcome(ended)
        if outcome.status is Status.SCHEDULED:
            self.registry.requeue(run_id, attempt, outcome.reason)
        else:
            self.registry.end(run_id, attempt, outcome.status, outcome.reason)
        log.info("run %s: attempt %d is over: %s. %s", run_id, attempt, outcome.status, outcome.reason)

    def _current(self, run_id: str, attempt: int) -> Run | None:
        """The run, as long as this attempt is the running one."""
        try:
            run = self.registry.run(run_id)
        except NotFound:
            return None
        return run if run.status is Status.RUNNING and run.attempt == attempt else None

    # --- limits ---

    def _check_limits(self) -> None:
        """Find runs beyond a limit, which ``_stop_cancelled`` stops; ``_end_run`` ends them with the reason."""
        if time.monotonic() < self._limits_at:
            return
        self._limits_at = time.monotonic() + LIMITS
        self._limits.forget_all_but(self.trainers)
        watched = {(trainer.run_id, trainer.attempt): trainer for trainer in self.trainers}
        self._beyond = {key: one for key, one in self._beyond.items() if key in watched}
        for key, trainer in watched.items():
            run = self._current(*key)
            if run is None or trainer.was_asked_to_stop:
                self._end_unstoppable(key)
            elif reason := self._limits.exceeded(trainer, run):
                log.warning("run %s: attempt %d is stopped. %s", *key, reason)
                self._beyond[key] = Beyond(reason=reason, since=time.monotonic())

    def _end_unstoppable(self, key: tuple[str, int]) -> None:
        beyond = self._beyond.get(key)
        if beyond and time.monotonic() - beyond.since > self._grace + UNSTOPPABLE:
            self._end_run(*key, watched=True)

    def _reason_of(self, key: tuple[str, int]) -> str:
        return self._beyond[key].reason if key in self._beyond else ""

    # --- cancelled runs ---

    def _stop_cancelled(self) -> None:
        for trainer in self.trainers:
            is_beyond = (trainer.run_id, trainer.attempt) in self._beyond
            if trainer.was_asked_to_stop or self._interrupting or is_beyond or self._is_cancelled(trainer):
                trainer.stop(self._grace)

    def _is_cancelled(self, trainer: StartedTrainer) -> bool:
        try:
            run = self.registry.run(trainer.run_id)
        except NotFound:
            return True
        if run.attempt != trainer.attempt:  # superseded: what it writes is refused, and the next attempt waits
            return True
        if run.status is not Status.RUNNING:
            return trainer.lingers(LINGER)
        return run.cancel is Cancel.NOW

    # --- starting ---

    def _claim_and_start(self) -> None:
        free = self._free_slots()
        if not free or not self.registry.runs(status=Status.SCHEDULED, limit=1):  # takes no write lock
            return
        for run_id, slot in placed(self.registry.waiting_needs(), free):
            if self._is_paused():
                return
            run = self.registry.claim(slot.name, self._token, run_id)
            if run is None:  # cancelled, or claimed by a trainer that goes on
                continue
            self._claims.append(Claim(run_id=run.id, attempt=run.attempt, slot=slot, since=time.monotonic()))
            self._start_claimed()

    def _is_paused(self) -> bool:
        """Whether no waiting run may start; the log says when that changes."""
        reason = why_paused(self.settings)
        if bool(reason) != bool(self._paused):
            log.warning("the queue %s", f"is paused. {reason}" if reason else "goes on: there is space again")
        self._paused = reason
        return bool(reason)

    def _free_slots(self) -> list[Slot]:
        busy = {trainer.slot for trainer in self.trainers} | {claim.slot.name for claim in self._claims}
        slots = self._launcher.slots()
        self._note(slots)
        return [slot for slot in slots if slot.name not in busy]

    def _note(self, slots: Sequence[Slot]) -> None:
        """Note the slots in the registry when they have changed; while the launcher knows none, the last ones stay."""
        found = [KnownSlot(name=slot.name, title=slot.title, resources=slot.resources) for slot in slots]
        if found and found != self._noted:
            self.registry.note_slots(found)
            self._noted = found

    def _start_claimed(self) -> None:
        for claim in list(self._claims):
            if any(trainer.run_id == claim.run_id for trainer in self.trainers):
                continue  # not reaped yet: the new lock would look like that of children it has left
            try:
                trainer = self._launcher.start(claim.run_id, claim.attempt, claim.slot)
            except OSError as error:
                self._fail_when_late(claim, error)
                continue
            if trainer:  # else a process of an earlier attempt is still running
                self._claims.remove(claim)
                self.trainers.append(trainer)
                self._record(trainer)

    def _fail_when_late(self, claim: Claim, error: OSError) -> None:
        log.warning("run %s: attempt %d cannot be started: %s", claim.run_id, claim.attempt, error)
        if time.monotonic() - claim.since > START_PATIENCE:
            reason = f"The trainer could not be started: {error}. Resume when that is solved."
            self.registry.end(claim.run_id, claim.attempt, Status.FAILED, reason)
            self._claims.remove(claim)

    def _record(self, trainer: StartedTrainer) -> None:
        log.info("run %s: started attempt %d on %s, %s", trainer.run_id, trainer.attempt, trainer.slot, trainer)
        if trainer.identity:
            try:
                self.registry.record_process(trainer.run_id, trainer.attempt, dict(trainer.identity))
            except (Unavailable, NoSpace, NotFound) as error:  # the launcher finds it without
                log.warning("run %s: its process could not be recorded: %s", trainer.run_id, error)

    # --- housekeeping ---

    def _housekeep(self) -> None:
        limit_log(supervisor_log(self.settings), self.settings)
        for trainer in self.trainers:
            if self._launcher.trim_log(trainer.run_id):
                log.info("run %s: its log was cut", trainer.run_id)
        if time.monotonic() >= self._housekeeping_at:
            self._housekeeping_at = time.monotonic() + HOUSEKEEPING
            self._recover_orphans()


def _with(trainers: Sequence[StartedTrainer], found: StartedTrainer) -> list[StartedTrainer]:
    """One that was found is added unless it is watched already: while it moves on to its next run it holds two."""
    same = [one for one in trainers if one.identity is not None and one.identity == found.identity]
    if any(one.slot for one in same) or (same and not found.slot):
        return list(trainers)
    return [*(one for one in trainers if one not in same), found]


def lost_attempts(attempts: Sequence[Attempt], epochs_done: int) -> int:
    """How many attempts in a row right before the last one were cut off without a new epoch."""
    first_epoch, count = epochs_done + 1, 0
    if not attempts or attempts[-1].first_epoch != first_epoch:
        return 0
    for attempt in reversed(attempts[:-1]):
        if attempt.first_epoch != first_epoch or attempt.outcome != INTERRUPTED:
            break
        count += 1
    return count
