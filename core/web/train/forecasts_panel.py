"""How good the forecasts were: past ones beside what the runs took."""

import streamlit as st

from core.jobs.speed_trial import cancel_trial, start_trial, trial_state
from core.output.forecasts import forecasts_json
from core.planning.machine_speed import stored_speed
from core.text.units import duration, plain, rough_range
from core.web.parts import times
from core.web.parts.device import is_narrow
from core.web.parts.polling import poll
from core.web.parts.rights import allowed
from core.web.parts.run_names import all_fitting, lines_for, row_height
from core.web.parts.tables import WIDEST_NAME, name_column, number, table
from core.web.parts.widgets import explained
from core.workbench import Workbench

TITLE = "How good were the forecasts?"
SHOWN = 50
_NARROW_NAME = 150
"""Pixels."""


def forecasts_panel(bench: Workbench) -> None:
    """The errors of the newest forecasts of this machine, and how often the stated range held."""
    box = st.expander(TITLE, icon=":material/schedule:", key="train.forecasts", on_change="rerun")
    if not box.open:
        return
    with box:
        found = forecasts_json(bench, SHOWN)
        rows = [_row(row) for row in found["forecasts"]]
        st.markdown(plain(found["summary"]))
        if not rows:
            poll(_measuring, trial_state(bench.settings).is_active, bench)
        if rows:
            names = [row["Run"] for row in rows]
            high = lines_for(names, _NARROW_NAME, wrapped=is_narrow())
            if is_narrow():  # so that a figure is seen beside every name
                short = all_fitting(names, _NARROW_NAME, high)
                rows = [row | {"Run": name} for row, name in zip(rows, short, strict=True)]
            columns = {
                "Run": name_column("Run", names, widest=_NARROW_NAME if is_narrow() else WIDEST_NAME),
                "Expected": number("Expected", "From its start to its end, as forecast at the launch."),
                "Took": number("Took", "From the start of the attempt to its end."),
                "Off by": number("Off by", "Time taken, compared with the expected time."),
            }
            formats = {"Expected": duration, "Took": duration, "Off by": _signed}
            table(rows, key="train.forecasts.table", formats=formats, columns=columns, row_height=row_height(high))
            st.caption(
                "Forecasts are made at the launch and compared once, when the run has finished. Reused runs and runs "
                "that were stopped by hand do not count; of resumed and extended ones only what was trained then."
            )


def _measuring(bench: Workbench) -> None:
    """The button that measures this machine, how far that is, or what it took; only before there is history."""
    state, watched = trial_state(bench.settings), "train.speed.watched"
    if state.is_active:
        st.session_state[watched] = True
        st.markdown(":material/speed: Measuring this machine with a trial run, at most a minute …")
        if st.button("Cancel", key="train.speed.cancel"):
            with explained():
                cancel_trial(bench.settings)
        return
    if st.session_state.pop(watched, False):
        st.rerun(scope="app")
    speed = stored_speed(bench.registry)
    if speed is not None:
        st.markdown(f":material/speed: {plain(speed.sentence)} Estimates rest on it until runs were measured.")
        return
    if state.state == "failed":
        st.warning(plain(state.message))
    st.caption("A small trial run on the demo photos tells how fast this machine is, before the first run of your own.")
    if st.button("Measure this machine", icon=":material/speed:", key="train.speed", **allowed()):
        with explained():
            start_trial(bench.settings, bench.registry)
            st.rerun(scope="app")


def _row(row: dict) -> dict:
    seconds = row["seconds"]
    kind = "" if row["band_from"] else " (estimate)"
    return {
        "Run": row["name"] or row["run"],
        "Expected": seconds["expected"],
        "Range": rough_range(seconds["low"], seconds["high"]) + kind,
        "Took": seconds["measured"],
        "Off by": seconds["error"],
        "In range": "yes" if row["inside"] else "no",
        times.column("Ended"): times.cell(row["measured_at"]),
    }


def _signed(error: float) -> str:
    return f"{100 * error:+.0f} %"
