"""Cascade threshold: validation accuracy and cost by the confidence below which a photo is passed on."""

import streamlit as st

from core.charts.thresholds import thresholds_chart
from core.comparison.table import Row
from core.errors import NotFound
from core.models.cascades.thresholds import threshold_points
from core.recipes.patterns import Cascade
from core.text.units import count, percent
from core.web.compare.selected import Selected
from core.web.compare.views import parts

_MOST = 4


def show(selected: Selected) -> None:
    cascades = [row for row in selected.comparison.rows if row.run.recipe.cascade is Cascade.CONFIDENCE]
    if not cascades:
        parts.nothing("None of these runs is a confidence cascade.")
        if len(selected.comparison.predictions) > 1:
            st.page_link("pages/train.py", label="Combine two finished runs on Train", icon=":material/arrow_forward:")
        return
    if len(cascades) > _MOST:
        st.caption(f"The {_MOST} most accurate of {count(len(cascades), 'cascade')}.")
    for row in cascades[:_MOST]:
        _one(selected, row)


def _one(selected: Selected, row: Row) -> None:
    """The chart of one cascade, or why there is none."""
    parts.chip(selected, row.run.id)
    try:
        choice = selected.bench.registry.model(row.run.id).card.get("choice", {})
    except NotFound:
        choice = {}
    curve = threshold_points(choice)
    if not curve:
        parts.nothing("No curve: the run is not finished, or its model was deleted.")
        return
    chosen = float(choice["threshold"])
    parts.titled_chart(
        selected,
        thresholds_chart(curve, chosen),
        key=f"compare.thresholds_{row.run.id}",
        alt=f"Validation accuracy by threshold of {row.name}",
        caption=f"Photos on which the confidence of the first model is below {percent(chosen)} are passed on. The "
        "threshold was chosen on the validation photos, which are also measured here; test photos were not used.",
    )
