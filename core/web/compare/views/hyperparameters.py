"""Hyperparameters: which settings lead to a high accuracy?"""

from dataclasses import replace

from core.charts.parallel import parallel_chart
from core.recipes.differences import Difference
from core.text.units import count
from core.web.compare.differences import labels_of
from core.web.compare.selected import Selected
from core.web.compare.views import parts


def show(selected: Selected) -> None:
    rows, differing = selected.comparison.rows, _labelled(selected)
    measured = [row for row in rows if row.accuracy is not None]
    if len(rows) < 2:
        parts.nothing("Select a second run: settings are compared between runs.")
        return
    if len(measured) < 2 or not differing:
        parts.nothing("These runs have the same settings, or fewer than two of them have been measured.")
        return
    chart = parallel_chart(measured, differing, styles=selected.styles)
    parts.titled_chart(
        selected,
        chart,
        key="compare.parallel",
        alt=f"Settings, accuracy and cost of {count(len(measured), 'run')}, one line each",
        caption=f"{chart.caption} As a table: “Differences”, below.",
    )


def _labelled(selected: Selected) -> list[Difference]:
    """The settings that differ, with the labels of the table of differences and of Train."""
    labelled = labels_of(selected, selected.comparison.differing)
    return [
        replace(one, values={id_: value and labelled(one, id_) for id_, value in one.values.items()})
        for one in selected.comparison.differing
    ]
