"""Board: TensorBoard with the curves, metrics and embedding maps of the chosen runs."""

import streamlit as st

from core.files.here import curves_here
from core.text.units import plain
from core.web.board.choice import WORDS, asked_runs, first_line, run_titles, suggested_runs
from core.web.board.frame import show_board
from core.web.board.maps import count_maps, make_maps
from core.web.board.runs import NEWEST
from core.web.board.tensorboard import DASHBOARDS, board_path
from core.web.parts import not_there
from core.web.parts.frame import just_entered, require_frame
from core.web.parts.labels import dataset_title
from core.web.parts.widgets import before_first_run, empty_state, heading
from core.web.server.state import workbench

MOST_RUNS = 24
GONE = "board.gone"
"""Sentences on runs of the address that are not there."""

require_frame()
bench = workbench()
runs = {run.id: run for run in bench.registry.runs(limit=NEWEST) if run.attempt}
if not runs:
    heading("Board", "No run has started yet: the curves of the runs will be here, in TensorBoard.")
    not_there.note(not_there.missing(bench, "runs"))
    before_first_run(
        "No run has started yet",
        "Loss and accuracy of every epoch are shown here as soon as a run trains.",
        photos=bool(bench.registry.datasets()),
    )
    st.stop()


if just_entered():
    st.session_state[GONE] = not_there.missing(bench, "runs")  # kept, since the address is written anew below
asked = asked_runs(bench, runs)
datasets = {dataset.id: dataset_title(dataset) for dataset in bench.registry.datasets()}
titles = run_titles(runs, datasets)
top = st.container()  # its first line says what is chosen below
chosen = st.multiselect(
    "Runs",
    list(runs),
    default=(asked or suggested_runs(runs))[:MOST_RUNS],
    format_func=titles.__getitem__,
    max_selections=MOST_RUNS,
    key="board.runs",
    help="Only these are loaded. The choice is part of the address of this page.",
)
if len(asked) > MOST_RUNS:
    st.caption(f"The address names {len(asked)} runs; the first {MOST_RUNS} are shown.")
if not chosen:
    with top:
        heading("Board", "No run is selected: choose the runs whose curves TensorBoard shows.")
        not_there.note(st.session_state.get(GONE, []))
    empty_state("No run is selected", "Choose one or more runs above to see their curves.")
    st.stop()
st.query_params["runs"] = ",".join(chosen)
KEY, FRAME = "board.dashboard", "board"


def follow() -> None:
    """Follow a change of the dashboard inside TensorBoard."""
    if (opened := st.session_state[FRAME].get("dashboard")) in DASHBOARDS:
        st.session_state[KEY] = opened


if st.session_state.get(KEY) not in DASHBOARDS:
    asked_for = st.query_params.get("dashboard", "")
    st.session_state[KEY] = asked_for if asked_for in DASHBOARDS else DASHBOARDS[0]
st.segmented_control(
    "Dashboard",
    DASHBOARDS,
    format_func=lambda name: WORDS[name][0],
    required=True,
    key=KEY,
    label_visibility="collapsed",
)
dashboard: str = st.session_state[KEY]
st.query_params["dashboard"] = dashboard
with top:
    heading("Board", plain(first_line([runs[run_id] for run_id in chosen], datasets, dashboard)))
    not_there.note(st.session_state.get(GONE, []))
st.caption(WORDS[dashboard][1])

for run_id in chosen:
    curves_here(bench.settings, run_id)
chosen_runs = [runs[run_id] for run_id in chosen]
if dashboard == "projector":
    make_maps(bench, chosen_runs)
    if not count_maps(bench, chosen_runs):
        empty_state(
            "No map yet",
            "Maps exist for finished runs that still have their test predictions. Choose such a run above.",
        )
        st.stop()
show_board(
    chosen,
    dashboard=dashboard,
    version=count_maps(bench, chosen_runs),
    key=FRAME,
    on_dashboard=follow,
)
st.caption(f"[Open in a new tab]({board_path(chosen, dashboard)}). All runs together are at [tb/](tb/).")
