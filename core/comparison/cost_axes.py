"""The costs by which runs can be compared, as data."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from core.errors import InvalidInput
from core.text import units

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece")
"""Metrics of the test photos."""
MONEY = {"money": "wall_seconds", "alone_money": "alone_wall_seconds"}
"""Costs that are the price of other ones."""


@dataclass(frozen=True, kw_only=True)
class CostKind:
    """One way to count cost.

    Args:
        key: the field of ``Cost``, or a key of ``MONEY``; title: for people; help: how it was measured.
        unit, scale: of an axis: a value times ``scale`` is in ``unit``.
        say: formats a single value.
    """

    key: str
    title: str
    help: str
    unit: str = ""
    scale: float = 1.0
    say: Callable[..., str]

    def words(self, value: float | None, currency: str = "EUR") -> str:
        """One value as text; ``currency`` is that of the hourly cost."""
        return self.say(value, currency) if self.say is units.money else self.say(value)


UNKNOWN_TRAINING_TIME = (
    "The training time without cached features is not known: the run was resumed or extended, or uses a run that was, "
    "by a version before 0.5.0, which did not record everything that was reused, and the cached features are gone."
)

_seconds = partial(CostKind, unit="s", say=units.duration)
_millions = partial(CostKind, unit="million", scale=1e-6, say=units.magnitude)
_megabytes = partial(CostKind, unit="MB", scale=1e-6, say=units.size)

_KINDS = (
    _seconds(
        key="alone_wall_seconds",
        title="training time",
        help="Wall-clock time as if nothing had been cached; waiting in the queue not included.",
    ),
    _seconds(
        key="wall_seconds",
        title="time spent",
        help="Wall-clock time of all attempts; cached features cost nothing, waiting in the queue not included.",
    ),
    _seconds(
        key="alone_cpu_seconds",
        title="CPU time",
        help="User and system time of the trainer without cached features.",
    ),
    _seconds(
        key="cpu_seconds", title="CPU time spent", help="User and system time of the trainer and its child processes."
    ),
    _seconds(key="device_seconds", title="GPU time", help="Time for which the run held its GPU."),
    CostKind(
        key="energy_joules",
        title="energy",
        unit="Wh",
        scale=1 / 3600,
        help="From an energy counter of the GPU or the CPU, which counts everything that ran there meanwhile.",
        say=units.energy,
    ),
    CostKind(key="alone_money", title="training cost", help="Training time times the hourly cost.", say=units.money),
    CostKind(key="money", title="cost spent", help="Time spent times the hourly cost.", say=units.money),
    CostKind(
        key="ms_per_photo",
        title="time per photo",
        unit="ms",
        help="Median time to predict one photo with the saved model on this machine.",
        say=units.milliseconds,
    ),
    _millions(
        key="multiply_adds",
        title="multiply-adds per photo",
        help="Multiply-add operations of one forward pass.",
    ),
    _millions(
        key="parameters_total", title="parameters", help="Parameters of the whole model, including the backbone."
    ),
    _megabytes(key="model_bytes", title="model size", help="Size of model.keras."),
    _megabytes(key="peak_rss_bytes", title="memory", help="Peak resident memory of the trainer."),
    _megabytes(key="peak_gpu_bytes", title="GPU memory", help="Peak memory used on the GPUs of the run."),
)

COSTS: dict[str, CostKind] = {kind.key: kind for kind in _KINDS}
"""Every cost by which runs can be compared; the first is the fairest, as it does not depend on what ran before."""


def cost_kind(key: str) -> CostKind:
    """The row of ``COSTS``, or an error that lists the choices."""
    if key not in COSTS:
        raise InvalidInput(f"There is no cost {key!r}. Choose from: {', '.join(COSTS)}")
    return COSTS[key]
