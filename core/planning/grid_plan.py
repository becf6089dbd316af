"""The plan of a whole launch: shared work counted once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeGuard

from core.planning.decide import Concern, Decision, Plan
from core.planning.work import SharedKind, Work, makespan, timeline
from core.recipes.grid import InvalidCell
from core.recipes.remedy import Remedy
from core.text.units import count, rough_duration


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
        concerns: about all runs together, to confirm or know.
    """

    rows: tuple[Row, ...]
    slots: int
    seconds: float
    alone_seconds: float
    start_seconds: float
    shared_seconds: dict[SharedKind, float]
    disk_bytes: int
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

    @cached_property
    def estimate_sources(self) -> tuple[str, ...]:
        """What the estimates are based on."""
        return tuple(dict.fromkeys(plan.estimate_source for plan in self.to_do if plan.estimate_source))

    @property
    def sentence(self) -> str:
        """``9 runs, about 6 min; sharing saves 24 min``."""
        work, parts = len(self.to_do), []
        if work:
            parts.append(f"{count(work, 'run')}, about {rough_duration(self.seconds)}")
        else:
            parts.append("No new runs" if self.launchable else "Nothing can be launched")
        others = [f"{self.counts[one]} {one}" for one in (Decision.REUSED, Decision.REFUSED) if one in self.counts]
        parts += [", ".join(others)] if others else []
        parts += [f"sharing saves {rough_duration(self.saves_seconds)}"] if self.saves_seconds >= 1 else []
        return "; ".join(parts)


def grid_plan(rows: Sequence[Row], slots: int) -> GridPlan:
    """The plan of launching these rows together, in their order, on this number of slots."""
    places = [place for place, row in enumerate(rows) if _is_ahead(row)]
    ahead = [row for row in rows if _is_ahead(row)]
    spans = timeline([_work(plan) for plan in ahead], slots)
    seconds = dict(zip(places, (span.seconds for span in spans), strict=True))
    reused = [plan for plan in rows if isinstance(plan, Plan) and plan.decision is Decision.REUSED]
    alone = [_work(plan).alone for plan in ahead] + [plan.saves_seconds for plan in reused]
    shared = Counter[SharedKind]()
    for span in spans:
        shared.update(span.shared)
    return GridPlan(
        rows=tuple(_with_seconds(row, seconds.get(place)) for place, row in enumerate(rows)),
        slots=slots,
        seconds=max((span.end for span in spans), default=0.0),
        alone_seconds=makespan(alone, slots),
        start_seconds=sum(span.start for span in spans),
        shared_seconds=dict(shared),
        disk_bytes=_added_bytes(ahead),
    )


def _is_ahead(row: Row) -> TypeGuard[Plan]:
    return isinstance(row, Plan) and row.decision not in (Decision.REUSED, Decision.REFUSED)


def _work(plan: Plan) -> Work:
    assert plan.work is not None
    return plan.work


def _with_seconds(row: Row, seconds: float | None) -> Row:
    return replace(row, estimate_seconds=seconds) if isinstance(row, Plan) and seconds is not None else row


def _added_bytes(plans: Sequence[Plan]) -> int:
    missing = {one.key: one.bytes for plan in plans for one in _work(plan).shared if not one.stored}
    return sum(missing.values())
