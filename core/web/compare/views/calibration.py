"""Calibration: does the confidence match the accuracy? Temperature scaling corrects it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from core.charts.reliability import reliability_chart
from core.comparison.reliability import Reliability, reliability
from core.errors import GraftError
from core.models.calibration import Calibration
from core.models.temperature import scaled
from core.text.units import count, percent, plain
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.rights import allowed

_MOST, _DRAWN = 12, 4
"""Runs that are listed, and that have a line in the chart: more lines would hide each other."""
_PROBLEM = "compare.calibration.problem"


def show(selected: Selected) -> None:
    ids = parts.require_predictions(selected)
    if not ids:
        return
    ids = parts.best_of(ids, _MOST)
    predictions, fitted = selected.comparison.predictions, selected.bench.calibrations(ids)
    raw = {run_id: reliability(predictions[run_id]) for run_id in ids}
    after = []
    for run_id, found in fitted.items():
        probabilities = scaled(predictions[run_id].probabilities, found.temperature)
        after.append(reliability(replace(predictions[run_id], probabilities=probabilities)))
    chart = reliability_chart(
        list(raw.values()),
        selected.names,
        after=after,
        most=_DRAWN,
        styles=selected.styles,
    )
    parts.title(chart)
    diagram, temperatures = st.columns([1, 1], gap="medium")
    with diagram:
        parts.chart(
            selected, chart, key="compare.reliability", alt=f"Accuracy by confidence of {count(len(ids), 'run')}"
        )
    with temperatures:
        _temperatures(selected, raw, fitted)


def _temperatures(selected: Selected, raw: Mapping[str, Reliability], fitted: Mapping[str, Calibration]) -> None:
    """The calibration error of every run, with a button that corrects it."""
    st.markdown("**Temperature scaling**")
    st.caption(
        "Fits one temperature per run on the **validation** photos and saves it with the model; Predict then shows "
        "calibrated probabilities. Predicted classes and accuracy do not change. Test photos are only used to measure "
        "the effect."
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(plain(problem), icon=":material/error:")
    for run_id, measured in raw.items():
        _temperature(selected, run_id, fitted.get(run_id), measured)
    st.caption(
        "Calibration error (ECE): mean difference between confidence and accuracy, in 15 bins. Log-loss: mean "
        "cross-entropy. Smaller is better for both."
    )


def _temperature(selected: Selected, run_id: str, fitted: Calibration | None, raw: Reliability) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None, width="stretch"):
            parts.chip(selected, run_id)
            st.caption(_metrics(selected, run_id, fitted, raw))
            if fitted and fitted.caution:
                st.caption(f":orange[:material/warning:] {plain(fitted.caution)}")
        change = selected.bench.uncalibrate if fitted else selected.bench.calibrate
        st.button(
            "Undo" if fitted else "Calibrate", key=f"compare.temperature.{run_id}", on_click=_try,
            args=(change, run_id), width="content", icon=":material/undo:" if fitted else ":material/thermostat:",
            **allowed(),
        )  # fmt: skip


def _metrics(selected: Selected, run_id: str, fitted: Calibration | None, raw: Reliability) -> str:
    """Calibration error and log-loss on the test photos; before and after for a calibrated run."""
    if fitted is None or fitted.test_ece_after is None or fitted.test_loss_after is None:
        evaluation = selected.comparison.evaluations.get(run_id)
        loss = None if evaluation is None else evaluation.loss
        measured = f"calibration error {percent(raw.ece)}" + ("" if loss is None else f", log-loss {loss:.3f}")
        return measured if fitted is None else f"{measured}, temperature {fitted.temperature:.2f}"
    return (
        f"temperature {fitted.temperature:.2f}: "
        f"calibration error {percent(fitted.test_ece_before)} → {percent(fitted.test_ece_after)}, "
        f"log-loss {fitted.test_loss_before:.3f} → {fitted.test_loss_after:.3f}"
    )


def _try(change: Callable[[str], object], run_id: str) -> None:
    """A callback cannot draw: an error is stored and shown when the page is drawn."""
    try:
        change(run_id)
    except GraftError as error:
        st.session_state[_PROBLEM] = str(error)
