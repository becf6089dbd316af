"""Many photos: a ZIP or a folder of this machine becomes a table of predictions, computed in the background."""

import json
from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.datasets.names import ARCHIVE_SUFFIXES, archive_stem
from core.jobs import background_tables
from core.jobs.background import UNFINISHED
from core.jobs.background_tables import TableJob
from core.output.predictions import photo_row
from core.people.acting import Role
from core.serving.rows import table_rows
from core.text.tables import as_csv
from core.text.units import amount, brief, count, plain, size, unbroken
from core.web.parts.device import is_narrow
from core.web.parts.downloads import file_name
from core.web.parts.polling import poll
from core.web.parts.rights import refusal
from core.web.parts.run_names import fitting
from core.web.parts.tables import name_column, number, table
from core.web.parts.thumbnails import photo_strip
from core.web.parts.upload_box import drop_upload, release_upload, upload_any_size
from core.web.parts.widgets import explained
from core.web.predict.answers import chance
from core.web.predict.confidence import choose_confidence, chosen_confidence, in_percent
from core.workbench import Workbench

UPLOAD = "predict.archive"

_KEY = "predict.table.counts"
_WIDEST, _CLASS, _ON_A_PHONE, _NARROWEST = 300, 132, 194, 96
"""Pixels of a model's column; on a phone of the names of classes, of all models together and at least of each, so that
two models are visible."""

_STATES = {"done": ":green[:material/check_circle:]", "cancelled": ":orange[:material/cancel:]"}


def table_box(bench: Workbench, run_ids: Sequence[str]) -> None:
    """The choice of a ZIP or folder, to be predicted by the chosen models."""
    with st.expander("Many photos: a ZIP or a folder", icon=":material/folder_zip:", key="predict.tables"):
        st.caption(
            "All photos of a ZIP or folder are predicted by the chosen models in the background; you may leave this "
            "page. The result is a table to download, with the classes that are left at this confidence."
        )
        choose_confidence("predict.table.confidence")
        upload, server = st.tabs(["Upload an archive", "Folder on this machine"])
        with upload:
            _upload(bench, run_ids)
        with server:
            _server_side(bench, run_ids)


def _upload(bench: Workbench, run_ids: Sequence[str]) -> None:
    if refusal():
        st.caption(refusal())
        return
    sent = upload_any_size(UPLOAD, "ZIP or TAR of photos", suffixes=ARCHIVE_SUFFIXES)
    if sent is None:
        return
    st.markdown(f":green[:material/check_circle:] **{plain(sent.name)}** is uploaded, {size(sent.size_bytes)}.")
    with st.container(horizontal=True):
        go = st.button(
            "Predict all its photos", type="primary", icon=":material/play_arrow:", key="predict.archive_go",
            disabled=not run_ids,
        )  # fmt: skip
        st.button("Discard", key="predict.archive_drop", on_click=drop_upload, args=(UPLOAD,))
    if go:
        with explained():
            background_tables.start_table(
                sent.path, run_ids, settings=bench.settings, registry=bench.registry, title=sent.name,
                confidence=chosen_confidence(), own_source=True,
            )  # fmt: skip
            release_upload(UPLOAD)
            _started()


def _server_side(bench: Workbench, run_ids: Sequence[str]) -> None:
    if refusal(Role.ADMIN):
        st.caption(refusal(Role.ADMIN))
        return
    with st.form("predict.server", border=False):
        path = st.text_input(
            "Folder, ZIP or TAR on the machine Graft runs on",
            key="predict.path",
            placeholder="/home/me/photos",
            help="Its photos are read where they are; nothing is changed or copied.",
        )
        sent = st.form_submit_button(
            "Predict all its photos", type="primary", icon=":material/play_arrow:", key="predict.server_go",
            disabled=not run_ids,
        )  # fmt: skip
    if sent and not path.strip():
        st.warning("Enter the path of a folder or an archive first.")
    elif sent:
        with explained():
            background_tables.start_table(
                path.strip(), run_ids, settings=bench.settings, registry=bench.registry, confidence=chosen_confidence()
            )
            _started()


def _started() -> None:
    st.toast("The table is being computed; it is shown at the end of this page.", icon=":material/play_arrow:")
    st.rerun()


def table_jobs(bench: Workbench) -> None:
    """All tables with progress or result, refreshed while one is computed."""
    unfinished = _unfinished(background_tables.tables(bench.settings))
    poll(_jobs, bool(unfinished), bench, unfinished)


