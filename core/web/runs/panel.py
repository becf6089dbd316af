"""One run: status, actions, curves, results, lineage, recipe, notes, log, deletion."""

import time
from collections.abc import Sequence

import streamlit as st

from core.charts.live import live_chart
from core.charts.stages import stages_chart
from core.jobs.reports import progress_of, tail_of
from core.planning.remaining import TimeLeft
from core.recipes.naming import LONGEST_NAME
from core.runs.epochs import best_of
from core.runs.stages import LOADING
from core.runs.values import CHAMPION, LONGEST_NOTE, Epoch, Run, Status
from core.text.markdown import note_html
from core.text.units import plain
from core.web.backbones.links import backbone_link
from core.web.parts import champion, organise
from core.web.parts.charts import titled
from core.web.parts.labels import dataset_title, run_sentence
from core.web.parts.leaks import leak_marks
from core.web.parts.polling import poll
from core.web.parts.rights import allowed
from core.web.parts.times import timed, when
from core.web.parts.widgets import explained, heading, page_link, status_text
from core.web.runs import results, story
from core.web.runs.rows import attempt, cancel_label, reproduce_button, stop_menu, time_left_of
from core.web.runs.smaller import smaller
from core.web.runs.stage_bar import stage_bar
from core.workbench import Workbench

LOG_BYTES = 48_000
"""Length of the end of the log that is shown."""


def show(bench: Workbench, run: Run) -> None:
    held = bench.aliases(run.dataset_id).get(CHAMPION)
    badges = organise.badges(run, champion=held is not None and held.run_id == run.id)
    poll(lambda: _heading(bench, run, badges), not run.status.ended)
    _actions(bench, run)
    if run.notes.strip():
        with st.container(border=True, key="run.note"):
            st.html(note_html(run.notes))
    time_left = time_left_of(bench, [] if run.status.ended else [run])
    poll(lambda: _live(bench, run, time_left), not run.status.ended)
    if run.status is Status.FINISHED:
        leak_marks(bench, [run.dataset_id])
        results.cost(bench, run)
        results.evaluation(bench, run)
        with explained():
            results.choices(bench, run)
        with explained():
            smaller(bench, run)
    with explained():
        story.reproduction(bench, run)
        story.repetitions(bench, run)
        story.lineage(bench, run)
    with st.expander("Recipe, stages and attempts", icon=":material/receipt_long:"):
        _recipe(bench, run)
    with st.expander("Name and notes", icon=":material/edit_note:"):
        _notes(bench, run)
    with st.expander("Log", icon=":material/terminal:", expanded=run.status is Status.FAILED):
        poll(lambda: _log(bench, run), not run.status.ended)
    _deletion(bench, run)


def _heading(bench: Workbench, run: Run, badges: str) -> None:
    with explained():
        now = bench.registry.run(run.id)
        queued = _place_in_queue(bench, now) if now.status is Status.SCHEDULED else ""
        heading(plain(now.name), f"{status_text(now.status)} {badges} {run_sentence(now)}{queued}")


def _place_in_queue(bench: Workbench, run: Run) -> str:
    """Where a waiting run stands; "" where it was taken from the queue meanwhile."""
    queue = [one.id for one in bench.registry.queue()]
    if run.id not in queue:
        return ""
    place = queue.index(run.id) + 1
    where = f" It is number {place} of {len(queue)} in the queue." if place > 1 else " It is the next in the queue."
    needed = bench.waits([run.id]).get(run.id, "")
    return f"{where} {plain(needed)}".rstrip()


def _recipe(bench: Workbench, run: Run) -> None:
    title = plain(dataset_title(bench.registry.dataset(run.dataset_id)))
    timed(f"Trained on **{title}** · run `{run.id}` · launched {when(run.created_at)}")
    story.recipe(bench, run)
    with explained():  # the stages need the backbone, which may be deleted
        story.stages(bench, run)
    story.attempts(bench, run)


