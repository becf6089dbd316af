"""The costs runs can be compared by, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from core import wording
from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class CostKind:
    """One way to count cost: the name of a field of ``Row``, its words, and how its values read."""

    key: str
    title: str
    unit: str
    help: str
    words: Callable[[float | None], str]


COSTS: dict[str, CostKind] = {
    kind.key: kind
    for kind in (
        CostKind(
            key="alone_wall_seconds",
            title="training time alone",
            unit="s",
            help="Seconds on the clock, had the run computed everything itself; waiting in the queue not counted.",
            words=wording.duration,
        ),
        CostKind(
            key="wall_seconds",
            title="training time paid",
            unit="s",
            help="Seconds on the clock over all attempts; stored features and queue time cost nothing.",
            words=wording.duration,
        ),
        CostKind(
            key="alone_cpu_seconds",
            title="CPU time alone",
            unit="s",
            help="User and system seconds of the trainer, had it computed everything itself.",
            words=wording.duration,
        ),
        CostKind(
            key="cpu_seconds",
            title="CPU time paid",
            unit="s",
            help="User and system seconds of the trainer and its children.",
            words=wording.duration,
        ),
        CostKind(
            key="device_seconds",
            title="GPU time",
            unit="s",
            help="Seconds the run held its GPU.",
            words=wording.duration,
        ),
        CostKind(
            key="energy_joules",
            title="energy",
            unit="J",
            help="From a counter of the device or the CPU; counts everything the device did meanwhile.",
            words=wording.energy,
        ),
        CostKind(
            key="alone_money",
            title="price alone",
            unit="",
            help="Training time alone at your rate per hour.",
            words=wording.money,
        ),
        CostKind(
            key="money",
            title="price paid",
            unit="",
            help="Training time paid at your rate per hour.",
            words=wording.money,
        ),
        CostKind(
            key="ms_per_photo",
            title="time per photo",
            unit="ms",
            help="One photo through the saved model on this machine, median.",
            words=wording.milliseconds,
        ),
        CostKind(
            key="multiply_adds",
            title="multiply-adds per photo",
            unit="",
            help="Multiplications with addition in one forward pass.",
            words=wording.amount,
        ),
        CostKind(
            key="parameters_total",
            title="parameters",
            unit="",
            help="Of the whole model, backbone included.",
            words=wording.amount,
        ),
        CostKind(
            key="model_bytes",
            title="model size",
            unit="bytes",
            help="Size of model.keras.",
            words=wording.size,
        ),
    )
}
"""Every cost that runs can be compared by; the first is the fair one, since it does not depend on what ran before."""


def cost_kind(key: str) -> CostKind:
    """The row of ``COSTS``, or an error that lists the choices."""
    if key not in COSTS:
        raise InvalidInput(f"There is no cost {key!r}. Choose from: {', '.join(COSTS)}")
    return COSTS[key]
