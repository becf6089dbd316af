"""The costs runs can be compared by, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import InvalidInput
from core.text import units


@dataclass(frozen=True, kw_only=True)
class CostKind:
    """One way to count cost.

    Args:
        key: the field of ``Row``; title: for people; help: how it was measured.
        unit, scale: of an axis: a value times ``scale`` is in ``unit``.
        say: how a single value reads.
    """

    key: str
    title: str
    help: str
    unit: str = ""
    scale: float = 1.0
    say: Callable[..., str]

    def words(self, value: float | None, currency: str = "EUR") -> str:
        """One value as text; ``currency`` is that of the user's rate."""
        return self.say(value, currency) if self.say is units.money else self.say(value)


COSTS: dict[str, CostKind] = {
    kind.key: kind
    for kind in (
        CostKind(
            key="alone_wall_seconds",
            title="training time",
            unit="s",
            help="Seconds on the clock, had the run computed everything itself; waiting in the queue not counted.",
            say=units.duration,
        ),
        CostKind(
            key="wall_seconds",
            title="training time paid",
            unit="s",
            help="Seconds on the clock over all attempts; stored features and queue time cost nothing.",
            say=units.duration,
        ),
        CostKind(
            key="alone_cpu_seconds",
            title="CPU time",
            unit="s",
            help="User and system seconds of the trainer, had it computed everything itself.",
            say=units.duration,
        ),
        CostKind(
            key="cpu_seconds",
            title="CPU time paid",
            unit="s",
            help="User and system seconds of the trainer and its children.",
            say=units.duration,
        ),
        CostKind(
            key="device_seconds",
            title="GPU time",
            unit="s",
            help="Seconds the run held its GPU.",
            say=units.duration,
        ),
        CostKind(
            key="energy_joules",
            title="energy",
            unit="Wh",
            scale=1 / 3600,
            help="From a counter of the device or the CPU; counts everything the device did meanwhile.",
            say=units.energy,
        ),
        CostKind(
            key="alone_money",
            title="price",
            help="Training time at your rate per hour.",
            say=units.money,
        ),
        CostKind(
            key="money",
            title="price paid",
            help="Training time paid at your rate per hour.",
            say=units.money,
        ),
        CostKind(
            key="ms_per_photo",
            title="time per photo",
            unit="ms",
            help="One photo through the saved model on this machine, median.",
            say=units.milliseconds,
        ),
        CostKind(
            key="multiply_adds",
            unit="million",
            scale=1e-6,
            title="multiply-adds per photo",
            help="Multiplications with addition in one forward pass.",
            say=units.amount,
        ),
        CostKind(
            key="parameters_total",
            unit="million",
            scale=1e-6,
            title="parameters",
            help="Of the whole model, backbone included.",
            say=units.amount,
        ),
        CostKind(
            key="model_bytes",
            title="model size",
            unit="MB",
            scale=1e-6,
            help="Size of model.keras.",
            say=units.size,
        ),
        CostKind(
            key="peak_rss_bytes",
            unit="MB",
            scale=1e-6,
            title="memory",
            help="Largest resident memory of the trainer.",
            say=units.size,
        ),
        CostKind(
            key="peak_gpu_bytes",
            unit="MB",
            scale=1e-6,
            title="GPU memory",
            help="Largest memory used on the run's GPUs.",
            say=units.size,
        ),
    )
}
"""Every cost that runs can be compared by; the first is the fair one, since it does not depend on what ran before."""


def cost_kind(key: str) -> CostKind:
    """The row of ``COSTS``, or an error that lists the choices."""
    if key not in COSTS:
        raise InvalidInput(f"There is no cost {key!r}. Choose from: {', '.join(COSTS)}")
    return COSTS[key]
