"""The plan of a whole launch: shared work counted once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeGuard

from core.planning.decide import Concern, Decision, Plan
from core.planning.forecasting import Band, ForecastError, ForecastHistory, Quantity
from core.planning.speed import kind_of
from core.planning.work import BusySlot, SharedKind, Work, makespan, timeline
from core.recipes.grid import InvalidCell
from core.recipes.remedy import Remedy
from core.text.units import count, rough_duration, rough_range


@dataclass(frozen=True, kw_only=True)
class InvalidRow:
    """A row of the grid that is no recipe.

    Args:
        name: as a run's. remedies: changes after which it is a recipe that is not refused.
    """

    cell: InvalidCell
    name: str
    remedies: tuple[Remedy, ...] = ()

    @property
    def because(self) -> str:
        return self.cell.because

    @property
    def decision(self) -> Decision:
        return Decision.REFUSED


Row = Plan | InvalidRow


@dataclass(frozen=True, kw_only=True)
class GridPlan:
    """Everything that was chosen for one dataset, before launching. See ``grid_plan``.

    Args:
        rows: in the order of the launch, refused ones included. Their ``estimate_seconds`` are those of this launch:
            what several runs share is counted in the first of them.
        slots: trainers that can run at once.
        seconds: from the launch to the end of its last run, with what is shared counted once.
        alone_seconds: the same, had every run (reused ones too) computed everything itself.
        start_seconds, shared_seconds: what of it starts processes, and computes shared results, by kind; on several
            slots some of it happens at the same time.
        disk_bytes: of the features it would add.
        band: 80 % band of ``seconds`` (see ``ForecastHistory.launch_band``); None where nothing is trained.
        error: of the newest forecasts of this machine; None before there are any.
        concerns: about all runs together, to confirm or know.
    """

    rows: tuple[Row, ...]
    slots: int
    seconds: float
    alone_seconds: float
    start_seconds: float
    shared_seconds: dict[SharedKind, float]
    disk_bytes: int
    band: Band | None = None
    error: ForecastError | None = None
    concerns: tuple[Concern, ...] = ()

    @cached_property
    def plans(self) -> tuple[Plan, ...]:
        """Of every recipe, refused ones included."""
        return tuple(row for row in self.rows if isinstance(row, Plan))

    @cached_property
    def launchable(self) -> tuple[Plan, ...]:
        return tuple(plan for plan in self.plans if plan.decision is not Decision.REFUSED)

    @cached_property
    def refused(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.decision is Decision.REFUSED)

    @cached_property
    def to_do(self) -> tuple[Plan, ...]:
        """What is trained or combined, at least in part."""
        return tuple(plan for plan in self.plans if _is_ahead(plan))

    @cached_property
    def counts(self) -> dict[Decision, int]:
        """Rows by decision, in the order of ``Decision``; without those of none."""
        found = Counter(row.decision for row in self.rows)
        return {decision: found[decision] for decision in Decision if found[decision]}

    @property
    def saves_seconds(self) -> float:
        """What sharing work and earlier results saves."""
        return max(0.0, self.alone_seconds - self.seconds)

    @property
    def memory_bytes(self) -> int:
        """Expected peak of all trainers that run at once: of the largest ones."""
        return sum(sorted((plan.memory_bytes for plan in self.to_do), reverse=True)[: max(self.slots, 1)])

    @property
    def energy_joules(self) -> float | None:
        """Expected energy of all runs; None where no counter was read on this machine."""
        found = [plan.energy_joules for plan in self.to_do]
        return None if not found or None in found else sum(one for one in found if one is not None)

    @property
    def range_text(self) -> str:
        """``80 %: 5–8 min``; ``estimate: 3–12 min`` where the range is assumed; "" without one."""
        if self.band is None or not self.to_do:
            return ""
        return f"{'80 %' if self.band.is_measured else 'estimate'}: {rough_range(*self.band.of(self.seconds))}"

    @property
    def forecast_sentences(self) -> tuple[str, ...]:
        """What the range rests on, and how far off the newest forecasts were."""
        if self.band is None or not self.to_do:
            return ()
        return (self.band.sentence, *([self.error.sentence] if self.error else []))

    @cached_property
    def copied_rows(self) -> tuple[int, int]:
        """Rows of features that are copied from other stored features, and rows that are computed."""
        work = {one.key: one for plan in self.to_do for one in _work(plan).shared if not one.stored}
        copied = sum(one.copied for one in work.values())
        return copied, sum(one.rows for one in work.values()) - copied

    @property
    def copied_sentence(self) -> str:
        """Which features another dataset, such as the version before, has already; "" where none."""
        copied, rest = self.copied_rows
        if not copied:
            return ""
        return (
            f"Of {count(copied + rest, 'row')} of features that are missing {copied:,} are copied from another version "
            f"or dataset with the same photos, and {rest:,} computed."
        )

    @cached_property
    def estimate_sources(self) -> tuple[str, ...]:
        """What the estimates are based on."""
        return tuple(dict.fromkeys(plan.estimate_source for plan in self.to_do if plan.estimate_source))

    @property
    def sentence(self) -> str:
        """``9 runs, about 6 min (80 %: 5–8 min); sharing saves 24 min``."""
        work, parts = len(self.to_do), []
        if work:
            within = f" ({self.range_text})" if self.range_text else ""
            parts.append(f"{count(work, 'run')}, about {rough_duration(self.seconds)}{within}")
        else:
            parts.append("No new runs" if self.launchable else "Nothing can be launched")
        others = [f"{self.counts[one]} {one}" for one in (Decision.REUSED, Decision.REFUSED) if one in self.counts]
        parts += [", ".join(others)] if others else []
        how = "sharing" if work else "reuse"
        parts += [f"{how} saves {rough_duration(self.saves_seconds)}"] if self.saves_seconds >= 1 else []
        return "; ".join(parts)


def grid_plan(
    rows: Sequence[Row], slots: int, history: ForecastHistory | None = None, waiting: Sequence[BusySlot] = ()
) -> GridPlan:
    """The plan of launching these rows together, in their order, on this number of slots.

    Args:
        history: what past forecasts were compared with; it corrects this one. Without one nothing is corrected, and
            nothing is said about how far off this one may be.
        waiting: trainers that wait for a run, which they start without a new process.
    """
    places = [place for place, row in enumerate(rows) if _is_ahead(row)]
    ahead = [row for row in rows if _is_ahead(row)]
    works = [_work(plan).times(_correction(plan, history)) for plan in ahead]
    spans = timeline(works, slots, waiting[: max(slots, 1)])
    seconds = dict(zip(places, (span.seconds for span in spans), strict=True))
    reused = [plan for plan in rows if isinstance(plan, Plan) and plan.decision is Decision.REUSED]
    alone = [work.alone for work in works] + [plan.saves_seconds for plan in reused]
    shared = Counter[SharedKind]()
    for span in spans:
        shared.update(span.shared)
    return GridPlan(
        rows=tuple(_forecast(row, seconds.get(place), history) for place, row in enumerate(rows)),
        slots=slots,
        seconds=max((span.end for span in spans), default=0.0),
        alone_seconds=makespan(alone, slots),
        start_seconds=sum(span.start for span in spans),
        shared_seconds=dict(shared),
        disk_bytes=_added_bytes(ahead),
        band=_band_of_all(ahead, [span.seconds for span in spans], history),
        error=history.error if history else None,
    )


def _is_ahead(row: Row) -> TypeGuard[Plan]:
    return isinstance(row, Plan) and row.decision not in (Decision.REUSED, Decision.REFUSED)


def _work(plan: Plan) -> Work:
    assert plan.work is not None
    return plan.work


def _forecast(row: Row, seconds: float | None, history: ForecastHistory | None) -> Row:
    """The row with its duration in this launch, and the bands around it. Stored predictions that are combined at once
    (without a process) take a second, and have none."""
    if not isinstance(row, Plan) or seconds is None:
        return row
    row = replace(row, estimate_seconds=seconds, correction=_correction(row, history))
    if history is None or not is_forecast(row):
        return row
    kind = kind_of(row.recipe)
    return replace(
        row,
        energy_joules=None if history.watts is None else history.watts * seconds,
        band=history.band(kind),
        memory_band=history.band(kind, Quantity.MEMORY) if row.memory_bytes else None,
        energy_band=None if history.watts is None else history.band(kind, Quantity.ENERGY),
    )


def _correction(plan: Plan, history: ForecastHistory | None) -> float:
    return history.correction(kind_of(plan.recipe)) if history and is_forecast(plan) else 1.0


def is_forecast(plan: Plan) -> bool:
    """Whether it starts an attempt in a process, whose duration is compared with what was expected."""
    return plan.work is not None and bool(plan.work.process)


def _band_of_all(ahead: Sequence[Plan], seconds: Sequence[float], history: ForecastHistory | None) -> Band | None:
    parts = [(kind_of(plan.recipe), one) for plan, one in zip(ahead, seconds, strict=True) if is_forecast(plan)]
    return history.launch_band(parts) if history and parts else None


def _added_bytes(plans: Sequence[Plan]) -> int:
    missing = {one.key: one.bytes for plan in plans for one in _work(plan).shared if not one.stored}
    return sum(missing.values())
