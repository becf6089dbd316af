"""Photos in: the box that starts an import, and the imports that run or just ended."""

import secrets
import shutil
from pathlib import Path

import streamlit as st

from core.imports import ImportJob
from core.web.panels.words import dataset_size
from core.web.widgets import explained, poll
from core.wording import amount, plain
from core.workbench import Workbench

UPLOAD_LIMIT_MB = 200
LAYOUT = (
    "One folder per class. They may lie under **train**, **validation** and **test**; then your split is kept, "
    "else Graft draws one (70 / 15 / 15)."
)


def import_box(bench: Workbench) -> None:
    """Three ways in: the demo, a ZIP from this browser, a folder or ZIP that lies on the server already."""
    upload, server, demo = st.tabs(["Upload a ZIP", "Folder on this machine", "Demo photos"])
    with upload:
        _upload(bench)
    with server:
        _server_side(bench)
    with demo:
        st.caption("A small set of real photos with their authors named, to see in minutes what Graft does.")
        demo_button(bench, key="import.demo")


def demo_button(bench: Workbench, *, key: str, primary: bool = False) -> None:
    kind = "primary" if primary else "secondary"
    if st.button("Try it with the demo photos", key=key, type=kind, icon=":material/eco:"):
        _start(bench, "demo")


def _upload(bench: Workbench) -> None:
    st.caption(LAYOUT)
    with st.form("import.upload", border=False, clear_on_submit=True):
        file = st.file_uploader(
            f"ZIP of photos (up to {UPLOAD_LIMIT_MB} MB)",
            type="zip",
            key="import.file",
            max_upload_size=UPLOAD_LIMIT_MB,
        )
        name = _name_input("import.upload_name")
        sent = st.form_submit_button("Import", icon=":material/upload:", type="primary")
    if sent and file is None:
        st.warning("Choose a ZIP file first.")
    elif sent and file is not None:
        _start(bench, _keep(bench, file), name or Path(file.name).stem, own_source=True)


def _server_side(bench: Workbench) -> None:
    st.caption(LAYOUT)
    with st.form("import.server", border=False):
        path = st.text_input(
            "Folder or ZIP on the machine Graft runs on",
            key="import.path",
            placeholder="/home/me/photos",
            help="Nothing is changed there: Graft copies what it accepts.",
        )
        name = _name_input("import.server_name")
        sent = st.form_submit_button("Import", icon=":material/folder_open:", type="primary")
    if sent and not path.strip():
        st.warning("Give the path of a folder or a ZIP file first.")
    elif sent:
        _start(bench, path.strip(), name)


def _name_input(key: str) -> str | None:
    help_ = "Photos imported under a name that exists become its next version."
    return st.text_input("Name (optional)", key=key, max_chars=80, help=help_).strip() or None


def _keep(bench: Workbench, file) -> Path:
    """The upload as a file of Graft's own; the import deletes it when it is over."""
    path = bench.settings.uploads_dir / f"upload-{secrets.token_hex(8)}.zip"
    with path.open("wb") as kept:
        shutil.copyfileobj(file, kept)
    return path


def _start(bench: Workbench, source: str | Path, name: str | None = None, *, own_source: bool = False) -> None:
    with explained():
        bench.start_import(source, name, own_source=own_source)
        st.rerun()


def import_jobs(bench: Workbench) -> bool:
    """What is being imported, redrawn while it goes on; whether there is anything to see."""
    jobs = bench.import_jobs()
    running = frozenset(job.id for job in jobs if job.state == "running")
    poll(_jobs, bool(running), bench, running)
    return bool(jobs)


def _jobs(bench: Workbench, running: frozenset[str]) -> None:
    jobs = bench.import_jobs()
    for job in jobs:
        _job(bench, job)
    if frozenset(job.id for job in jobs if job.state == "running") != running:
        st.rerun(scope="app")


def _job(bench: Workbench, job: ImportJob) -> None:
    with st.container(border=True, key=f"import-{job.id}"):
        if job.state == "running":
            st.progress(_share(job), text=f"Importing **{plain(job.title)}** · {_stage(job)}")
            st.button("Cancel", key=f"import.cancel.{job.id}", on_click=bench.cancel_import, args=(job.id,))
            return
        {"done": _done, "failed": _failed, "cancelled": _cancelled}[job.state](bench, job)


def _share(job: ImportJob) -> float:
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
        dataset = bench.dataset(job.dataset_id or "")
        refused = len(dataset.rejections)
        st.markdown(
            f":green[:material/check_circle:] **{plain(dataset.name)}** is ready: {dataset_size(dataset)}"
            f"{f', {refused} refused' if refused else ''}. {plain(job.message)}"
        )
        with st.container(horizontal=True):
            query = {"dataset": dataset.id}
            st.page_link("pages/train.py", label="Train on it", icon=":material/model_training:", query_params=query)
            st.page_link("pages/datasets.py", label="Look at it", icon=":material/photo_library:", query_params=query)
    _dismiss(bench, job)


def _failed(bench: Workbench, job: ImportJob) -> None:
    st.error(f"**{plain(job.title)}** was not imported. {plain(job.message)}", icon=":material/error:")
    _dismiss(bench, job)


def _cancelled(bench: Workbench, job: ImportJob) -> None:
    st.info(f"**{plain(job.title)}** was not imported. {plain(job.message)}", icon=":material/cancel:")
    _dismiss(bench, job)


def _dismiss(bench: Workbench, job: ImportJob) -> None:
    st.button("Dismiss", key=f"import.dismiss.{job.id}", type="tertiary", on_click=bench.dismiss_import, args=(job.id,))