def _jobs(bench: Workbench, unfinished: frozenset[str]) -> None:
    jobs = background_tables.tables(bench.settings)
    for job in jobs:
        with st.container(border=True, key=f"table-{job.id}"):
            _running(bench, job) if job.state in UNFINISHED else _ended(bench, job)
    if _unfinished(jobs) != unfinished:
        st.rerun(scope="app")


def _unfinished(jobs: Sequence[TableJob]) -> frozenset[str]:
    return frozenset(job.id for job in jobs if job.state in UNFINISHED)


def _running(bench: Workbench, job: TableJob) -> None:
    done, total = job.progress.done, job.progress.total
    stage = f"{amount(done)} of {count(total, 'photo')}" if total else "starting …"
    if job.state == "waiting":
        stage = "waiting for another table"
    st.progress(done / total if total else 0.0, text=f"Predicting **{plain(job.title)}** · {stage}")
    _counts(bench, job)
    st.button(
        "Cancel", key=f"predict.table.cancel.{job.id}", on_click=background_tables.cancel_table,
        args=(bench.settings, job.id), help="What was predicted so far is kept.",
    )  # fmt: skip


def _ended(bench: Workbench, job: TableJob) -> None:
    progress = job.progress
    if job.state == "failed":
        st.error(f"**{plain(job.title)}**: {plain(job.message)}", icon=":material/error:")
    else:
        refused = f", {count(progress.refused, 'file')} could not be read" if progress.refused else ""
        missing = f" of {amount(progress.total)}; it was cancelled" if job.state == "cancelled" else ""
        st.markdown(
            f"{_STATES[job.state]} **{plain(job.title)}**: {count(progress.done - progress.refused, 'photo')} "
            f"predicted{refused}{missing}. Prediction sets at {in_percent(job.confidence)} % confidence."
        )
    _counts(bench, job)
    _uncertain(bench, job)
    with st.container(horizontal=True):
        if progress.done:
            _downloads(bench, job)
        st.button(
            "Dismiss", key=f"predict.table.dismiss.{job.id}", type="tertiary",
            on_click=background_tables.dismiss_table, args=(bench.settings, job.id),
            help="Delete this table.",
        )  # fmt: skip


def _counts(bench: Workbench, job: TableJob) -> None:
    """How many photos each model gives to each class."""
    if not job.progress.classes:
        return
    st.caption("Photos by predicted class, one column per model")
    names = {run.id: run.name for run in bench.registry.runs_of(job.run_ids)}
    classes = dict.fromkeys(name for counts in job.progress.classes.values() for name in counts)
    rows = [
        {"Class": name} | {run_id: counts.get(name, 0) for run_id, counts in job.progress.classes.items()}
        for name in classes
    ]
    whole = {run_id: names.get(run_id, run_id) for run_id in job.progress.classes}
    if len(set(whole.values())) < len(whole):
        whole = {run_id: f"{name} · {run_id}" for run_id, name in whole.items()}
    width = max(_NARROWEST, _ON_A_PHONE // len(whole)) if is_narrow() else _WIDEST
    models = {
        run_id: number(short, f"{whole[run_id]}: photos for which it predicts this class", width=width)
        for run_id, short in fitting(whole, width).items()
    }
    columns = {"Class": name_column("Class", list(classes), widest=_CLASS if is_narrow() else 160)} | models
    table(rows, columns=columns, titles=whole, key=f"{_KEY}.{job.id}")


def _uncertain(bench: Workbench, job: TableJob) -> None:
    found = job.progress.uncertain
    if not found:
        return
    st.caption("The least certain photos")
    paths = [background_tables.sample_of(bench.settings, job.id, one.sample) for one in found]
    captions = [f"{plain(brief(one.class_name, 20))} {unbroken(chance(one.probability))}" for one in found]
    photo_strip(paths, captions, alt=[one.file for one in found], width=112)


def _downloads(bench: Workbench, job: TableJob) -> None:
    """The table as CSV and JSON, read at the click."""
    for word, mime, write in (("CSV", "text/csv", _as_csv), ("JSON", "application/json", _as_json)):
        st.download_button(
            word, partial(write, bench, job.id), f"{file_name(archive_stem(job.title))}.{word.lower()}", mime,
            key=f"predict.table.{word.lower()}.{job.id}", icon=":material/download:", type="tertiary",
            on_click="ignore", help=f"Every photo with its predictions as {word}.",
        )  # fmt: skip


def _as_csv(bench: Workbench, table_id: str) -> str:
    return as_csv([row for photo in background_tables.rows_of(bench.settings, table_id) for row in table_rows(photo)])


def _as_json(bench: Workbench, table_id: str) -> str:
    rows = [photo_row(photo) for photo in background_tables.rows_of(bench.settings, table_id)]
    return json.dumps({"photos": rows}, ensure_ascii=False)
