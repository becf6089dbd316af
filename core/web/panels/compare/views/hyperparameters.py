"""Hyperparameters: which settings go with a high accuracy?"""

import streamlit as st

from core import charts
from core.web.panels.compare.selected import Selected
from core.web.panels.compare.views import parts
from core.web.panels.tables import name_column, number, table
from core.wording import count, plain, share

_TABLED = 100
"""Runs of the table; the files have all of them."""


def show(selected: Selected) -> None:
    parts.question(
        "Which settings make the difference?",
        "A line is a run, an axis a setting that is not the same in all of them; the stronger, the more accurate.",
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
    )
    _table(selected)


def _table(selected: Selected) -> None:
    """Only what differs, in words."""
    st.markdown("**Only what differs**")
    rows = [_line(selected, row) for row in parts.named_rows(selected)]
    columns = {
        "Run": name_column("Run", [row["Run"] for row in rows]),
        "Accuracy": number("Test accuracy", "Share of test photos it got right."),
    }
    table(rows[:_TABLED], key="compare.differing", words={"Accuracy": share}, columns=columns)
    if len(rows) > _TABLED:
        st.caption(plain(f"The {_TABLED} most accurate of {count(len(rows), 'run')}; the files have all of them."))
    parts.data(selected, lambda: rows, "compare.only_what_differs")


def _line(selected: Selected, row) -> dict:
    """A dash where a run's pattern does not look at a setting."""
    settings = {one.title.capitalize(): one.values[row.run_id] or "–" for one in selected.comparison.differing}
    return {"Run": row.name, "Accuracy": row.accuracy} | settings
