"""Parallel coordinates: every run a line through its settings, its cost and its accuracy.

Drawn with lines of a scatter plot: Plotly's own ``parcoords`` needs WebGL, and knows no words on its axes.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.charts.look import GRID, HOVER, MOST_POINTS, Trace, escape, figure, require_some, scatter
from core.charts.parallel_axes import ParallelAxis, drawn_settings, measured_rows, parallel_axes
from core.charts.styles import RunStyle, styles_of
from core.comparison.table import Row
from core.recipes.differences import Difference
from core.recipes.short_names import without_shared
from core.text.units import count, listed

_STRENGTHS = 6
"""Steps from the least to the most accurate runs, of as many runs each; the lines of one step are one trace."""
_WEAK, _STRONG = (138, 143, 152, 0.35), (42, 133, 96, 1.0)
_LINE = 12
"""Letters of a title or label before it is wrapped."""


def parallel_coordinates_title(rows: Sequence[Row], differing: Sequence[Difference]) -> str:
    """What the best fifth of the runs has in common and most others have not: "The 7 best of 38 runs all have ..."."""
    shown = measured_rows(rows)
    top = [row.run_id for row in shown[-max(3, len(shown) // 5) :]]
    if len(shown) >= 2 * len(top):
        for one in drawn_settings(differing):
            shared = {one.values.get(run_id) for run_id in top}
            everybody = [one.values.get(row.run_id) for row in shown]
            value = shared.pop()
            if not shared and value is not None and 2 * everybody.count(value) < len(everybody):
                common = f"{one.in_text} {value.replace('_', ' ')}"
                return f"The {len(top)} best of {len(shown)} runs have one thing in common: {common}"
    return "Which settings go with a high accuracy?"


def parallel_coordinates_caption(rows: Sequence[Row], differing: Sequence[Difference]) -> str:
    """How to read it, and what is not drawn."""
    shown, axes = measured_rows(rows), drawn_settings(differing)
    said = ["A line is a run: the stronger its green, the more accurate it is."]
    if left := [one.in_text for one in differing if one not in axes]:
        said.append(f"Without an axis: {listed(left)}.")
    drawn = min(len(shown), _most_runs(len(axes) + 2))
    if drawn < len(rows):
        said.append(f"{drawn} of {count(len(rows), 'run')} are drawn.")
    return " ".join(said)


def parallel_coordinates_rows(
    rows: Sequence[Row], differing: Sequence[Difference], cost: str = "alone_wall_seconds", currency: str = "EUR"
) -> list[dict[str, Any]]:
    """One row per run, one column per axis, in words; the most accurate first."""
    axes, names = parallel_axes(rows, differing, cost, currency), without_shared({r.run_id: r.name for r in rows})
    return [
        {"run": row.run_id, "name": names[row.run_id]} | {axis.title: axis.words[row.run_id] for axis in axes}
        for row in reversed(_drawn(rows, len(axes)))
    ]


def _most_runs(axes: int) -> int:
    return MOST_POINTS // (axes + 2)


def _drawn(rows: Sequence[Row], axes: int) -> list[Row]:
    """Of very many runs the most accurate."""
    return measured_rows(rows)[-_most_runs(axes) :]


def parallel_coordinates(
    rows: Sequence[Row],
    differing: Sequence[Difference],
    cost: str = "alone_wall_seconds",
    currency: str = "EUR",
    styles: Mapping[str, RunStyle] | None = None,
) -> go.Figure:
    """A line per run, greener the more accurate; on the axis of accuracy every run has its own marker.

    ``customdata[0]`` is the run id.

    Args:
        differing: of ``Comparison``; settings that most runs use get an axis, at most seven.
        styles: of ``run_styles`` for all runs of the page.
    """
    axes = parallel_axes(rows, differing, cost, currency)
    shown = _drawn(rows, len(axes))
    require_some(shown, "no run has an accuracy")
    names = without_shared({row.run_id: row.name for row in rows})
    looks = styles_of([row.run_id for row in reversed(shown)], styles)
    line = {"type": "line", "y0": 0, "y1": 1, "layer": "below", "line": {"color": GRID, "width": 2}}
    return figure(
        [*_lines(shown, axes, names), _marks(shown, axes, names, looks)],
        revision="parallel coordinates",
        height=460,
        margin={"l": _room(axes[0].ticks), "r": _room(axes[-1].ticks), "t": 16, "b": 8},
        xaxis=_titles(axes),
        yaxis={"visible": False, "range": [-0.06, 1.06], "fixedrange": True},
        shapes=[line | {"x0": place, "x1": place} for place in range(len(axes))],
        annotations=[
            _label(place, at, label, last=place == len(axes) - 1)
            for place, axis in enumerate(axes)
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
    """Pixels beside an outer axis: its labels are no part of the plot, and must not be cut off."""
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
    """From the top down, without labels that would run into the one above."""
    kept: list[tuple[float, str]] = []
    for tick in sorted(ticks, reverse=True):
        if not kept or kept[-1][0] - tick[0] >= 0.045:
            kept.append(tick)
    return kept


def _label(place: int, at: float, label: str, *, last: bool) -> dict[str, Any]:
    side = {"xanchor": "left", "xshift": 9} if last else {"xanchor": "right", "xshift": -5}
    return {
        "x": place,
        "y": at,
        "text": _wrapped(label),
        "align": "left" if last else "right",
        "showarrow": False,
        "font": {"size": 11},
        **side,
    }


def _lines(rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str]) -> list[Trace]:
    """One trace per strength, its runs parted by gaps: hundreds of traces would take a browser seconds.

    The strength follows the place among the runs: one that failed would make all others look alike.
    """
    groups: dict[int, list[Row]] = {}
    for place, row in enumerate(rows, start=1):
        groups.setdefault(math.ceil(_STRENGTHS * place / len(rows)) - 1, []).append(row)
    return [_group(group, step, axes, names) for step, group in sorted(groups.items())]


def _group(rows: Sequence[Row], step: int, axes: Sequence[ParallelAxis], names: Mapping[str, str]) -> Trace:
    part = step / (_STRENGTHS - 1)
    mixed = [weak + part * (strong - weak) for weak, strong in zip(_WEAK, _STRONG, strict=True)]
    colour = "rgba({:.0f}, {:.0f}, {:.0f}, {:.2f})".format(*mixed)
    return scatter(
        x=[place for _ in rows for place in (*range(len(axes)), None)],
        y=[place for row in rows for place in (*(axis.places[row.run_id] for axis in axes), None)],
        mode="lines",
        line={"color": colour, "width": 1 + 1.5 * part},
        customdata=[_data(row, axis, axes[-1], names) for row in rows for axis in (*axes, axes[-1])],
        hovertemplate=HOVER,
    )


def _data(row: Row, axis: ParallelAxis, accuracy: ParallelAxis, names: Mapping[str, str]) -> list[str]:
    words = f"{axis.title} {axis.words[row.run_id]}"
    if axis is not accuracy:
        words += f", {accuracy.title} {accuracy.words[row.run_id]}"
    return [row.run_id, escape(names[row.run_id]), escape(words)]


def _marks(
    rows: Sequence[Row], axes: Sequence[ParallelAxis], names: Mapping[str, str], looks: Mapping[str, RunStyle]
) -> Trace:
    return scatter(
        x=[len(axes) - 1] * len(rows),
        y=[axes[-1].places[row.run_id] for row in rows],
        mode="markers",
        cliponaxis=False,
        marker={
            "color": [looks[row.run_id].colour for row in rows],
            "symbol": [looks[row.run_id].symbol for row in rows],
            "size": [9 if looks[row.run_id].coloured else 6 for row in rows],
            "opacity": 1,  # markers of several sizes would else be paler
            "line": {"width": 0},
        },
        customdata=[_data(row, axes[-1], axes[-1], names) for row in rows],
        hovertemplate=HOVER,
    )
