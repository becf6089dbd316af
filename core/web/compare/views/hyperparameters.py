"""Hyperparameters: which settings go with a high accuracy?"""

from dataclasses import replace

from core.charts.parallel import parallel_chart
from core.recipes.differences import Difference
from core.text.units import count
from core.web.compare.differences import said
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding


def show(selected: Selected) -> None:
    parts.question(
        "Which settings make the difference?",
        "A line is a run; an axis is a setting that is not the same in all of them, and at the right what came of it.",
    )
    rows, differing = parts.named_rows(selected), _in_words(selected)
    measured = [row for row in rows if row.accuracy is not None]
    if len(measured) < 2 or not differing:
        parts.nothing(
            "The chosen runs have the same settings: what differs between them is luck."
            if len(rows) > 1 else "A second run is needed: one alone differs from nothing."
        )  # fmt: skip
        return
    chart = parallel_chart(measured, differing, styles=selected.styles)
    finding(chart.title)
    parts.chart(
        selected,
        chart,
        key="compare.parallel",
        alt=f"Settings, accuracy and cost of {count(len(measured), 'run')}, one line each",
        caption=f"{chart.caption} In words: “Only what differs”, below.",
    )


def _in_words(selected: Selected) -> list[Difference]:
    """The settings that differ, called as in the table at the end of the page and on Train."""
    board = selected.bench.board(selected.dataset.id)
    return [
        replace(one, values={id_: value and said(board, one, id_) for id_, value in one.values.items()})
        for one in selected.comparison.differing
    ]
