"""Classes: which are hard, and for whom?"""

import streamlit as st

from core import charts
from core.text.units import listed, percent, plain
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.tables import name_column, number, table

_MOST = 6
"""Runs drawn: bars of more could not be told apart."""


def show(selected: Selected) -> None:
    parts.question(
        "Which classes are hard?",
        "Of the test photos of a class, the share that a run gets right (recall); the hardest class first.",
    )
    evaluations = selected.comparison.evaluations
    ids = [row.run_id for row in selected.comparison.rows if row.run_id in evaluations]
    if not ids:
        parts.nothing("None of the chosen runs has been measured on the test photos yet.")
        return
    drawn = {run_id: evaluations[run_id] for run_id in parts.best_of(ids, _MOST)}
    parts.finding(charts.per_class_title(drawn, selected.names))
    parts.chart(
        selected,
        charts.per_class(drawn, selected.names, styles=parts.styles(selected)),
        key="compare.classes",
        alt=f"Share right of every class by {listed([selected.names[run_id] for run_id in drawn], 3)}",
        rows=lambda: charts.per_class_rows({run_id: evaluations[run_id] for run_id in ids}, selected.names),
        caption=plain(charts.per_class_caption(drawn)),
    )
    _table(selected, ids)


def _table(selected: Selected, ids: list[str]) -> None:
    """Precision beside recall, of one run at a time."""
    st.markdown("**Every class of one run**")
    run_id = parts.choose_run(selected, ids)
    rows = [
        {"Class": s.class_name, "Photos": s.photos, "Recall": s.recall, "Precision": s.precision, "F1": s.f1}
        for s in selected.comparison.evaluations[run_id].per_class
    ]
    rows.sort(key=lambda row: 2.0 if row["Recall"] is None else row["Recall"])
    columns = {
        "Class": name_column("Class", [str(row["Class"]) for row in rows]),
        "Photos": number("Photos", "Test photos of this class."),
        "Recall": number("Recall", "Of the photos that are, the share it called so."),
        "Precision": number("Precision", "Of the photos it called so, the share that are."),
        "F1": number("F1", "Harmonic mean of precision and recall."),
    }
    table(rows, key="compare.class_table", words=dict.fromkeys(("Recall", "Precision", "F1"), percent), columns=columns)
    parts.data(selected, lambda: rows, "compare.classes_of_a_run")
