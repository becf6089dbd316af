"""Calibration: when a run says 90 %, is it right in nine of ten photos? One temperature mends it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from core.charts.reliability import reliability_chart
from core.comparison.reliability import Reliability, reliability
from core.errors import GraftError
from core.models.calibration import Calibration
from core.models.temperature import scaled
from core.runs.predictions import Predictions
from core.text.units import count, percent, plain
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding

_MOST, _DRAWN = 12, 4
"""Runs that are looked at, and of which a line is drawn: more lines would hide each other."""
_PROBLEM = "compare.calibration.problem"


def show(selected: Selected) -> None:
    parts.question(
        "Is a run as often right as it says?",
        "On the diagonal it is; below it the run is too sure of itself. Photos of similar certainty are put together.",
    )
    ids = parts.require_answers(selected)
    if not ids:
        return
    ids = parts.best_of(ids, _MOST)
    fitted = selected.bench.calibrations(ids)
    raw, after = _diagrams(selected, ids, fitted)
    chart = reliability_chart(
        raw, selected.names, after=after, most=_DRAWN, title_names=selected.brief_names, styles=selected.styles
    )
    finding(chart.title)
    diagram, temperatures = st.columns([1, 1], gap="medium")
    with diagram:
        parts.chart(
            selected, chart, key="compare.reliability", alt=f"Accuracy by confidence of {count(len(ids), 'run')}"
        )
    with temperatures:
        _temperatures(selected, ids, fitted, {one.run_id: one for one in raw})


def _diagrams(
    selected: Selected, ids: list[str], fitted: Mapping[str, Calibration]
) -> tuple[list[Reliability], list[Reliability]]:
    """As measured, and after the temperature of those that have one."""
    predictions = selected.comparison.predictions
    after = [reliability(_after(predictions[run_id], found.temperature)) for run_id, found in fitted.items()]
    return [reliability(predictions[run_id]) for run_id in ids], after


def _after(predictions: Predictions, temperature: float) -> Predictions:
    return replace(predictions, probabilities=scaled(predictions.probabilities, temperature))


def _temperatures(
    selected: Selected, ids: list[str], fitted: Mapping[str, Calibration], raw: Mapping[str, Reliability]
) -> None:
    """What every run is off by, and the click that mends it."""
    st.markdown("**Scale the temperature**")
    st.caption(
        "One number per run, fitted on the **validation** photos and saved with its model: from then on Predict shows "
        "the corrected certainty. Accuracy does not change, for no class overtakes another, and nothing was chosen on "
        "test photos: there it is only measured."
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    for run_id in ids:
        _temperature(selected, run_id, fitted.get(run_id), raw[run_id])
    st.caption(
        "Calibration error (ECE): the mean gap between stated certainty and share right, in 15 bins. Log-loss: how "
        "surprised the run is by the truth, on average; both are better the smaller."
    )


def _temperature(selected: Selected, run_id: str, fitted: Calibration | None, raw: Reliability) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None, width="stretch"):
            parts.chip(selected, run_id)
            st.caption(_said(selected, run_id, fitted, raw))
        verb, label = (_take_back, "Take it back") if fitted else (_scale, "Scale")
        st.button(
            label, key=f"compare.temperature.{run_id}", on_click=verb, args=(selected, run_id), width="content",
            icon=":material/undo:" if fitted else ":material/thermostat:",
        )  # fmt: skip


def _said(selected: Selected, run_id: str, fitted: Calibration | None, raw: Reliability) -> str:
    """Calibration error and log-loss on the test photos; both sides of the correction where there is one."""
    if fitted is None or fitted.test_ece_after is None or fitted.test_loss_after is None:
        loss = selected.comparison.evaluations[run_id].loss if run_id in selected.comparison.evaluations else None
        said = f"error {percent(raw.ece)}" + ("" if loss is None else f", log-loss {loss:.3f}")
        return said if fitted is None else f"{said}, temperature {fitted.temperature:.2f}"
    return (
        f"temperature {fitted.temperature:.2f}: "
        f"error {percent(fitted.test_ece_before)} → {percent(fitted.test_ece_after)}, "
        f"log-loss {fitted.test_loss_before:.3f} → {fitted.test_loss_after:.3f}"
    )


def _scale(selected: Selected, run_id: str) -> None:
    _tried(lambda: selected.bench.calibrate(run_id))


def _take_back(selected: Selected, run_id: str) -> None:
    _tried(lambda: selected.bench.uncalibrate(run_id))


def _tried(verb: Callable[[], object]) -> None:
    """A callback draws nothing: what went wrong is said when the page is drawn."""
    try:
        verb()
    except GraftError as error:
        st.session_state[_PROBLEM] = str(error)
