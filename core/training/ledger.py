"""The cost of a run over all its attempts: measured, and without reuse of anything other runs computed."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from time import time
from typing import Any

from core.runs.costs import FULL_COSTS, OVERLAP, RECORDED_AT, Clock, Meter, Spent
from core.runs.stages import in_order
from core.runs.values import Cost


class Ledger:
    """The costs of one attempt; ``former`` are the dictionaries that earlier attempts recorded.

    Shared results (features, engine files) are charged to the run that computes them. ``charge`` measures what this
    attempt pays for one, ``full_cost`` records its whole cost; the cost without reuse adds the difference. Both are
    recorded with the attempt, because the run also used what only an earlier attempt needed.
    """

    def __init__(self, meter: Meter, former: Sequence[dict] = ()):
        self._meter, self._former = meter, list(former)
        self._charged: dict[str, Spent] = {}
        self._open: dict[str, tuple[Clock, Spent]] = {}
        self._full_costs: dict[str, Spent] = {}
        self._overlap = self._counted_until = 0.0
        self._inherited = Spent()
        self.is_complete = _are_complete(self._former)
        """Whether the full costs of everything that the run has used are recorded. Attempts before 0.5.0 did not record
        them; the cost without reuse is then unknown, unless the caller looks up what is missing and sets this."""

    @contextmanager
    def charge(self, name: str, clock: Clock | None = None) -> Iterator[None]:
        """Adds the cost of the block, also when it is interrupted, to the shared thing ``name``.

        Args:
            clock: what the block costs, where other threads work at the same time; by default all that is spent.
        """
        clock = clock or self._meter.spent
        self._count_overlap()
        self._open[name] = clock, clock()
        try:
            yield
        finally:
            self._count_overlap()
            read, before = self._open.pop(name)
            self._charged[name] = self._charged.get(name, Spent()) + read().minus(before)

    def _count_overlap(self) -> None:
        """Before another block begins or ends."""
        now = self._meter.spent().wall_seconds
        self._overlap += max(0, len(self._open) - 1) * (now - self._counted_until)
        self._counted_until = now

    def _charged_now(self) -> dict[str, Spent]:
        """Blocks that have not ended are included: the attempt may be killed in one."""
        charged = dict(self._charged)
        for name, (clock, before) in dict(self._open).items():
            charged[name] = charged.get(name, Spent()) + clock().minus(before)
        return charged

    def full_cost(self, name: str, alone: Spent) -> None:
        """Records that the shared result ``name``, which this run uses, costs ``alone`` to compute."""
        self._full_costs[name] = self._full_costs.get(name, Spent()).larger(alone)

    def count_run(self, run_id: str, cost: Cost | None) -> None:
        """Adds a run that this one builds on, as if alone; without its cost that of this run is not known either."""
        if cost is None or cost.alone_wall_seconds is None or cost.alone_cpu_seconds is None:
            self.is_complete = False
            return
        spent = Spent(wall_seconds=cost.alone_wall_seconds, cpu_seconds=cost.alone_cpu_seconds)
        self.full_cost(f"run {run_id}", spent)

    def inherit(self, trained: Spent, attempts: Sequence[dict] = ()) -> None:
        """Adds the training of the run that this one extends, and what that run used.

        Args:
            attempts: the dictionaries that its attempts recorded. Later attempts have them in ``former``.
        """
        self._inherited = trained
        for name, cost in _full_costs(attempts).items():
            self.full_cost(name, cost)
        self.is_complete = self.is_complete and _are_complete(attempts)

    def knows(self, name: str) -> bool:
        """Whether an attempt has recorded the full cost of ``name``."""
        return name in _full_costs([*self._former, self.so_far()])

    def so_far(self) -> dict:
        """This attempt's costs, in the form that the registry stores."""
        reading = self._meter.reading()
        metrics = {name: value for name, value in asdict(reading).items() if name != "spent"}
        shared = {"paid": _plain(self._charged_now()), FULL_COSTS: _plain(dict(self._full_costs))}
        return vars(reading.spent) | metrics | shared | {OVERLAP: self._overlap, RECORDED_AT: time()}

    def cost(self, **measured: Any) -> Cost:
        """Of the whole run; ``measured`` are the fields of ``Cost`` that no meter gives."""
        attempts = [*self._former, self.so_far()]
        spent = _total([_spent(attempt) for attempt in attempts])
        reused = _total([full.minus(_paid_for(name, attempts)) for name, full in _full_costs(attempts).items()])
        alone = spent + reused + self._inherited
        return Cost(
            wall_seconds=spent.wall_seconds,
            cpu_seconds=spent.cpu_seconds,
            alone_wall_seconds=alone.wall_seconds if self.is_complete else None,
            alone_cpu_seconds=alone.cpu_seconds if self.is_complete else None,
            device_seconds=_sum(attempts, "device_seconds"),
            energy_joules=_sum(attempts, "energy_joules"),
            energy_source=attempts[-1]["energy_source"],
            peak_rss_bytes=max(attempt["peak_rss_bytes"] for attempt in attempts),
            peak_gpu_bytes=max(
                (a["peak_gpu_bytes"] for a in attempts if a["peak_gpu_bytes"] is not None), default=None
            ),
            stages=_stages(attempts),
            **measured,
        )


def _plain(costs: Mapping[str, Spent]) -> dict[str, dict]:
    return {name: vars(spent) for name, spent in costs.items()}


def _are_complete(attempts: Sequence[dict]) -> bool:
    return all(FULL_COSTS in attempt for attempt in attempts)


def _full_costs(attempts: Sequence[dict]) -> dict[str, Spent]:
    """Of everything the attempts used. Features evicted and computed again may have two costs; the larger one counts,
    so that an interruption never makes a run look cheaper."""
    found: dict[str, Spent] = {}
    for attempt in attempts:
        for name, cost in attempt.get(FULL_COSTS, {}).items():
            found[name] = found.get(name, Spent()).larger(Spent(**cost))
    return found


def _paid_for(name: str, attempts: Sequence[dict]) -> Spent:
    return _total([Spent(**attempt["paid"][name]) for attempt in attempts if name in attempt["paid"]])


def _spent(attempt: dict) -> Spent:
    return Spent(wall_seconds=attempt["wall_seconds"], cpu_seconds=attempt["cpu_seconds"])


def _total(parts: Sequence[Spent]) -> Spent:
    return sum(parts, Spent())


def _sum(attempts: Sequence[dict], name: str) -> float | None:
    """None when an attempt did not measure it, because a partial sum would be too small."""
    values = [attempt[name] for attempt in attempts]
    return None if None in values else sum(values)


def _stages(attempts: Sequence[dict]) -> dict[str, float]:
    stages: dict[str, float] = {}
    for attempt in attempts:
        for name, seconds in attempt["stages"].items():
            stages[name] = stages.get(name, 0.0) + seconds
    return in_order(stages)
