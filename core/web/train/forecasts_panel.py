"""How good the forecasts were: past ones beside what the runs took."""

import streamlit as st

from core.output.forecasts import forecasts_json
from core.text.units import duration, plain, rough_range
from core.web.parts import times
from core.web.parts.tables import name_column, number, table
from core.workbench import Workbench

TITLE = "How good were the forecasts?"
SHOWN = 50


def forecasts_panel(bench: Workbench) -> None:
    """The errors of the newest forecasts of this machine, and how often the stated range held."""
    box = st.expander(TITLE, icon=":material/schedule:", key="train.forecasts", on_change="rerun")
    if not box.open:
        return
    with box:
        found = forecasts_json(bench, SHOWN)
        st.markdown(plain(found["summary"]))
        rows = [_row(row) for row in found["forecasts"]]
        if rows:
            columns = {
                "Run": name_column("Run", [row["Run"] for row in rows]),
                "Expected": number("Expected", "From its start to its end, said when it was launched."),
                "Took": number("Took", "From the start of the attempt to its end."),
                "Off by": number("Off by", "Time taken by expected time, less 1."),
            }
            formats = {"Expected": duration, "Took": duration, "Off by": _signed}
            table(rows, key="train.forecasts.table", formats=formats, columns=columns)
            st.caption(
                "Said at the launch and compared once, when the run finished. Reused runs and runs that were stopped "
                "by hand do not count; of resumed and extended ones only what was trained then."
            )


def _row(row: dict) -> dict:
    seconds = row["seconds"]
    kind = "" if row["band_from"] else " (assumed)"
    return {
        "Run": row["name"] or row["run"],
        times.column("Ended"): times.cell(row["measured_at"]),
        "Expected": seconds["expected"],
        "Range": rough_range(seconds["low"], seconds["high"]) + kind,
        "Took": seconds["measured"],
        "Off by": seconds["error"],
        "In range": "yes" if row["inside"] else "no",
    }


def _signed(error: float) -> str:
    return f"{100 * error:+.0f} %"
