"""Parallel coordinates: every run a line through its settings, its cost and its accuracy.

Drawn as lines of a scatter plot: Plotly's own ``parcoords`` needs WebGL and supports no text labels on its axes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import GRID, HOVER, MOST_POINTS, Trace, escape, figure, require_some, scatter
from core.charts.parallel_axes import ParallelAxis, drawn_settings, measured_rows, parallel_axes
from core.charts.styles import RunStyle, run_styles
from core.comparison.table import Row
from core.recipes.differences import Difference
from core.text.tables import Rows
from core.text.units import count, listed

_STRENGTHS = 6
"""Steps from the least to the most accurate runs, of as many runs each; the lines of one step are one trace."""
_WEAK, _STRONG = (138, 143, 152, 0.35), (42, 133, 96, 1.0)
_LINE = 12
"""Letters of a title or label before it is wrapped."""


def parallel_chart(
    rows: Sequence[Row],
    differing: Sequence[Difference],
    cost: str = "alone_wall_seconds",
    currency: str = "EUR",
    styles: Mapping[str, RunStyle] | None = None,
) -> Chart:
    """A line per run, greener the more accurate; on the axis of accuracy every run has its own marker.

    Of very many runs the most accurate are drawn. ``customdata[0]`` is the run id.

    Args:
        differing: of ``Comparison``; settings that most runs use get an axis, at most seven.
        styles: of ``run_styles`` for all runs of the page.
    """
    settings, axes = drawn_settings(differing), parallel_axes(rows, differing, cost, currency)
    measured = measured_rows(rows)
    shown = measured[-(MOST_POINTS // (len(axes) + 2)) :]
    require_some(shown, "no run has an accuracy")
    names = {row.run.id: row.name for row in rows}
    return Chart(
        figure=_draw(shown, axes, names, styles or run_styles(row.run for row in reversed(shown))),
        title=_title(measured, settings),
        caption=_caption(len(shown), len(rows), [one.in_text for one in differing if one not in settings]),
        rows=lambda: _rows(shown, axes, names),
    )


def _title(measured: Sequence[Row], settings: Sequence[Difference]) -> str:
    """A setting that the best fifth of the runs share and most others do not have."""
    top = [row.run.id for row in measured[-max(3, len(measured) // 5) :]]
    if len(measured) >= 2 * len(top):
        for one in settings:
            shared = {one.values.get(run_id) for run_id in top}
            everybody = [one.values.get(row.run.id) for row in measured]
            value = shared.pop()
            if not shared and value is not None and 2 * everybody.count(value) < len(everybody):
                common = f"{one.in_text} {value.replace('_', ' ')}"
                return f"The {len(top)} best of {len(measured)} runs have one setting in common: {common}"
    return "Which settings go with a high accuracy?"


def _caption(drawn: int, runs: int, left_out: Sequence[str]) -> str:
    sentences = ["Each line is a run; stronger green means higher accuracy."]
    if left_out:
        sentences.append(f"Without an axis: {listed(left_out)}.")
    if drawn < runs:
        sentences.append(f"{drawn} of {count(runs, 'run')} are drawn.")
    return " ".join(sentences)


def _rows(rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str]) -> Rows:
    """One row per run, one column per axis, as labels; the most accurate first."""
    return [
        {"run": row.run.id, "name": names[row.run.id]} | {axis.title: axis.labels[row.run.id] for axis in axes}
        for row in reversed(rows)
    ]


def _draw(
    rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str], styles: Mapping[str, RunStyle]
) -> go.Figure:
    line = {"type": "line", "y0": 0, "y1": 1, "layer": "below", "line": {"color": GRID, "width": 2}}
    return figure(
        [*_lines(rows, axes, names), _marks(rows, axes, names, styles)],
        revision="parallel coordinates",
        height=460,
        margin={"l": _room(axes[0].ticks), "r": _room(axes[-1].ticks), "t": 16, "b": 8},
        xaxis=_titles(axes),
        yaxis={"visible": False, "range": [-0.06, 1.06], "fixedrange": True},
        shapes=[line | {"x0": number, "x1": number} for number in range(len(axes))],
        annotations=[
            _label(number, at, label, last=number == len(axes) - 1)
            for number, axis in enumerate(axes)
            for at, label in _apart(axis.ticks)
        ],
    )


def _titles(axes: Sequence[ParallelAxis]) -> dict[str, Any]:
    return {
        "side": "top",
        "tickmode": "array",
        "tickvals": list(range(len(axes))),
        "ticktext": [_wrapped(axis.title) for axis in axes],
        "range": [-0.05, len(axes) - 0.95],
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "automargin": True,
        "title": {"text": ""},
    }


def _room(ticks: Sequence[tuple[float, str]]) -> int:
    """Pixels beside an outer axis: its labels lie outside the plot and must not be cut off."""
    return 16 + 6 * max(len(line) for _, label in ticks for line in _wrapped(label).split("<br>"))


def _wrapped(title: str) -> str:
    """Escaped, on several lines: broken at blanks and after hyphens."""
    lines: list[str] = []
    for word in title.replace("-", "- ").split():
        if lines and len(lines[-1]) + len(word) < _LINE:
            lines[-1] += word if lines[-1].endswith("-") else f" {word}"
        else:
            lines.append(word)
    return "<br>".join(map(escape, lines))


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """From the top down, without labels that would overlap the one above."""
    kept: list[tuple[float, str]] = []
    for tick in sorted(ticks, reverse=True):
        if not kept or kept[-1][0] - tick[0] >= 0.045:
            kept.append(tick)
    return kept


def _label(number: int, at: float, label: str, *, last: bool) -> dict[str, Any]:
    # Lines reach every axis but the first from the left: there the label is above its tick, where fewer lines cross it.
    side = (
        {"xanchor": "left", "xshift": 9} if last else {"xanchor": "right", "xshift": -5, "yshift": 8 if number else 0}
    )
    return {
        "x": number,
        "y": at,
        "text": _wrapped(label),
        "align": "left" if last else "right",
        "showarrow": False,
        "font": {"size": 11},
        **side,
    }


def _lines(rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str]) -> list[Trace]:
    """One trace per strength, its runs separated by gaps: hundreds of traces would take a browser seconds.

    The strength follows the rank of a run, so that one failed run does not make all others look alike.
    """
    groups: dict[int, list[Row]] = {}
    for rank, row in enumerate(rows, start=1):
        groups.setdefault(math.ceil(_STRENGTHS * rank / len(rows)) - 1, []).append(row)
    return [_group(group, step, axes, names) for step, group in sorted(groups.items())]


def _group(rows: Sequence[Row], step: int, axes: Sequence[ParallelAxis], names: Mapping[str, str]) -> Trace:
    part = step / (_STRENGTHS - 1)
    mixed = [weak + part * (strong - weak) for weak, strong in zip(_WEAK, _STRONG, strict=True)]
    colour = "rgba({:.0f}, {:.0f}, {:.0f}, {:.2f})".format(*mixed)
    return scatter(
        x=[number for _ in rows for number in (*range(len(axes)), None)],
        y=[at for row in rows for at in (*(axis.positions[row.run.id] for axis in axes), None)],
        mode="lines",
        line={"color": colour, "width": 1 + 1.5 * part},
        customdata=[_data(row, axis, axes[-1], names) for row in rows for axis in (*axes, axes[-1])],
        hovertemplate=HOVER,
    )


def _data(row: Row, axis: ParallelAxis, accuracy: ParallelAxis, names: Mapping[str, str]) -> list[str]:
    detail = f"{axis.title} {axis.labels[row.run.id]}"
    if axis is not accuracy:
        detail += f", {accuracy.title} {accuracy.labels[row.run.id]}"
    return [row.run.id, escape(names[row.run.id]), escape(detail)]


def _marks(
    rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str], styles: Mapping[str, RunStyle]
) -> Trace:
    return scatter(
        x=[len(axes) - 1] * len(rows),
        y=[axes[-1].positions[row.run.id] for row in rows],
        mode="markers",
        cliponaxis=False,
        marker={
            "color": [styles[row.run.id].colour for row in rows],
            "symbol": [styles[row.run.id].symbol for row in rows],
            "size": [9 if styles[row.run.id].emphasised else 6 for row in rows],
            "opacity": 1,  # otherwise markers of several sizes are paler
            "line": {"width": 0},
        },
        customdata=[_data(row, axes[-1], axes[-1], names) for row in rows],
        hovertemplate=HOVER,
    )
