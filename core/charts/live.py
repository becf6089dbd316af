"""Learning curves of one run, also while it trains."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import ACCENT, GREY, Trace, axis, epoch_axis, figure, hover, require_some, scatter
from core.charts.thinning import thinned
from core.comparison.curves import METRICS
from core.runs.epochs import best_of
from core.runs.values import Epoch

_LIVE = {"accuracy": ("accuracy", "val_accuracy"), "loss": ("loss", "val_loss")}


def live_chart(epochs: Sequence[Epoch], metric: str = "accuracy", best: int | None = None) -> Chart:
    """Training and validation ``accuracy`` or ``loss`` of one run.

    Args:
        best: the epoch to mark; by default that of the lowest validation loss so far.
    """
    require_some(epochs, "the run has not finished an epoch")
    keys = _LIVE[metric]
    return Chart(
        figure=_draw(epochs, metric, best or best_of(epochs).number),
        title=f"{metric.capitalize()} per epoch",
        rows=lambda: [{"epoch": epoch.number} | {key: getattr(epoch, key) for key in keys} for epoch in epochs],
    )


def _draw(epochs: Sequence[Epoch], metric: str, best: int) -> go.Figure:
    training, validation = _LIVE[metric]
    marked = [epoch for epoch in epochs if epoch.number == best and _value(epoch, validation) is not None]
    return figure(
        [
            _line(epochs, training, best, {"color": GREY, "dash": "dot", "width": 2}),
            _line(epochs, validation, best, {"color": ACCENT, "dash": "solid", "width": 2}),
            *(_mark(epoch, validation) for epoch in marked),
        ],
        revision=f"live {metric}",
        height=260,
        showlegend=True,
        xaxis=epoch_axis(epochs[0].number, epochs[-1].number, showgrid=False),
        yaxis=axis(metric, METRICS[metric].unit),
    )


def _line(epochs: Sequence[Epoch], key: str, best: int, look: dict) -> Trace:
    kind = METRICS[key]
    values = [_value(epoch, key) for epoch in epochs]
    kept = thinned(values, next((index for index, epoch in enumerate(epochs) if epoch.number == best), None))
    return scatter(
        name=kind.title,
        x=[epochs[index].number for index in kept],
        y=[values[index] for index in kept],
        mode="lines" if len(kept) > 1 else "markers",
        line=look,
        meta=[kind.title],
        hovertemplate=hover(f"{_template(key)}, epoch %{{x}}"),
    )


def _value(epoch: Epoch, key: str) -> float | None:
    value = getattr(epoch, key)
    return None if not math.isfinite(value) else 100 * value if METRICS[key].percent else value


def _template(key: str) -> str:
    return "%{y:.1f} %" if METRICS[key].percent else "%{y:.3g}"


def _mark(epoch: Epoch, key: str) -> Trace:
    return scatter(
        x=[epoch.number],
        y=[_value(epoch, key)],
        mode="markers",
        showlegend=False,
        marker={"color": ACCENT, "size": 9},
        meta=[METRICS[key].title],
        hovertemplate=hover(f"{_template(key)}, epoch %{{x}}: best epoch, kept as the model"),
    )
