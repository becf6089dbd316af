"""Photos without a class on the page of a dataset: adding them, and ordering them to be labelled."""

from pathlib import Path

import streamlit as st

from core.advising.label_process import (
    QUESTION,
    answer_folders,
    cancel_labelling,
    dismiss_question,
    label_state,
    read_order,
    start_adding,
    start_ordering,
)
from core.advising.label_values import LabelOrder
from core.datasets.names import ARCHIVE_SUFFIXES
from core.datasets.values import Dataset
from core.errors import NotFound
from core.jobs.background import JobState
from core.output.labelling import pool_json
from core.people.acting import Role
from core.text.units import amount, count, listed, plain, size
from core.web.parts.job_progress import job_progress
from core.web.parts.polling import poll
from core.web.parts.rights import allowed, refusal
from core.web.parts.upload_box import drop_upload, release_upload, upload_any_size
from core.web.parts.widgets import explained
from core.workbench import Workbench

UPLOAD = "label.file"
_SAID = 3
"""Photos that were left out, with the reasons; ``core label next`` has all."""


def label_panel(bench: Workbench, dataset: Dataset) -> None:
    """How many photos have no class, how far their order is, and where to label and to add them."""
    st.header("What to label next", anchor=False)
    state = label_state(dataset.id, settings=bench.settings)
    poll(_state, state.is_active, bench, dataset)
    if not state.is_active and state.state != QUESTION:
        _add(bench, dataset)


def pool_counts(bench: Workbench, dataset: Dataset) -> dict:
    """What became of the photos without a class so far; of none where the folder of the dataset is not here."""
    try:
        return pool_json(dataset, bench.settings)
    except NotFound:
        return {"unlabelled": 0, "labelled": {}, "excluded": 0}


def counts_text(counts: dict) -> str:
    """``12 photos have no class; labelled so far: 3 rose and 1 tulip; 2 excluded.``"""
    left, excluded = counts["unlabelled"], counts["excluded"]
    parts = [f"{count(left, 'photo')} {'has' if left == 1 else 'have'} no class"]
    labelled = [f"{amount(number)} {name}" for name, number in counts["labelled"].items()]
    parts += [f"labelled so far: {listed(labelled, 6)}"] if labelled else []
    parts += [f"{excluded} excluded"] if excluded else []
    return f"{'; '.join(parts)}."


def _state(bench: Workbench, dataset: Dataset) -> None:
    state = label_state(dataset.id, settings=bench.settings)
    watched = f"label.watched.{dataset.id}"
    if state.is_active:
        st.session_state[watched] = True
        job_progress(state, lambda: cancel_labelling(bench.settings, dataset.id), key="label")
        return
    if st.session_state.pop(watched, False):
        st.rerun(scope="app")
    if state.state == QUESTION:
        _question(bench, dataset, state)
        return
    if state.message:
        (st.warning if state.state == "failed" else st.info)(plain(state.message))
    counts = pool_counts(bench, dataset)
    if counts["unlabelled"] or counts["labelled"] or counts["excluded"]:
        st.markdown(plain(counts_text(counts)))
        order_controls(bench, dataset, counts)
    else:
        st.caption(
            "Add photos without a class. Those that a model is least sure of are shown first, no two of them alike; "
            "what you label becomes training photos of a new version."
        )


