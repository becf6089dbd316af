"""One run, opened: how it stands, curves, results, what it is made of, notes, log, and what can be done with it."""

from collections.abc import Sequence

import streamlit as st

from core import charts
from core.runs import Epoch, Run, Status
from core.web.danger import confirm_danger
from core.web.panels import run_choices, run_results, run_story
from core.web.panels.run_rows import attempt, epoch_words, reproduce_button, stop_menu
from core.web.panels.words import dataset_title, run_sentence, toll_words, used_words
from core.web.widgets import explained, heading, poll, progress_line, status_text
from core.wording import moment, plain
from core.workbench import Workbench

LOG_BYTES = 48_000
"""How much of the log's end is shown."""


def show(bench: Workbench, run: Run) -> None:
    dataset = bench.dataset(run.dataset_id)
    heading(plain(run.name), f"{status_text(run.status)} {run_sentence(run)}")
    _actions(bench, run)
    poll(lambda: _live(bench, run), not run.status.ended)
    if run.status is Status.FINISHED:
        run_results.cost(bench, run)
        run_results.evaluation(bench, run)
        with explained():
            run_choices.show(bench, run)
    with explained():
        run_story.reproduction(bench, run)
        run_story.repetitions(bench, run)
        run_story.lineage(bench, run)
    with st.expander("Recipe, stages and attempts", icon=":material/receipt_long:"):
        st.caption(
            f"Trained on **{plain(dataset_title(dataset))}** · run `{run.id}` · launched {moment(run.created_at)} UTC"
        )
        run_story.recipe(bench, run)
        with explained():  # a network that was deleted since no longer says how it was cut
            run_story.stages(bench, run)
        run_story.attempts(bench, run)
    with st.expander("Notes and tags", icon=":material/edit_note:", expanded=bool(run.notes or run.tags)):
        _notes(bench, run)
    with st.expander("Log", icon=":material/terminal:", expanded=run.status is Status.FAILED):
        poll(lambda: _log(bench, run), not run.status.ended)
    _deletion(bench, run)


def _actions(bench: Workbench, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.status.ended:
            stop_menu(bench, run)
        elif run.status is not Status.FINISHED:
            again = f"Goes on at epoch {run.epochs_done + 1}." if run.epochs_done else "Starts from the beginning."
            st.button(
                "Resume", type="primary", icon=":material/play_arrow:", key="run.resume", help=again,
                on_click=attempt, args=(bench.resume, run.id),
            )  # fmt: skip
        else:
            query = {"models": run.id}
            st.page_link("pages/predict.py", label="Predict", icon=":material/image_search:", query_params=query)
            query = {"dataset": run.dataset_id}
            st.page_link("pages/compare.py", label="Compare", icon=":material/bar_chart:", query_params=query)
            reproduce_button(bench, run)
        if run.epochs_done:
            query = {"runs": run.id}
            st.page_link("pages/board.py", label="Board", icon=":material/monitoring:", query_params=query)
        st.page_link("pages/runs.py", label="All runs", icon=":material/list_alt:")


def _live(bench: Workbench, known: Run) -> None:
    """Progress and curves; the page around is redrawn once when the run changes its status."""
    with explained():
        run = bench.run(known.id)
        if run.status is Status.RUNNING:
            progress_line(bench.progress(run.id), before=epoch_words(run))
        _curves(bench.epochs(run.id), run.best_epoch)
        if run.status is not known.status:
            st.rerun(scope="app")


def _curves(epochs: Sequence[Epoch], best: int | None) -> None:
    if not epochs:
        return
    for column, name in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        with column:
            st.markdown(f"**{name.capitalize()} per epoch**")
            alt = f"{name} per epoch on training and validation photos"
            figure = charts.live_curve(epochs, metric=name, best=best)
            st.plotly_chart(figure, key=f"run.curve.{name}", theme="streamlit", config=charts.CONFIG, alt=alt)


def _notes(bench: Workbench, run: Run) -> None:
    with st.form("run.notes", border=False):
        name = st.text_input("Name", run.name, max_chars=120)
        notes = st.text_area("Notes", run.notes, max_chars=5000, help="Plain text, for yourself.")
        tags = st.multiselect("Tags", run.tags, run.tags, accept_new_options=True, help="Words to find it by.")
        if st.form_submit_button("Save", icon=":material/save:"):
            with explained():
                bench.annotate(run.id, name=name, notes=notes, tags=tags)
                st.rerun()


def _log(bench: Workbench, run: Run) -> None:
    """The end of the log; only what is new is read at each poll."""
    key = f"run.log.{run.id}"
    text, offset = st.session_state.get(key, ("", -LOG_BYTES))
    more, offset = bench.log(run.id, offset)
    text = (text + more)[-LOG_BYTES:]
    st.session_state[key] = (text, offset or -LOG_BYTES)
    if not text:
        st.caption("Nothing was written yet.")
        return
    with st.container(height=320, autoscroll=True):
        st.code(text, language=None, wrap_lines=True)


def _deletion(bench: Workbench, run: Run) -> None:
    def what() -> str:
        toll = bench.toll(run=run.id)
        return f"This deletes **{plain(run.name)}** (`{run.id}`) for good: {toll_words(toll)}.{used_words(toll)}"

    running = run.status is Status.RUNNING
    if confirm_danger("run.delete", "Delete this run", what, disabled=running):
        with explained():
            toll = bench.delete_run(run.id)
            st.toast(f"Deleted: {toll_words(toll)}.", icon=":material/delete:")
            st.query_params.clear()
            st.rerun()
