"""One model: accuracy, lineage, whether its files are what was written, download and deletion."""

import io
import zipfile
from functools import partial
from pathlib import Path

import streamlit as st

from core.comparison.cost_axes import COSTS
from core.errors import GraftError
from core.files.atomic import digest_of
from core.recipes.labels import describe
from core.runs.values import Cost, Model, Run
from core.text.units import listed, milliseconds, moment, percent, plain, size
from core.web.parts import champion as champions
from core.web.parts import organise
from core.web.parts.labels import dataset_title, interval
from core.web.parts.metrics import Figure, figures
from core.web.parts.widgets import explained, run_chip
from core.web.runs.rows import open_link
from core.workbench import Workbench


def show(bench: Workbench, model: Model, run: Run, *, champion: bool, best: bool) -> None:
    """One model.

    Args:
        champion: a person chose it for its dataset. best: it is the most accurate one that is shown.
    """
    with st.container(border=True, key=f"model-{model.id}"):
        head, links = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            measured = ":green-badge[:material/target: Most accurate] " if best else ""
            said = organise.badges(run, champion=champion)
            st.caption(f"{measured}{said} {plain(describe(run.recipe))}")
        with links, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            query = {"models": run.id}
            st.page_link("pages/predict.py", label="Predict", icon=":material/image_search:", query_params=query)
            open_link(run, "Its run")
        _figures(bench, model, run)
        _lineage(bench, model, run)
        told = st.container()
        with st.container(horizontal=True, vertical_alignment="center"):
            _download(bench, model, run)
            champions.make_button(bench, run, key=f"model.champion.{model.id}")
            organise.delete_weights_button(bench, [run], told, key=f"model.delete.{model.id}")


def _figures(bench: Workbench, model: Model, run: Run) -> None:
    cost = bench.registry.cost(run.id)
    good = intact(bench.settings.home / model.path, model)
    figures(
        model.id,
        ("Test accuracy", percent(run.test_accuracy, interval(run)), "With its 95 % interval (Wilson)."),
        _size(model, cost),
        ("Per photo", milliseconds(cost.ms_per_photo if cost else None), COSTS["ms_per_photo"].help),
        ("Files", "verified" if good else "damaged", "Whether its files still have the SHA-256 they were saved with."),
    )
    if not good:
        st.error("A file is missing or was changed. Train the run again to get it back.", icon=":material/error:")


def _size(model: Model, cost: Cost | None) -> Figure:
    """Of what answers; the main file of a model made of several is just its card."""
    if cost is None or cost.model_bytes is None or model.path.endswith(".keras"):
        return ("Size", size(model.size_bytes), f"Of {Path(model.path).name}.")
    return ("Size", size(cost.model_bytes), "Of all its files; those it shares with its members are stored once.")


def intact(path: Path, model: Model) -> bool:
    """Whether the model's main file and all that its answers are made with are there and unchanged."""
    others = [(path.parent / engine["file"], engine["sha256"]) for engine in model.card.get("engines", ())]
    return all(verified(file, sha256) for file, sha256 in [(path, model.sha256), *others])


def verified(path: Path, sha256: str) -> bool:
    """Whether the file is there and unchanged."""
    try:
        return digest_of(path) == sha256
    except OSError:
        return False


def _lineage(bench: Workbench, model: Model, run: Run) -> None:
    """Photos → networks and models it was made from → run → model; and what was made from it since."""
    parts = [_origin(bench, run), *_sources(bench, run), f"run `{run.id}`", f"model `{model.id}`"]
    st.caption(f"{' → '.join(parts)} · SHA-256 `{model.sha256[:12]}` · {moment(model.created_at)} UTC")
    with explained():
        children = bench.lineage(run.id).children
        if children:
            st.caption(f"Used by {plain(listed([f'{child.name} ({child.id})' for child in children], 4))}.")


def _origin(bench: Workbench, run: Run) -> str:
    try:
        return plain(dataset_title(bench.registry.dataset(run.dataset_id)))
    except GraftError:
        return "a deleted dataset"


def _sources(bench: Workbench, run: Run) -> list[str]:
    """The networks with the licence of their weights, and the runs whose answers it builds on."""
    networks = [plain(_network(bench, name)) for name in run.recipe.backbones]
    joined = [" + ".join(networks)] if networks else []
    runs = [plain(name) for name in run.recipe.runs]
    return joined + ([f"answers of {listed(runs, 4)}"] if runs else [])


def _network(bench: Workbench, name: str) -> str:
    """A network with the licence of its weights; a run whose model was taken over by its name."""
    try:
        if name.startswith("r-"):
            return f"{bench.registry.run(name).name} ({name})"
        backbone = bench.backbone(name)
        return f"{backbone.title} ({backbone.licence})"
    except GraftError:
        return f"{name} (deleted)"


def _download(bench: Workbench, model: Model, run: Run) -> None:
    """The files are read when they are asked for, not when the page is drawn."""
    path = bench.settings.home / model.path
    single = path.suffix == ".keras"
    label, name = ("Download model.keras", f"{run.id}.keras") if single else ("Download all files", f"{run.id}.zip")
    st.download_button(
        label, path.read_bytes if single else partial(zipped, path.parent), name, "application/octet-stream",
        key=f"model.download.{model.id}", icon=":material/download:", on_click="ignore", disabled=not path.is_file(),
    )  # fmt: skip


def zipped(folder: Path) -> bytes:
    """All files of a model that is made of several, uncompressed: weights do not get smaller."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(folder))
    return archive.getvalue()