def order_controls(bench: Workbench, dataset: Dataset, counts: dict) -> None:
    """The way to the labels, by whose probabilities photos are ordered, and a button that does it."""
    recommended = bench.model_to_label_with(dataset.id)
    names = {"": "A linear head on stored features"}
    if recommended:
        names = {recommended: f"The recommended model, {bench.registry.run(recommended).name}"} | names
    order = read_order(dataset.id, bench.settings)
    if order or counts["labelled"] or counts["excluded"]:
        query = {"dataset": dataset.id, "label": "next"}
        st.page_link("pages/datasets.py", label="Label photos", icon=":material/label:", query_params=query)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run_id = st.selectbox(
            "Order by the probabilities of", list(names), format_func=names.__getitem__, width=520,
            key=f"label.by.{dataset.id}",
            help="Photos whose two most probable classes are close come first, without photos that are alike. A linear "
            "head also learns from what was labelled since the last version.",
        )  # fmt: skip
        label = "Order again" if order else "Order the photos"
        usable = allowed(disabled=not counts["unlabelled"])
        if st.button(label, icon=":material/sort:", key="label.order", **usable):
            with explained():
                start_ordering(dataset.id, settings=bench.settings, registry=bench.registry, run_id=str(run_id))
                st.rerun(scope="app")
    if order and order.left_out:
        st.caption(plain(left_out_text(order)))


def left_out_text(order: LabelOrder) -> str:
    """``2 photos are left out of the order: a.jpg is a near-copy of b.jpg, which has a class; ...``"""
    said = [f"{one.file} {one.reason}" for one in order.left_out[:_SAID]]
    more = len(order.left_out) - len(said)
    were = "is" if len(order.left_out) == 1 else "are"
    return f"{count(len(order.left_out), 'photo')} {were} left out of the order: {'; '.join(said)}" + (
        f"; and {more:,} more." if more else "."
    )


def _question(bench: Workbench, dataset: Dataset, state: JobState) -> None:
    st.warning(plain(state.message), icon=":material/help:")
    with st.container(horizontal=True):
        if st.button("Add them without a class", key="label.flat", **allowed()):
            with explained():
                answer_folders(dataset.id, settings=bench.settings)
                st.rerun(scope="app")
        if st.button("Discard", key="label.discard", **allowed()):
            with explained():
                dismiss_question(dataset.id, settings=bench.settings)
                st.rerun(scope="app")


def _add(bench: Workbench, dataset: Dataset) -> None:
    box = st.expander("Add photos without a class", icon=":material/add_photo_alternate:", key="label.add")
    with box:
        if reason := refusal():
            st.caption(reason)
            return
        upload, server = st.tabs(["Upload an archive", "Folder on this machine"])
        with upload:
            _upload(bench, dataset)
        with server:
            _server_side(bench, dataset)


def _upload(bench: Workbench, dataset: Dataset) -> None:
    st.caption("Copies and near-copies of photos that are here already are left out.")
    sent = upload_any_size(UPLOAD, "ZIP or TAR of photos", suffixes=ARCHIVE_SUFFIXES)
    if sent is None:
        return
    st.markdown(f":green[:material/check_circle:] **{plain(sent.name)}** is uploaded, {size(sent.size_bytes)}.")
    with st.container(horizontal=True):
        if st.button("Add the photos", icon=":material/upload:", type="primary", key="label.upload_go"):
            _start(bench, dataset, sent.path, uploaded=True)
        st.button("Discard", key="label.upload_drop", on_click=drop_upload, args=(UPLOAD,))


def _server_side(bench: Workbench, dataset: Dataset) -> None:
    if reason := refusal(Role.ADMIN):
        st.caption(reason)
        return
    with st.form("label.server", border=False):
        path = st.text_input(
            "Folder, ZIP or TAR on the machine Graft runs on", key="label.path", placeholder="/home/me/new-photos"
        )
        sent = st.form_submit_button("Add the photos", icon=":material/folder_open:", key="label.server_go")
    if sent and not path.strip():
        st.warning("Enter the path of a folder or an archive first.")
    elif sent:
        _start(bench, dataset, path.strip())


def _start(bench: Workbench, dataset: Dataset, source: str | Path, *, uploaded: bool = False) -> None:
    with explained():
        start_adding(
            dataset.id,
            source,
            settings=bench.settings,
            registry=bench.registry,
            run_id=bench.model_to_label_with(dataset.id),
            own_source=uploaded,
        )
        if uploaded:
            release_upload(UPLOAD)
        st.rerun(scope="app")