def _actions(bench: Workbench, run: Run) -> None:
    """Buttons: the next step, then star, tags, archive and champion."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.status.ended:
            stop_menu(bench, run)
        elif run.status is not Status.FINISHED:
            kept = run.epochs_done and bench.has_checkpoint(run.id)
            help_ = f"Continues at epoch {run.epochs_done + 1}." if kept else "Starts from the beginning."
            label = "Resume" if kept else "Start again" if run.attempt else "Start"
            st.button(
                label, type="primary", icon=":material/play_arrow:", key="run.resume",
                on_click=attempt, args=(bench.resume, run.id), **allowed(help=help_),
            )  # fmt: skip
        else:
            _next_steps(bench, run)
        if run.epochs_done:
            page_link("board", runs=run.id)
        backbone_link(run)
        page_link("runs", "All runs")
    with st.container(horizontal=True, vertical_alignment="center"):
        organise.marks(bench, [run], key="run")
        if run.status is Status.FINISHED:
            champion.make_button(bench, run, key="run.champion")
    if run.status is Status.FINISHED and not bench.has_model(run.id):
        st.caption(
            ":material/layers_clear: Its weights were deleted: it can be compared, but cannot predict, be extended or "
            "be used by other runs. Train it again to restore them."
        )
    elif bench.has_lost_its_checkpoint(run):
        st.caption(
            ":material/history_toggle_off: Its checkpoint is no longer kept: it predicts as before, but training it "
            "for more epochs starts at the first one."
        )


def _next_steps(bench: Workbench, run: Run) -> None:
    """Links of a finished run; without weights it cannot predict."""
    if bench.has_model(run.id):
        page_link("predict", models=run.id)
    page_link("compare", dataset=run.dataset_id)
    reproduce_button(bench, run)


def _live(bench: Workbench, known: Run, time_left: TimeLeft) -> None:
    """Stages and curves; redraws the whole page once when the status of the run changes."""
    with explained():
        run = bench.registry.run(known.id)
        _stages(bench, run, time_left)
        _curves(run, bench.registry.epochs(run.id))
        if run.status is not known.status:
            st.rerun(scope="app")


def _stages(bench: Workbench, run: Run, time_left: TimeLeft) -> None:
    """The stage that runs with its bar, and the time of every stage; of a finished run they are among its costs."""
    if run.status is Status.FINISHED:
        return
    progress, now = progress_of([run.id], bench.settings, bench.registry)[run.id], time.time()
    running = run.status is Status.RUNNING
    stages = bench.registry.stages_of([run.id])[run.id]
    if running:
        left = time_left.of([run], [], {run.id: progress}, now)[run.id]
        stage_bar(progress, time_left.times, now, left=left, before=cancel_label(run))
        current = progress.stage if progress else LOADING
        elapsed = time_left.times.elapsed(progress, now) if progress else 0.0
        stages = stages | ({current: max(stages.get(current, 0.0), elapsed)} if progress else {})
    if stages:
        alt = "Time of every stage of this run"
        titled(stages_chart(stages, current if running else None), key="run.stages-chart", alt=alt)


def _curves(run: Run, epochs: Sequence[Epoch]) -> None:
    if not epochs:
        return
    best = run.best_epoch or best_of(epochs, run.recipe.hyperparameters.best_by).number
    for column, name in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        with column:
            alt = f"{name} per epoch on training and validation photos"
            titled(live_chart(epochs, metric=name, best=best), key=f"run.curve.{name}", alt=alt)


def _notes(bench: Workbench, run: Run) -> None:
    """Fields for name and notes, with a preview of unsaved notes."""
    name = st.text_input("Name", run.name, max_chars=LONGEST_NAME, key=f"run.name.{run.id}")
    notes = st.text_area(
        "Notes", run.notes, max_chars=LONGEST_NOTE, key=f"run.notes.{run.id}", height=160,
        help="Markdown: **bold**, lists, `code`, links. Images and HTML are not shown.",
    )  # fmt: skip
    if notes.strip() and notes != run.notes:
        st.caption("Preview, not saved yet:")
        with st.container(border=True):
            st.html(note_html(notes))
    if st.button("Save", icon=":material/save:", key="run.save", **allowed()):
        with explained():
            bench.annotate(run.id, name=name, notes=notes)
            st.rerun()


def _log(bench: Workbench, run: Run) -> None:
    """The end of the log; each poll reads only what was appended."""
    key = f"run.log.{run.id}"
    text, offset = st.session_state.get(key, ("", -LOG_BYTES))
    more, offset = tail_of(run.id, bench.settings, bench.registry, offset)
    text = (text + more)[-LOG_BYTES:]
    st.session_state[key] = (text, offset or -LOG_BYTES)
    if not text:
        st.caption("The log is empty so far.")
        return
    with st.container(height=320, autoscroll=True):
        st.code(text, language=None, wrap_lines=True)


def _deletion(bench: Workbench, run: Run) -> None:
    messages, row = st.container(), st.container(horizontal=True)
    with row:
        if run.status.ended and (bench.has_model(run.id) or bench.has_checkpoint(run.id)):
            organise.delete_weights_button(bench, [run], messages, key="run.weights")
        organise.delete_button(bench, [run], messages, key="run.delete", label="Delete this run")
