"""Time left of running and waiting runs: their stages, and the queue simulated over the slots."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from statistics import median

from core.errors import GraftError
from core.planning.decide import Decision, Plan
from core.planning.estimates import Estimator
from core.planning.measured import LOOK_BACK
from core.planning.speed import SPAWN_SECONDS, START_SECONDS
from core.planning.work import BusySlot, Work, process_of, timeline
from core.registry import Registry
from core.runs.stages import EVALUATING, FEATURES, LOADING, OPTIMISING, SAVING, STAGES, TRAINING, WAITING
from core.runs.values import Attempt, Progress, Run, Status
from core.settings import Settings

_ASSUMED = {LOADING: 12.0, OPTIMISING: 25.0, FEATURES: 15.0, TRAINING: 15.0, SAVING: 3.0, EVALUATING: 3.0}
"""Seconds of a stage until a run has measured it on this machine."""
_ALMOST = 0.95
"""Largest fraction of a stage that cannot be counted: it may take longer than it usually does."""
_UNKNOWN = 60.0
"""Seconds of a run that cannot be estimated."""
_LEAST = 1.0
"""Seconds left of a run that takes longer than was estimated."""
_HALF_KNOWN = 120.0
"""Seconds of training after which its measured speed counts as much as what was estimated, however much is left."""


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """How long each stage usually takes on this machine, in seconds."""

    usual: Mapping[str, float]

    def elapsed(self, progress: Progress, now: float) -> float:
        """Seconds since the stage began."""
        return max(0.0, now - (progress.started_at or progress.updated_at))

    def fraction(self, progress: Progress, now: float) -> float:
        """How much of the stage is done, 0..1: counted where it can be, else by its usual time."""
        if progress.total > 0:
            return min(1.0, max(0.0, progress.done / progress.total))
        return min(_ALMOST, self.elapsed(progress, now) / max(self._of(progress.stage), 0.1))

    def left(self, progress: Progress, now: float) -> float | None:
        """Seconds left in the stage; None where it cannot be estimated: it takes longer than usual, or nothing was
        counted yet."""
        if progress.eta_seconds is not None:
            return max(0.0, progress.eta_seconds - (now - progress.updated_at))
        if progress.total > 0:
            return None
        left = self._of(progress.stage) - self.elapsed(progress, now)
        return left if left > 0 else None

    def after(self, stage: str) -> float:
        """Usual seconds of the stages that follow ``stage``, where they do not depend on the recipe."""
        later = STAGES[STAGES.index(stage) + 1 :] if stage in STAGES else ()
        return sum(self._of(name) for name in later if name in (SAVING, EVALUATING))

    def _of(self, stage: str) -> float:
        return self.usual.get(FEATURES if stage == WAITING else stage, _ASSUMED[FEATURES])


def stage_times(registry: Registry) -> StageTimes:
    """Medians over the newest finished runs; assumed values for stages that none of them measured."""
    runs = registry.runs(status=Status.FINISHED, limit=LOOK_BACK)
    measured: defaultdict[str, list[float]] = defaultdict(list)
    for cost in registry.costs([run.id for run in runs]).values():
        for name, seconds in cost.stages.items():
            measured[name].append(seconds)
    return StageTimes(usual=_ASSUMED | {name: median(values) for name, values in measured.items()})


def run_left(whole: float, elapsed: float, progress: Progress | None, times: StageTimes, now: float) -> float:
    """Seconds left of a running run.

    The more of the training is done, and the longer it was measured, the more its speed counts, and the less what was
    estimated before.

    Args:
        whole: estimated duration of the attempt. elapsed: seconds since it began.
    """
    planned = max(whole - elapsed, _LEAST)
    if progress is None:
        return planned
    in_stage, after = times.left(progress, now), times.after(progress.stage)
    if progress.stage in (SAVING, EVALUATING):
        return max((in_stage or 0.0) + after, _LEAST)
    if in_stage is None:
        return max(planned, after)
    if progress.stage == TRAINING:
        elapsed = times.elapsed(progress, now)
        known = max(times.fraction(progress, now), elapsed / (elapsed + _HALF_KNOWN))
        return max(known * (in_stage + after) + (1 - known) * max(planned, after), _LEAST)
    return max(planned, in_stage + after)


def stage_left(left: float, progress: Progress, times: StageTimes, now: float) -> float | None:
    """Seconds left in the stage of a run, so that no page shows a stage and its run that contradict each other.

    While a run trains, its training is all that is left but the usual time of saving and evaluating: its share of
    ``left``, not a second estimate. Of other stages at most that.

    Args:
        left: seconds left of the run, of ``run_left``.

    Returns:
        None where the stage cannot be estimated (``StageTimes.left``).
    """
    in_stage, share = times.left(progress, now), max(0.0, left - times.after(progress.stage))
    if in_stage is None:
        return None
    return share if progress.stage == TRAINING else min(in_stage, share)


class TimeLeft:
    """Time left of every running and waiting run; the estimates are made once, ``of`` is for every refresh.

    Args:
        runs: the running and the waiting ones. slots: runs that are trained at a time.
    """

    def __init__(self, runs: Sequence[Run], registry: Registry, settings: Settings, *, slots: int) -> None:
        self.times = stage_times(registry)
        self._slots = max(1, slots)
        self._attempts = {attempt.run_id: attempt for attempt in registry.running_attempts()}
        self._plans = self._estimated(runs, registry, settings) if runs else {}

    def _estimated(self, runs: Sequence[Run], registry: Registry, settings: Settings) -> dict[str, Plan]:
        """Plans with their work, by run id; without those whose backbone was deleted, as their trainer will say."""
        estimator, found = Estimator(registry, settings), {}
        datasets = {run.dataset_id: registry.dataset(run.dataset_id) for run in runs}
        extended = {run.id: run for run in registry.runs_of([run.extends for run in runs if run.extends])}
        for run in runs:
            with suppress(GraftError):
                plan = _plan_of(run, extended, self._attempts.get(run.id))
                found[run.id] = estimator.estimate(plan, datasets[run.dataset_id])
        return found

    def of(
        self, running: Sequence[Run], waiting: Sequence[Run], progress: Mapping[str, Progress | None], now: float
    ) -> dict[str, float]:
        """Seconds until each of these runs ends, by run id: what runs share is computed once, as in the plan.

        Args:
            waiting: in the order of the queue. progress: of the running ones, by run id.
        """
        left = {run.id: self._left(run, progress.get(run.id), now) for run in running}
        busy = [self._busy(run, left[run.id]) for run in running]
        spans = timeline([self._work(run) for run in waiting], self._slots, busy)
        return left | {run.id: span.end for run, span in zip(waiting, spans, strict=True)}

    def done(self, run: Run, left: float, now: float) -> float:
        """The fraction of a running run that is done, by time, 0..1."""
        attempt = self._attempts.get(run.id)
        elapsed = max(0.0, now - attempt.started_at) if attempt else 0.0
        return elapsed / max(elapsed + left, _LEAST)

    def _left(self, run: Run, progress: Progress | None, now: float) -> float:
        attempt, plan = self._attempts.get(run.id), self._plans.get(run.id)
        began = attempt.started_at if attempt else now
        return run_left(plan.estimate_seconds if plan else _UNKNOWN, now - began, progress, self.times, now)

    def _busy(self, run: Run, left: float) -> BusySlot:
        shared = self._work(run).shared
        return BusySlot(
            left=left,
            process=process_of(run.dataset_id, run.recipe),
            shared=tuple(one.key for one in shared if not (one.stored or one.kind.is_in_memory)),
            memory=frozenset((one.kind, one.key) for one in shared if one.kind.is_in_memory),
        )

    def _work(self, run: Run) -> Work:
        plan = self._plans.get(run.id)
        if plan is not None and plan.work is not None:
            return plan.work
        process = process_of(run.dataset_id, run.recipe)
        return Work(process=process, start=SPAWN_SECONDS + START_SECONDS, shared=(), own=_UNKNOWN, alone=_UNKNOWN)


def _plan_of(run: Run, extended: Mapping[str, Run], attempt: Attempt | None) -> Plan:
    """What is left of a run as a plan, from the epoch its attempt begins at."""
    plan = Plan(
        dataset_id=run.dataset_id,
        recipe=run.recipe,
        fingerprint=run.fingerprint,
        decision=Decision.NEW,
        because="",
        first_epoch=1,
    )
    if not run.recipe.is_trained:
        return plan
    parent = extended.get(run.extends or "")
    done = run.epochs_done or (parent.epochs_done if parent else 0)
    first = attempt.first_epoch if attempt and attempt.first_epoch else done + 1
    return replace(plan, first_epoch=min(max(first, 1), run.recipe.hyperparameters.epochs))
