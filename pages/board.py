"""Board: the raw curves, figures and maps, in TensorBoard, of the chosen runs."""

from collections.abc import Iterator

import streamlit as st

from core.errors import GraftError
from core.runs import Run, Status
from core.web.board_frame import show_board
from core.web.frame import require_frame
from core.web.panels.board_maps import count_maps, make_maps
from core.web.state import workbench
from core.web.tensorboard import DASHBOARDS, board_path
from core.web.widgets import STATUSES, empty_state, heading
from core.wording import brief

MOST_RUNS = 24
NEWEST = 300
SUGGESTED = 4

WORDS = {
    "timeseries": (
        ":material/show_chart: Time series",
        "Loss and accuracy after every epoch, training over validation. A gap that widens between the two is "
        "overfitting; a pin keeps a chart at the top.",
    ),
    "hparams": (
        ":material/table_chart: HParams",
        "One row a run: how it was trained and, further to the right, what came of it. In *parallel coordinates* every "
        "run is a line; ticks on the left choose the columns. A run without a value in one of them has no line.",
    ),
    "projector": (
        ":material/scatter_plot: Projector",
        "Every point is a test photo; photos that look alike to the network lie close together. *Color by* true class "
        "or right shows which classes run into each other; UMAP and t-SNE pull groups apart that PCA lays over each "
        "other.",
    ),
    "scalars": (
        ":material/stacked_line_chart: Scalars",
        "The same numbers as under *Time series*, drawn larger, and over time as well as over epochs.",
    ),
}

require_frame()
heading(
    "Board",
    "What do the raw curves look like? TensorBoard, with the runs you choose and no others; new epochs come in "
    "every 30 s.",
)

bench = workbench()
runs = {run.id: run for run in bench.runs(limit=NEWEST) if run.attempt}
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
    status = "" if run.status is Status.FINISHED else f" · {STATUSES[run.status][0].lower()}"
    return f"{brief(run.name)}{status} · {run.id}"


def asked_runs() -> Iterator[str]:
    """Those of the address that there are; they may be older than the newest."""
    for run_id in st.query_params.get("runs", "").split(","):
        try:
            run = bench.run(run_id) if run_id else None
        except GraftError:
            continue
        if run is not None and run.id == run_id and run.attempt:
            runs.setdefault(run_id, run)
            yield run_id


def suggested_runs() -> list[str]:
    """Of the dataset tried last: what trains now, then the most accurate."""
    newest = next(iter(runs.values()))
    similar = [run for run in runs.values() if run.dataset_id == newest.dataset_id]

    def order(run: Run) -> tuple:
        return run.status is not Status.RUNNING, run.archived, -(run.test_accuracy or 0.0)

    return [run.id for run in sorted(similar, key=order)[:SUGGESTED]]


asked = list(dict.fromkeys(asked_runs()))
chosen = st.multiselect(
    "Runs",
    list(runs),
    default=(asked or suggested_runs())[:MOST_RUNS],
    format_func=title,
    max_selections=MOST_RUNS,
    key="board.runs",
    help="Only these are loaded. The address of this page keeps the choice.",
)
if len(asked) > MOST_RUNS:
    st.caption(f"The address names {len(asked)} runs; the first {MOST_RUNS} are shown, more cannot be told apart.")
if not chosen:
    empty_state("No run is chosen", "Choose one or more runs above to see their curves.")
    st.stop()
st.query_params["runs"] = ",".join(chosen)

KEY, FRAME = "board.dashboard", "board"


def follow() -> None:
    """Another dashboard was opened inside TensorBoard."""
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
st.caption(WORDS[dashboard][1])

chosen_runs = [runs[run_id] for run_id in chosen]
if dashboard == "projector":
    make_maps(bench, chosen_runs)
    if not count_maps(bench, chosen_runs):
        empty_state(
            "No map yet", "Maps are made of finished runs that still have their answers. Choose such a run above."
        )
        st.stop()
show_board(
    chosen,
    dashboard=dashboard,
    version=count_maps(bench, chosen_runs),
    key=FRAME,
    on_dashboard=follow,
)
st.caption(f"[Open in a tab of its own]({board_path(chosen, dashboard)}). All runs together are at [tb/](tb/).")
