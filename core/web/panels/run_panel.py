"""One run, opened: how it stands, curve, cost, attempts, recipe, notes, log, and what can be done with it."""

from collections.abc import Sequence
from dataclasses import asdict

import streamlit as st

from core import charts
from core.comparison import COSTS, leaderboard
from core.runs import Epoch, Evaluation, Run, Status
from core.web.danger import confirm_danger
from core.web.panels.figures import figures
from core.web.panels.run_rows import attempt, cancel_menu, epoch_words
from core.web.panels.tables import number, table
from core.web.panels.words import FIELDS, PATTERNS, dataset_title, run_sentence, saying, title_of, toll_words
from core.web.widgets import explained, heading, poll, progress_line, status_text
from core.wording import count, duration, listed, moment, plain, share, size
from core.workbench import Workbench

LOG_BYTES = 48_000
"""How much of the log's end is shown."""


def show(bench: Workbench, run: Run) -> None:
    dataset = bench.dataset(run.dataset_id)
    heading(plain(run.name), f"{status_text(run.status)} {run_sentence(run)}")
    _actions(bench, run)
    poll(lambda: _live(bench, run), not run.status.ended)
    if run.status is Status.FINISHED:
        _cost(bench, run)
        _evaluation(bench, run)
    with st.expander("Recipe and attempts", icon=":material/receipt_long:"):
        st.caption(
            f"Trained on **{plain(dataset_title(dataset))}** · run `{run.id}` · launched {moment(run.created_at)} UTC"
        )
        _recipe(bench, run)
        _attempts(bench, run)
    with st.expander("Notes and tags", icon=":material/edit_note:", expanded=bool(run.notes or run.tags)):
        _notes(bench, run)
    with st.expander("Log", icon=":material/terminal:", expanded=run.status is Status.FAILED):
        poll(lambda: _log(bench, run), not run.status.ended)
    _deletion(bench, run)


def _actions(bench: Workbench, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if not run.status.ended:
            cancel_menu(bench, run)
        elif run.status is not Status.FINISHED:
            st.button(
                "Resume", type="primary", icon=":material/play_arrow:", key="run.resume",
                help=f"Goes on at epoch {run.epochs_done + 1}.", on_click=attempt, args=(bench.resume, run.id),
            )  # fmt: skip
        else:
            query = {"models": run.id}
            st.page_link("pages/predict.py", label="Predict", icon=":material/image_search:", query_params=query)
            query = {"dataset": run.dataset_id}
            st.page_link("pages/compare.py", label="Compare", icon=":material/bar_chart:", query_params=query)
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
        _curves(bench.epochs(run.id))
        if run.status is not known.status:
            st.rerun(scope="app")


def _curves(epochs: Sequence[Epoch]) -> None:
    if not epochs:
        return
    for column, name in zip(st.columns(2), ("accuracy", "loss"), strict=True):
        with column:
            st.markdown(f"**{name.capitalize()} per epoch**")
            alt = f"{name} per epoch on training and validation photos"
            figure = charts.live_curve(epochs, metric=name)
            st.plotly_chart(figure, key=f"run.curve.{name}", theme="streamlit", config=charts.CONFIG, alt=alt)


def _cost(bench: Workbench, run: Run) -> None:
    cost = bench.cost(run.id)
    if cost is None:
        return
    st.subheader("What it cost", anchor=False)
    rate, currency = bench.rate()
    row = leaderboard([run], {run.id: cost}, rate_per_hour=rate)[0]
    kinds = [kind for key, kind in COSTS.items() if rate is not None or "money" not in key]
    measured = [kind for kind in kinds if getattr(row, kind.key) is not None]
    memory = ("Largest memory", size(cost.peak_rss_bytes), "Peak resident memory of the trainer.")
    said = [(title_of(kind), saying(kind, currency)(getattr(row, kind.key)), kind.help) for kind in measured]
    figures("cost", *said, memory)
    saved = cost.alone_wall_seconds - cost.wall_seconds
    if saved > 0.05 * cost.alone_wall_seconds:
        st.caption(f"Features that earlier runs had computed saved {duration(saved)}.")
    st.caption(" · ".join(f"{stage}: {duration(seconds)}" for stage, seconds in cost.stages.items()))
    missing = [kind.title for kind in kinds if kind not in measured]
    if missing:
        st.caption(f"Not measured on this machine: {listed(missing)}.")


def _evaluation(bench: Workbench, run: Run) -> None:
    evaluation = bench.evaluation(run.id)
    if evaluation is None:
        return
    st.subheader("On the test photos", anchor=False)
    left, right = st.columns(2)
    with left:
        classes = _class_rows(evaluation)
        table(
            classes,
            key="run.classes",
            words=dict.fromkeys(("Precision", "Recall", "F1"), share),
            columns=_CLASS_COLUMNS,
        )
    with right:
        names = tuple(score.class_name for score in evaluation.per_class)
        st.markdown(f"**{plain(charts.confusion_title(evaluation, names))}**")
        figure = charts.confusion(evaluation.confusion, names)
        st.plotly_chart(figure, key="run.confusion", theme="streamlit", config=charts.CONFIG, alt="Confusion matrix")


def _class_rows(evaluation: Evaluation) -> list[dict]:
    return [
        {"Class": s.class_name, "Photos": s.photos, "Precision": s.precision, "Recall": s.recall, "F1": s.f1}
        for s in evaluation.per_class
    ]


_CLASS_COLUMNS = {
    "Photos": number("Photos", "Test photos of this class."),
    "Precision": number("Precision", "Of the photos it called so, the share that are."),
    "Recall": number("Recall", "Of the photos that are, the share it called so."),
    "F1": number("F1", "Harmonic mean of precision and recall."),
}


def _recipe(bench: Workbench, run: Run) -> None:
    backbone = bench.backbone(run.recipe.backbone)
    title, _ = PATTERNS[run.recipe.pattern]
    chosen = asdict(run.recipe.hyperparameters)
    rows = [{"What": "Backbone", "Value": backbone.title}, {"What": "Pattern", "Value": title}]
    rows += [{"What": FIELDS[name][0], "Value": f"{value:g}"} for name, value in chosen.items()]
    if run.extends:
        rows.append({"What": "Continues run", "Value": run.extends})
    table(rows, key="run.recipe", height="content")


def _attempts(bench: Workbench, run: Run) -> None:
    rows = [
        {
            "Attempt": attempt_.number,
            "Started (UTC)": moment(attempt_.started_at),
            "First epoch": attempt_.first_epoch,
            "Took": duration(attempt_.ended_at - attempt_.started_at) if attempt_.ended_at else "still running",
            "On": attempt_.slot,
            "Ended as": attempt_.outcome.lower() or "–",
        }
        for attempt_ in bench.attempts(run.id)
    ]
    if rows:
        st.markdown(f"**{count(len(rows), 'attempt')}**")
        table(rows, key="run.attempts")


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
        return f"This deletes **{plain(run.name)}** (`{run.id}`) for good: {toll_words(bench.toll(run=run.id))}."

    running = run.status is Status.RUNNING
    if confirm_danger("run.delete", "Delete this run", what, disabled=running):
        with explained():
            toll = bench.delete_run(run.id)
            st.toast(f"Deleted: {toll_words(toll)}.", icon=":material/delete:")
            st.query_params.clear()
            st.rerun()
