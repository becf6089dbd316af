"""Accuracy vs. coverage: how accurate are the predictions whose confidence reaches a threshold?"""

import streamlit as st

from core.charts.coverage import coverage_chart
from core.comparison.coverage import coverage, when_sure
from core.runs.predictions import Predictions
from core.text.units import count, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts, prediction_sets
from core.web.parts.charts import finding
from core.web.parts.tables import table

_MOST = 12
_THRESHOLDS = (0.5, 0.8, 0.9, 0.95, 0.99)
_IN_SENTENCE = 0.9


def show(selected: Selected) -> None:
    ids = parts.require_predictions(selected)
    if not ids:
        return
    predictions, names = selected.comparison.predictions, selected.names
    ids = parts.best_of(ids, _MOST)
    found = {run_id: coverage(predictions[run_id]) for run_id in ids}
    finding(f"{selected.names[ids[0]]}: {_finding(predictions[ids[0]])}")
    parts.chart(
        selected,
        coverage_chart(found, names, styles=selected.styles),
        key="compare.coverage",
        alt=f"Accuracy by coverage of {count(len(ids), 'run')}",
    )
    st.markdown("**Accuracy and coverage by minimum confidence**")
    st.caption("“95.0 % of 60 %”: 60 % of the test photos have at least this confidence, 95.0 % of them are correct.")
    short = parts.fitting_names(selected)
    rows = [
        {"Run": short[run_id]} | {_column(at): _cell(predictions[run_id], at) for at in _THRESHOLDS} for run_id in ids
    ]
    right = {_column(at): st.column_config.TextColumn(_column(at), alignment="right") for at in _THRESHOLDS}
    table(
        rows, key="compare.sure", columns=right | {"Run": parts.narrow_names()}, row_height=parts.row_of_names(selected)
    )
    every = [(run_id, at) for run_id in ids for at in _THRESHOLDS]
    parts.data(
        selected,
        lambda: [_row(predictions[run_id], names[run_id], at) for run_id, at in every],
        "compare.sure_table",
    )
    prediction_sets.show(selected, ids)


def _finding(predictions: Predictions) -> str:
    threshold = f"{100 * _IN_SENTENCE:.0f} %"
    accuracy, covered = when_sure(predictions, _IN_SENTENCE)
    if accuracy is None:
        return f"no prediction has a confidence of {threshold} or more."
    return (
        f"{percent(accuracy)} accuracy on the {percent(covered)} of test photos predicted with a confidence of "
        f"{threshold} or more, {percent(predictions.accuracy)} on all."
    )


def _column(at: float) -> str:
    return f"≥ {100 * at:.0f} %"


def _cell(predictions: Predictions, at: float) -> str:
    accuracy, covered = when_sure(predictions, at)
    return "no photo" if accuracy is None else f"{percent(accuracy)} of {100 * covered:.0f} %"


def _row(predictions: Predictions, name: str, at: float) -> dict:
    accuracy, covered = when_sure(predictions, at)
    return {"run": predictions.run_id, "name": name, "at_least": at, "accuracy": accuracy, "coverage": covered}
