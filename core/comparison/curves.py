"""Metrics per epoch of several runs, as one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.comparison.leaderboard import labels, require_one_dataset
from core.errors import InvalidInput
from core.runs import Epoch, Run


@dataclass(frozen=True, kw_only=True)
class MetricKind:
    """One figure of every epoch: a field of ``Epoch``; ``share`` when it reads as percent."""

    key: str
    title: str
    unit: str
    share: bool = False


METRICS: dict[str, MetricKind] = {
    kind.key: kind
    for kind in (
        MetricKind(key="val_accuracy", title="validation accuracy", unit="%", share=True),
        MetricKind(key="val_loss", title="validation loss", unit=""),
        MetricKind(key="accuracy", title="training accuracy", unit="%", share=True),
        MetricKind(key="loss", title="training loss", unit=""),
        MetricKind(key="seconds", title="time per epoch", unit="s"),
    )
}


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One metric of one run: ``values[i]`` was reached in epoch ``epochs[i]`` (1-based)."""

    run_id: str
    name: str
    metric: str
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    best_epoch: int | None


def metric_kind(key: str) -> MetricKind:
    """The row of ``METRICS``, or an error that lists the choices."""
    if key not in METRICS:
        raise InvalidInput(f"There is no metric {key!r}. Choose from: {', '.join(METRICS)}")
    return METRICS[key]


def curves(
    runs: Sequence[Run], epochs: Mapping[str, Sequence[Epoch]], metric: str = "val_accuracy"
) -> tuple[Curve, ...]:
    """One curve per run that has epochs, in the order of ``runs``; ``epochs`` is by run id."""
    require_one_dataset(runs)
    key = metric_kind(metric).key
    names = labels(runs)
    return tuple(_curve(run, names[run.id], epochs[run.id], key) for run in runs if epochs.get(run.id))


def _curve(run: Run, name: str, epochs: Sequence[Epoch], key: str) -> Curve:
    ordered = sorted(epochs, key=lambda epoch: epoch.number)
    return Curve(
        run_id=run.id,
        name=name,
        metric=key,
        epochs=tuple(epoch.number for epoch in ordered),
        values=tuple(getattr(epoch, key) for epoch in ordered),
        best_epoch=run.best_epoch,
    )
