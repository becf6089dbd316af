"""The cost of a run over all its attempts: measured, and without reuse of anything other runs computed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from core.runs.costs import Meter, Spent
from core.runs.values import Cost


class Ledger:
    """The costs of one attempt; ``former`` are the dictionaries that earlier attempts recorded.

    Shared results (features, engine files) are charged to the run that computes them. ``charge`` measures what this
    attempt pays for one, ``full_cost`` records its whole cost; the cost without reuse adds the difference.
    """

    def __init__(self, meter: Meter, former: Sequence[dict] = ()):
        self._meter, self._former = meter, list(former)
        self._charged: dict[str, Spent] = {}
        self._full_costs: dict[str, Spent] = {}
        self.inherited = Spent()
        """Training cost of the run this one extends, part of the cost without reuse."""

    @contextmanager
    def charge(self, name: str) -> Iterator[None]:
        """Adds the cost of the block, also when it is interrupted, to the shared thing ``name``."""
        before = self._meter.spent()
        try:
            yield
        finally:
            self._charged[name] = self._charged.get(name, Spent()) + self._meter.spent().minus(before)

    def full_cost(self, name: str, alone: Spent) -> None:
        """Records that the shared result ``name``, which this run uses, costs ``alone`` to compute."""
        self._full_costs[name] = alone

    def so_far(self) -> dict:
        """This attempt's costs, in the form that the registry stores."""
        reading = self._meter.reading()
        metrics = {name: value for name, value in asdict(reading).items() if name != "spent"}
        return vars(reading.spent) | metrics | {"paid": {name: vars(spent) for name, spent in self._charged.items()}}

    def cost(self, **measured: Any) -> Cost:
        """Of the whole run; ``measured`` are the fields of ``Cost`` that no meter gives."""
        attempts = [*self._former, self.so_far()]
        spent = _total([_spent(attempt) for attempt in attempts])
        reused = _total(
            [full_cost.minus(self._paid_for(name, attempts)) for name, full_cost in self._full_costs.items()]
        )
        alone = spent + reused + self.inherited
        return Cost(
            wall_seconds=spent.wall_seconds,
            cpu_seconds=spent.cpu_seconds,
            alone_wall_seconds=alone.wall_seconds,
            alone_cpu_seconds=alone.cpu_seconds,
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

    @staticmethod
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
    return stages
