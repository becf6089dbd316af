"""Limits of a running run: it must make steps, and may have a most of time and of memory. Judged by the supervisor.

What a step is depends on the stage (``core.runs.stages``):

- A stage that counts (features, epochs, photos, a download) makes a step with each report of progress. Waiting for
  another run's features or for the store of artifacts reports too, as long as the trainer asks.
- A stage that cannot count (loading, optimising a backbone, fitting a scikit-learn head, saving, measuring) is inside
  of one call of a library, as is a counting stage before its first report (TensorFlow traces and compiles) and after
  its last. There the processes of the run must use processor time: a fit of two hours is no fault, a process that
  waits for ever is. Of a trainer on another machine that is not known, so it is exempt.
- Fetching from the store of artifacts is exempt: it takes what the network takes, and the store has limits of its own.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.jobs import processes
from core.jobs.launching import Launcher, StartedTrainer
from core.jobs.processes import Identity
from core.registry import Registry
from core.registry.queue import INTERRUPTED
from core.runs.stages import FETCHING, LOADING, STORE, WAITING, stage_label
from core.runs.values import Attempt, Progress, Run
from core.settings import Settings
from core.text.units import duration, size

BUSY = 0.02
"""Of one core, over the minutes without a step: below it a process does nothing. The threads that renew the lease and
record the cost take about 0.003 (estimated)."""

FIRST_REPORT = 1.0
"""Seconds from the begin of a stage within which a report is that of its begin."""

Key = tuple[str, int]
"""Run id and attempt."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The last step of an attempt that was seen.

    Args:
        at: seconds of the clock. progress: what was reported then. cpu_seconds: of the processes then; None: unknown.
    """

    at: float
    progress: Progress | None
    cpu_seconds: float | None


class RunLimits:
    """Says of each trainer whether its run is beyond a limit.

    Args:
        settings: has the limits.
        clock: seconds that only grow, and not while the machine sleeps.
        now: seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        launcher: Launcher,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._registry, self._launcher = settings, registry, launcher
        self._clock, self._now = clock, now
        self._steps: dict[Key, Step] = {}

    def exceeded(self, trainer: StartedTrainer, run: Run) -> str:
        """The limit that the running run is beyond, what it had used, and what to do, as a sentence; "" for none."""
        pids = _processes_of(trainer)
        return self._too_long(run) or self._too_large(pids) or self._stalled(trainer, pids)

    def forget_all_but(self, trainers: Sequence[StartedTrainer]) -> None:
        """Forget the steps of those that have ended."""
        known = {(trainer.run_id, trainer.attempt) for trainer in trainers}
        self._steps = {key: step for key, step in self._steps.items() if key in known}

    # --- time and memory ---

    def _too_long(self, run: Run) -> str:
        limit = self._settings.run_hours * 3600
        if not limit:
            return ""
        used = seconds_since_launch(self._registry.attempts(run.id), self._now())
        if used <= limit:
            return ""
        return (
            f"Ended by the time limit of {duration(limit)} (GRAFT_RUN_HOURS): it had taken {duration(used)}. A run "
            "that is resumed has that time again."
        )

    def _too_large(self, pids: Sequence[int]) -> str:
        limit = self._settings.run_limit_bytes
        if not limit or processes.resident_bytes(pids) <= limit:  # what several share counts twice here
            return ""
        used = processes.memory_bytes(pids)
        if used <= limit:
            return ""
        return (
            f"Ended by the memory limit of {size(limit)} (GRAFT_RUN_GB): its processes had {size(used)}. Raise the "
            "limit, or launch it with a smaller batch, fewer augmentations per photo or a smaller network."
        )

    # --- steps ---

    def _stalled(self, trainer: StartedTrainer, pids: Sequence[int]) -> str:
        limit = self._settings.stall_minutes * 60
        if not limit:
            return ""
        key = (trainer.run_id, trainer.attempt)
        progress, last = self._launcher.progress(trainer.run_id), self._steps.get(key)
        if last is None or last.progress != progress or _may_stand_still(progress, bool(pids)):
            self._steps[key] = self._step(progress, pids)
            return ""
        idle = self._clock() - last.at
        if idle <= limit:
            return ""
        if _reports(progress) or not self._was_busy(last, pids, idle):
            return self._sentence(progress, idle)
        self._steps[key] = self._step(progress, pids)
        return ""

    def _step(self, progress: Progress | None, pids: Sequence[int]) -> Step:
        return Step(at=self._clock(), progress=progress, cpu_seconds=processes.cpu_seconds(pids) if pids else None)

    def _was_busy(self, last: Step, pids: Sequence[int], seconds: float) -> bool:
        return last.cpu_seconds is None or processes.cpu_seconds(pids) - last.cpu_seconds > BUSY * seconds

    def _sentence(self, progress: Progress | None, idle: float) -> str:
        stage = stage_label(progress.stage if progress else LOADING)
        counted = "" if _reports(progress) else " and used no processor time"
        return (
            f"Ended because it made no step for {duration(idle)}{counted} (GRAFT_STALL_MINUTES="
            f"{self._settings.stall_minutes:g}), in the stage '{stage}'. Look at the end of its log; if it was only "
            "slow, raise the limit."
        )


def seconds_since_launch(attempts: Sequence[Attempt], now: float) -> float:
    """Of the running attempt and of those right before it whose runs went back into the queue by themselves: a run that
    was cut off has no more time than others, one that somebody resumed begins again."""
    total = 0.0
    for attempt in reversed(attempts):
        if attempt.ended_at is not None and attempt.outcome != INTERRUPTED:
            break
        total += max(0.0, (now if attempt.ended_at is None else attempt.ended_at) - attempt.started_at)
    return total


def _reports(progress: Progress | None) -> bool:
    """Whether the trainer is at something that reports each step."""
    if progress is None:
        return False
    has_begun = progress.updated_at - progress.started_at > FIRST_REPORT
    return progress.stage in (WAITING, STORE) or (has_begun and 0 < progress.done < progress.total)


def _may_stand_still(progress: Progress | None, are_known: bool) -> bool:
    """Whether nothing can be said of this stage, for processes that are known or not."""
    if progress is not None and progress.stage == FETCHING:
        return True
    return not are_known and not _reports(progress)


def _processes_of(trainer: StartedTrainer) -> list[int]:
    """Of this machine; empty when the trainer is elsewhere, or gone."""
    identity = Identity.from_dict(dict(trainer.identity)) if trainer.identity else None
    return processes.members(identity) if identity else []
