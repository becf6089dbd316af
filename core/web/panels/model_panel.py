"""One model: accuracy, lineage, whether its files are what was written, download and deletion."""

import hashlib
from pathlib import Path

import streamlit as st

from core.comparison import COSTS
from core.errors import GraftError
from core.runs import Model, Run
from core.web.danger import confirm_danger
from core.web.panels.figures import figures
from core.web.panels.run_rows import open_link
from core.web.panels.words import interval, recipe_words, toll_words
from core.web.widgets import explained, run_chip
from core.wording import milliseconds, moment, plain, share, size
from core.workbench import Workbench


def show(bench: Workbench, model: Model, run: Run, *, champion: bool) -> None:
    with st.container(border=True, key=f"model-{model.id}"):
        head, links = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            best = ":green-badge[:material/trophy: Best of this dataset] " if champion else ""
            st.caption(f"{best}{plain(recipe_words(run))}")
        with links, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            query = {"models": run.id}
            st.page_link("pages/predict.py", label="Predict", icon=":material/image_search:", query_params=query)
            open_link(run, "Its run")
        _figures(bench, model, run)
        _lineage(bench, model, run)
        with st.container(horizontal=True, vertical_alignment="center"):
            _download(bench, model, run)
            _deletion(bench, model, run)


def _figures(bench: Workbench, model: Model, run: Run) -> None:
    cost = bench.cost(run.id)
    good = verified(bench.settings.home / model.path, model.sha256)
    figures(
        model.id,
        ("Test accuracy", share(run.test_accuracy, interval(run)), "With its 95 % interval (Wilson)."),
        ("Size", size(model.size_bytes), "Of model.keras: raw RGB in, probabilities out."),
        ("Per photo", milliseconds(cost.ms_per_photo if cost else None), COSTS["ms_per_photo"].help),
        ("File", "verified" if good else "damaged", "Whether model.keras still has the SHA-256 it was saved with."),
    )
    if not good:
        st.error("The file is missing or was changed. Train the run again to get it back.", icon=":material/error:")


def verified(path: Path, sha256: str) -> bool:
    """Whether the file is there and unchanged; hashed again only when the file changed."""
    try:
        stat = path.stat()
    except OSError:
        return False
    return _sha256(str(path), stat.st_mtime_ns, stat.st_size) == sha256


@st.cache_data(max_entries=4096, show_spinner=False)
def _sha256(path: str, modified: int, length: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lineage(bench: Workbench, model: Model, run: Run) -> None:
    try:
        dataset = bench.dataset(run.dataset_id)
        origin = f"{plain(dataset.name)} v{dataset.version}"
    except GraftError:
        origin = "a deleted dataset"
    backbone = bench.backbone(run.recipe.backbone)
    st.caption(
        f"{origin} → {plain(backbone.title)} ({plain(backbone.licence)}) → run `{run.id}` → model `{model.id}` · "
        f"SHA-256 `{model.sha256[:12]}` · {moment(model.created_at)} UTC"
    )


def _download(bench: Workbench, model: Model, run: Run) -> None:
    """The file is read when it is asked for, not when the page is drawn."""
    path = bench.settings.home / model.path
    name = f"{run.recipe.backbone}-{run.id}.keras"
    st.download_button(
        "Download model.keras", path.read_bytes, name, "application/octet-stream", key=f"model.download.{model.id}",
        icon=":material/download:", on_click="ignore", disabled=not path.is_file(),
    )  # fmt: skip


def _deletion(bench: Workbench, model: Model, run: Run) -> None:
    def what() -> str:
        going = toll_words(bench.toll(model=model.id))
        return (
            f"This deletes the model of **{plain(run.name)}** (`{run.id}`) for good: {going}. Its run and figures stay."
        )

    if confirm_danger(f"model.delete.{model.id}", "Delete", what):
        with explained():
            toll = bench.delete_model(model.id)
            st.toast(f"Deleted: {toll_words(toll)}.", icon=":material/delete:")
            st.rerun()
