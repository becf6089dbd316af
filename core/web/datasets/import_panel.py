"""Starting an import, and the imports that run or have just ended."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.datasets.names import ARCHIVE_SUFFIXES, archive_stem
from core.datasets.values import Dataset
from core.jobs import background_imports as imports
from core.jobs.background_imports import ImportJob
from core.people.acting import Role
from core.text.units import amount, count, listed, plain, size
from core.web.datasets.question_card import encoding_box, question_card
from core.web.parts.labels import dataset_size
from core.web.parts.polling import poll
from core.web.parts.rights import allowed, refusal
from core.web.parts.tables import table
from core.web.parts.upload_box import drop_upload, release_upload, upload_any_size
from core.web.parts.widgets import explained, page_link
from core.workbench import Workbench

UPLOAD = "import.file"
LAYOUT = (
    "One folder per class, or a table of file names and classes (CSV, COCO, Parquet). If the folders lie under "
    "**train**, **validation** and **test**, your split is kept; otherwise Graft draws one (70 / 15 / 15). Where "
    "photos can be read in several ways, you are asked before anything is stored."
)


def import_box(bench: Workbench) -> None:
    """Three sources: an archive from this browser, a folder or archive on the server, the demo photos."""
    if refusal():
        st.caption(refusal())
        return
    upload, server, demo = st.tabs(["Upload an archive", "Folder on this machine", "Demo photos"])
    with upload:
        _upload(bench)
    with server:
        _server_side(bench)
    with demo:
        st.caption("192 real photos in five classes (CC0 or public domain), enough to try everything in minutes.")
        demo_button(bench, key="import.demo")


def demo_button(bench: Workbench, *, key: str, primary: bool = False) -> None:
    if st.button(
        "Try it with the demo photos",
        key=key,
        type="primary" if primary else "secondary",
        icon=":material/eco:",
        **allowed(),
    ):
        _start(bench, "demo")


def _upload(bench: Workbench) -> None:
    """An archive of any size: uploaded in slices to the disk, then named and imported."""
    st.caption(LAYOUT)
    sent = upload_any_size(UPLOAD, "ZIP or TAR of photos", suffixes=ARCHIVE_SUFFIXES)
    if sent is None:
        return
    st.markdown(f":green[:material/check_circle:] **{plain(sent.name)}** is uploaded, {size(sent.size_bytes)}.")
    with st.form("import.upload", border=False):
        name = _name_input("import.upload_name", archive_stem(sent.name))
        encoding = _encoding_input("import.upload_encoding")
        with st.container(horizontal=True):
            taken = st.form_submit_button("Import", icon=":material/upload:", type="primary", key="import.upload_go")
            st.form_submit_button("Discard", key="import.upload_drop", on_click=drop_upload, args=(UPLOAD,))
    if taken:
        _start(bench, sent.path, name or archive_stem(sent.name), encoding=encoding, uploaded=True)


def _server_side(bench: Workbench) -> None:
    if refusal(Role.ADMIN):
        st.caption(refusal(Role.ADMIN))
        return
    st.caption(LAYOUT)
    with st.form("import.server", border=False):
        path = st.text_input(
            "Folder, ZIP or TAR on the machine Graft runs on",
            key="import.path",
            placeholder="/home/me/photos",
            help="The folder is not changed: Graft copies the photos.",
        )
        name = _name_input("import.server_name")
        encoding = _encoding_input("import.server_encoding")
        sent = st.form_submit_button("Import", icon=":material/folder_open:", type="primary", key="import.server_go")
    if sent and not path.strip():
        st.warning("Enter the path of a folder or an archive first.")
    elif sent:
        _start(bench, path.strip(), name, encoding=encoding)


def _name_input(key: str, usual: str = "") -> str | None:
    help_ = "If the name exists, the photos become its next version."
    return st.text_input("Name (optional)", usual, key=key, max_chars=80, help=help_).strip() or None


def _encoding_input(key: str) -> str | None:
    """The encoding of the names in an archive, None to find it out. Hidden: few archives need it."""
    with st.expander("Names look wrong after an import?"):
        return encoding_box(key)


def _start(
    bench: Workbench,
    source: str | Path,
    name: str | None = None,
    *,
    encoding: str | None = None,
    uploaded: bool = False,
) -> None:
    with explained():
        imports.start_import(source, settings=bench.settings, name=name, encoding=encoding, own_source=uploaded)
        if uploaded:
            release_upload(UPLOAD)
        # The import is shown above the box, which on a phone is out of sight.
        st.toast("The import has started; it is shown at the top of this page.", icon=":material/upload:")
        st.rerun()


def import_jobs(bench: Workbench) -> bool:
    """Shows running and recent imports, refreshed while one runs; returns whether there is any."""
    jobs = [job for job in imports.import_jobs(bench.settings) if _is_recent(bench, job)]
    running = frozenset(job.id for job in jobs if job.state == "running")
    poll(_jobs, bool(running), bench, running)
    return bool(jobs)


def _jobs(bench: Workbench, running: frozenset[str]) -> None:
    jobs = [job for job in imports.import_jobs(bench.settings) if _is_recent(bench, job)]
    for job in jobs:
        _job(bench, job)
    if frozenset(job.id for job in jobs if job.state == "running") != running:
        st.rerun(scope="app")


def _is_recent(bench: Workbench, job: ImportJob) -> bool:
    """An ended import is shown until a run is launched on its photos."""
    newest = bench.registry.runs(job.dataset_id, limit=1) if job.dataset_id else []
    return not newest or newest[0].created_at < job.started_at


def _job(bench: Workbench, job: ImportJob) -> None:
    with st.container(border=True, key=f"import-{job.id}"):
        if job.state == "running":
            st.progress(_fraction(job), text=f"Importing **{plain(job.title)}** · {_stage(job)}")
            st.button(
                "Cancel", key=f"import.cancel.{job.id}", on_click=imports.cancel_import, args=(bench.settings, job.id)
            )
            return
        if job.question is not None:
            question_card(bench, job, job.question)
            return
        {"done": _done, "failed": _failed, "cancelled": _cancelled}[job.state](bench, job)


def _fraction(job: ImportJob) -> float:
    if job.progress is None or not job.progress.total:
        return 0.0
    return min(1.0, job.progress.done / job.progress.total)


def _stage(job: ImportJob) -> str:
    if job.progress is None:
        return "starting …"
    if not job.progress.total:
        return plain(f"{job.progress.stage.lower()} …")
    return plain(f"{job.progress.stage.lower()}: {amount(job.progress.done)} of {amount(job.progress.total)}")


def _done(bench: Workbench, job: ImportJob) -> None:
    with explained():
        dataset = bench.registry.dataset(job.dataset_id or "")
        if job.known:
            st.markdown(f":blue[:material/info:] **{plain(job.title)}**: {plain(job.message)}")
            st.caption(plain(f"How it was read: {_understood(dataset, job.known.notes)}"))
            _skipped(job)
        else:
            skipped = len(dataset.rejections)
            st.markdown(
                f":green[:material/check_circle:] **{plain(dataset.name)}** is imported: {dataset_size(dataset)}"
                f"{f', {amount(dataset.unlabelled)} without a class kept aside' if dataset.unlabelled else ''}"
                f"{f', {amount(skipped)} skipped' if skipped else ''}."
            )
            st.caption(plain(f"How it was read: {_understood(dataset, dataset.notes)}"))
        with st.container(horizontal=True, vertical_alignment="center"):
            key = f"import.train.{job.id}"
            if st.button("Train on this dataset", type="primary", icon=":material/model_training:", key=key):
                imports.dismiss_import(bench.settings, job.id)
                st.switch_page("pages/train.py", query_params={"dataset": dataset.id, "start": "quick"})
            page_link("datasets", "Open dataset", dataset=dataset.id)
            _dismiss(bench, job)
        return
    _dismiss(bench, job)


def _skipped(job: ImportJob) -> None:
    """Files of a known upload that were skipped: they are on no dataset's page."""
    if job.known is None or not job.known.skipped:
        return
    with st.expander(f"{count(job.known.skipped, 'file')} of this upload skipped"):
        shown = job.known.rejections
        table([{"File": one.file, "Reason": one.reason} for one in shown], key=f"import.skipped.{job.id}")
        if len(shown) < job.known.skipped:
            st.caption(f"and {count(job.known.skipped - len(shown), 'more file')}.")


def _understood(dataset: Dataset, notes: Sequence[str]) -> str:
    """How the upload was read, in one line."""
    classes = f"{count(len(dataset.class_names), 'class', 'classes')}, {listed(dataset.class_names, 6)}"
    split = "the split is yours" if dataset.split_given else "the split was drawn by Graft (70 / 15 / 15)"
    return " ".join([f"{classes}; {split}.", *notes])


def _failed(bench: Workbench, job: ImportJob) -> None:
    st.error(f"**{plain(job.title)}** was not imported. {plain(job.message)}", icon=":material/error:")
    _dismiss(bench, job)


def _cancelled(bench: Workbench, job: ImportJob) -> None:
    st.info(f"**{plain(job.title)}** was not imported. {plain(job.message)}", icon=":material/cancel:")
    _dismiss(bench, job)


def _dismiss(bench: Workbench, job: ImportJob) -> None:
    st.button(
        "Dismiss",
        key=f"import.dismiss.{job.id}",
        type="tertiary",
        on_click=imports.dismiss_import,
        args=(bench.settings, job.id),
    )
