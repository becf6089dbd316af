"""Hyperparameters: which settings go with a high accuracy?"""

from core import charts
from core.web.panels.compare.selected import Selected
from core.web.panels.compare.views import parts
from core.wording import count


def show(selected: Selected) -> None:
    parts.question(
        "Which settings make the difference?",
        "A line is a run; an axis is a setting that is not the same in all of them, and at the right what came of it.",
    )
    rows, differing = parts.named_rows(selected), selected.comparison.differing
    measured = [row for row in rows if row.accuracy is not None]
    if len(measured) < 2 or not differing:
        parts.nothing(
            "Nothing differs between the chosen runs but the seed or nothing at all."
            if len(rows) > 1 else "A second run is needed: one alone differs from nothing."
        )  # fmt: skip
        return
    parts.finding(charts.parallel_coordinates_title(measured, differing))
    parts.chart(
        selected,
        charts.parallel_coordinates(measured, differing, styles=parts.styles(selected)),
        key="compare.parallel",
        alt=f"Settings, accuracy and cost of {count(len(measured), 'run')}, one line each",
        rows=lambda: charts.parallel_coordinates_rows(measured, differing),
        caption=f"{charts.parallel_coordinates_caption(measured, differing)} In words: “Only what differs”, below.",
    )
