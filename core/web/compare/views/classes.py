"""Classes: which are hard, and for whom?"""

import streamlit as st

from core.charts.per_class import MOST_BARS, per_class_chart
from core.text.units import listed, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.tables import name_column, number, table


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
    drawn = parts.best_of(ids, MOST_BARS)
    measured = {run_id: evaluations[run_id] for run_id in ids}
    chart = per_class_chart(measured, selected.names, most=len(drawn), styles=selected.styles)
    finding(chart.title)
    alt = f"Recall of every class by {listed([selected.names[run_id] for run_id in drawn], 3)}"
    parts.chart(selected, chart, key="compare.classes", alt=alt)
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
    table(
        rows, key="compare.class_table", formats=dict.fromkeys(("Recall", "Precision", "F1"), percent), columns=columns
    )
    parts.data(selected, lambda: rows, "compare.classes_of_a_run")
