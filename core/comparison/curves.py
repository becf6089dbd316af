"""Metrics per epoch of several runs, as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, takewhile

from core.comparison.table import require_one_dataset
from core.errors import InvalidInput
from core.runs.stages import TRAINING
from core.runs.values import Cost, Epoch, Run


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """One metric of every epoch: a field of ``Epoch``; ``percent``: it reads as percent."""

    key: str
    title: str
    unit: str
    percent: bool = False


METRICS: dict[str, MetricKind] = {
    kind.key: kind
    for kind in (
        MetricKind(key="val_accuracy", title="validation accuracy", unit="%", percent=True),
        MetricKind(key="val_loss", title="validation loss", unit=""),
        MetricKind(key="accuracy", title="training accuracy", unit="%", percent=True),
        MetricKind(key="loss", title="training loss", unit=""),
        MetricKind(key="seconds", title="time per epoch", unit="s"),
    )
}

TRAINING_OF: dict[str, str] = {"val_accuracy": "accuracy", "val_loss": "loss"}
"""The same metric on the training photos, where there are both."""


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one run: ``values[i]`` was reached in epoch ``epochs[i]`` (1-based).

    Args:
        training: the same metric on the training photos; () where there is none.
        seconds: spent in epochs when each one ended.
        before: seconds paid for what came before the first epoch (loading, features), over all attempts; None while
            that is not known, because the run has not finished.
    """

    run_id: str
    name: str
    metric: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    best_epoch: int | None
    training: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    before: float | None = None


def metric_kind(key: str) -> MetricKind:
    """The row of ``METRICS``, or an error that lists the choices."""
    if key not in METRICS:
        raise InvalidInput(f"There is no metric {key!r}. Choose from: {', '.join(METRICS)}")
    return METRICS[key]


def curves(
    runs: Sequence[Run],
    epochs: Mapping[str, Sequence[Epoch]],
    metric: str = "val_accuracy",
    costs: Mapping[str, Cost] | None = None,
) -> tuple[Curve, ...]:
    """One curve per run that has epochs, in the order of ``runs``; ``epochs`` and ``costs`` are by run id."""
    require_one_dataset(runs)
    key, known = metric_kind(metric).key, costs or {}
    return tuple(_curve(run, epochs[run.id], key, known.get(run.id)) for run in runs if epochs.get(run.id))


def _curve(run: Run, epochs: Sequence[Epoch], key: str, cost: Cost | None) -> Curve:
    ordered = sorted(epochs, key=lambda epoch: epoch.number)
    training = TRAINING_OF.get(key)
    return Curve(
        run_id=run.id,
        name=run.name,
        metric=key,
        epochs=tuple(epoch.number for epoch in ordered),
        values=tuple(getattr(epoch, key) for epoch in ordered),
        best_epoch=run.best_epoch,
        training=() if training is None else tuple(getattr(epoch, training) for epoch in ordered),
        seconds=tuple(accumulate(epoch.seconds for epoch in ordered)),
        before=None if cost is None else _before(cost),
    )


def _before(cost: Cost) -> float | None:
    return before_training(cost.stages)


def before_training(stages: Mapping[str, float]) -> float | None:
    """Seconds of the stages before the first epoch; None where training has not begun."""
    if TRAINING not in stages:
        return None
    return sum(seconds for _, seconds in takewhile(lambda stage: stage[0] != TRAINING, stages.items()))
