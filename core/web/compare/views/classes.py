"""Classes: recall of every class for every run, and precision beside recall for one of them."""

import streamlit as st

from core.charts.per_class import MOST_BARS, per_class_chart
from core.text.units import listed, whole_percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.tables import name_column, number, table


def show(selected: Selected) -> None:
    evaluations = selected.comparison.evaluations
    ids = [row.run.id for row in selected.comparison.rows if row.run.id in evaluations]
    if not ids:
        parts.nothing("None of these runs has been measured on the test photos yet.")
        return
    drawn = parts.best_of(ids, MOST_BARS)
    measured = {run_id: evaluations[run_id] for run_id in ids}
    parts.titled_chart(
        selected,
        per_class_chart(measured, selected.names, most=len(drawn), styles=selected.styles),
        key="compare.classes",
        alt=f"Recall of every class by {listed([selected.names[run_id] for run_id in drawn], 3)}",
    )
    _table(selected, ids)


def _table(selected: Selected, ids: list[str]) -> None:
    st.markdown("**Metrics per class of one run**")
    run_id = parts.choose_run(selected, ids)
    rows = [
        {"Class": s.class_name, "Photos": s.photos, "Recall": s.recall, "Precision": s.precision, "F1": s.f1}
        for s in selected.comparison.evaluations[run_id].per_class
    ]
    rows.sort(key=lambda row: 2.0 if row["Recall"] is None else row["Recall"])
    columns = {
        "Class": name_column("Class", [str(row["Class"]) for row in rows]),
        "Photos": number("Photos", "Test photos of this class."),
        "Recall": number("Recall", "Fraction of the photos of this class that are predicted as this class."),
        "Precision": number("Precision", "Fraction of the photos predicted as this class that belong to it."),
        "F1": number("F1", "Harmonic mean of precision and recall."),
    }
    formats = dict.fromkeys(("Recall", "Precision", "F1"), whole_percent)
    table(rows, key="compare.class_table", formats=formats, columns=columns)
    parts.data(selected, lambda: rows, "compare.classes_of_a_run")
