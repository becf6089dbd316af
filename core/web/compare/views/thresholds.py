"""Thresholds: when should a confidence cascade ask its costlier run?"""

import streamlit as st

from core.charts.thresholds import thresholds_chart
from core.comparison.table import Row
from core.errors import NotFound
from core.models.cascades.thresholds import threshold_points
from core.recipes.recipe import Cascade
from core.text.units import count, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding

_MOST = 4


def show(selected: Selected) -> None:
    parts.question(
        "When should a cheap run pass a photo on?",
        "A confidence cascade asks a cheap run first and a costlier one only when the first is not sure enough.",
    )
    cascades = [row for row in parts.named_rows(selected) if row.recipe.cascade is Cascade.CONFIDENCE]
    if not cascades:
        _none(selected)
        return
    if len(cascades) > _MOST:
        st.caption(f"The {_MOST} most accurate of {count(len(cascades), 'cascade')}.")
    for row in cascades[:_MOST]:
        _one(selected, row)


def _none(selected: Selected) -> None:
    parts.nothing("None of the chosen runs is a confidence cascade.")
    if len(parts.answered(selected)) > 1:
        st.page_link("pages/train.py", label="Make one of two finished runs on Train", icon=":material/arrow_forward:")


def _one(selected: Selected, row: Row) -> None:
    """The chart of one cascade, or why there is none."""
    parts.chip(selected, row.run_id)
    try:
        choice = selected.bench.registry.model(row.run_id).card.get("choice", {})
    except NotFound:
        choice = {}
    curve = threshold_points(choice)
    if not curve:
        parts.nothing("Its curve is not there: it is not finished, or its model was deleted.")
        return
    chosen = float(choice["threshold"])
    chart = thresholds_chart(curve, chosen)
    finding(chart.title)
    parts.chart(
        selected,
        chart,
        key=f"compare.thresholds_{row.run_id}",
        alt=f"Validation accuracy by threshold of {row.name}",
        caption=f"It passes on what the cheap run is less than {percent(chosen)} sure of. Measured on the "
        "validation photos, where the threshold was chosen; the test photos had no say in it.",
    )
