"""The cost of a run over all its attempts: what it paid, and what it would have cost without anything to reuse."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from core.runs.costs import Meter, Spent
from core.runs.values import Cost


class Ledger:
    """Keeps account of one attempt; former attempts come as the dictionaries they recorded.

    Shared things (features, engine files) are paid by whoever comes first. ``charge`` counts what this attempt pays
    for one, ``full_cost`` says what it costs whoever pays; alone, a run would have paid the difference as well.
    """

    def __init__(self, meter: Meter, former: Sequence[dict] = ()):
        self._meter, self._former = meter, list(former)
        self._paid: dict[str, Spent] = {}
        self._worth: dict[str, Spent] = {}
        self.inherited = Spent()
        """Training of the run this one extends, which it would have had to do itself."""

    @contextmanager
    def charge(self, name: str) -> Iterator[None]:
        """What the block costs goes to the shared thing ``name``, also when it is interrupted."""
        before = self._meter.spent()
        try:
            yield
        finally:
            self._paid[name] = self._paid.get(name, Spent()) + self._meter.spent().minus(before)

    def full_cost(self, name: str, alone: Spent) -> None:
        """The shared thing ``name``, which this run uses, costs ``alone``."""
        self._worth[name] = alone

    def so_far(self) -> dict:
        """This attempt, as it is recorded in the registry."""
        reading = self._meter.reading()
        figures = {name: value for name, value in asdict(reading).items() if name != "spent"}
        return vars(reading.spent) | figures | {"paid": {name: vars(spent) for name, spent in self._paid.items()}}

    def cost(self, **figures) -> Cost:
        """The whole run; ``figures`` are the fields of ``Cost`` that no meter shows."""
        attempts = [*self._former, self.so_far()]
        spent = _total([_spent(attempt) for attempt in attempts])
        reused = _total([full_cost.minus(self._paid_for(name, attempts)) for name, full_cost in self._worth.items()])
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
            **figures,
        )

    @staticmethod
    def _paid_for(name: str, attempts: Sequence[dict]) -> Spent:
        return _total([Spent(**attempt["paid"][name]) for attempt in attempts if name in attempt["paid"]])


def _spent(attempt: dict) -> Spent:
    return Spent(wall_seconds=attempt["wall_seconds"], cpu_seconds=attempt["cpu_seconds"])


def _total(parts: Sequence[Spent]) -> Spent:
    return sum(parts, Spent())


def _sum(attempts: Sequence[dict], name: str) -> float | None:
    """None as soon as one attempt did not measure it: half a measurement is none."""
    values = [attempt[name] for attempt in attempts]
    return None if None in values else sum(values)


def _stages(attempts: Sequence[dict]) -> dict[str, float]:
    stages: dict[str, float] = {}
    for attempt in attempts:
        for name, seconds in attempt["stages"].items():
            stages[name] = stages.get(name, 0.0) + seconds
    return stages
