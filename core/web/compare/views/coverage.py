"""Coverage: how accurate is a run when it may leave out what it is not sure of?"""

import streamlit as st

from core.charts.coverage import coverage_chart
from core.comparison.coverage import coverage, when_sure
from core.runs.predictions import Predictions
from core.text.units import count, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.tables import table

_MOST = 12
_SURE = (0.5, 0.8, 0.9, 0.95, 0.99)
"""Read off for everybody, instead of a slider."""
_SENTENCE = 0.9


def show(selected: Selected) -> None:
    parts.question(
        "How accurate is it when it only answers if it is sure?",
        "From right to left ever fewer photos get an answer, the surest ones; the others are left to a person.",
    )
    ids = parts.require_answers(selected)
    if not ids:
        return
    predictions, names = selected.comparison.predictions, selected.names
    ids = parts.best_of(ids, _MOST)
    found = {run_id: coverage(predictions[run_id]) for run_id in ids}
    finding(f"{selected.brief_names[ids[0]]}: {_reading(predictions[ids[0]])}")
    parts.chart(
        selected,
        coverage_chart(found, names, styles=selected.styles),
        key="compare.coverage",
        alt=f"Accuracy by coverage of {count(len(ids), 'run')}",
    )
    st.markdown("**Answer only when at least so sure**")
    short = parts.fitting_names(selected)
    rows = [{"Run": short[run_id]} | {_column(at): _cell(predictions[run_id], at) for at in _SURE} for run_id in ids]
    right = {_column(at): st.column_config.TextColumn(_column(at), alignment="right") for at in _SURE}
    st.caption("“95 % of 60 %”: it answers 60 % of the test photos, and is right on 95 % of these.")
    table(rows, key="compare.sure", columns=right | {"Run": parts.narrow_names()})
    every = [(run_id, at) for run_id in ids for at in _SURE]
    parts.data(
        selected,
        lambda: [_figures(predictions[run_id], names[run_id], at) for run_id, at in every],
        "compare.sure_table",
    )


def _reading(predictions: Predictions) -> str:
    right, answers = when_sure(predictions, _SENTENCE)
    if right is None:
        return f"it is never {100 * _SENTENCE:.0f} % sure of an answer."
    return (
        f"answering only when at least {100 * _SENTENCE:.0f} % sure, it is right on {percent(right)} of the "
        f"{percent(answers)} of photos it answers; on all of them, on {percent(predictions.accuracy)}."
    )


def _column(at: float) -> str:
    return f"{100 * at:.0f} % sure"


def _cell(predictions: Predictions, at: float) -> str:
    right, answers = when_sure(predictions, at)
    return "answers none" if right is None else f"{percent(right)} of {100 * answers:.0f} %"


def _figures(predictions: Predictions, name: str, at: float) -> dict:
    right, answers = when_sure(predictions, at)
    return {"run": predictions.run_id, "name": name, "at_least": at, "accuracy": right, "coverage": answers}
