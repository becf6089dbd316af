"""Board: the raw curves, in TensorBoard, of the chosen runs."""

import streamlit as st

from core.web.board_frame import show_board
from core.web.frame import require_frame
from core.web.state import workbench
from core.web.tensorboard import board_path
from core.web.widgets import STATUSES, empty_state, heading
from core.wording import moment

MOST_RUNS = 12
NEWEST = 300

require_frame()
heading(
    "Board", "What do the raw curves look like? TensorBoard on the runs you choose; running ones are read every 5 s."
)

runs = {run.id: run for run in workbench().runs(limit=NEWEST) if run.attempt}
if not runs:
    empty_state(
        "No run has started yet",
        "As soon as one trains, its loss and accuracy of every epoch can be read here while they come in.",
        page="pages/train.py",
        label="Train on your photos",
    )
    st.stop()


def title(run_id: str) -> str:
    run = runs[run_id]
    return f"{run.name} · {STATUSES[run.status][0].lower()} · {moment(run.created_at)} · {run.id}"


asked = [run_id for run_id in st.query_params.get("runs", "").split(",") if run_id in runs]
newest = next(iter(runs.values()))
similar = [run.id for run in runs.values() if run.dataset_id == newest.dataset_id]
chosen = st.multiselect(
    "Runs",
    list(runs),
    default=(asked or similar[:4])[:MOST_RUNS],
    format_func=title,
    max_selections=MOST_RUNS,
    key="board.runs",
    help="Only these are loaded. The address of this page keeps the choice.",
)
if not chosen:
    empty_state("No run is chosen", "Choose one or more runs above to see their curves.")
    st.stop()

st.query_params["runs"] = ",".join(chosen)
show_board(chosen)
st.caption(f"[Open in a tab of its own]({board_path(chosen)}). All runs together are at [/tb/](/tb/).")
