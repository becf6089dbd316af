"""One model on the page Models: standing, metrics, file verification, origin, exports and deletion."""

from pathlib import Path

import streamlit as st

from core.comparison.cost_axes import COSTS
from core.comparison.summary import standing_words
from core.comparison.verdict import Standing, Verdict
from core.files.atomic import digest_of
from core.models.card import FEATURES, keras_output
from core.recipes.labels import describe
from core.runs.values import Cost, Model, Run
from core.text.units import milliseconds, percent, plain, size
from core.web.backbones.links import backbone_link
from core.web.models import export_dialog
from core.web.models.provenance import provenance, used_by
from core.web.parts import champion as champions
from core.web.parts import organise
from core.web.parts.labels import interval
from core.web.parts.times import timed
from core.web.parts.widgets import Metric, explained, metrics, page_link, run_chip
from core.web.runs.rows import open_link
from core.workbench import Workbench


def show(bench: Workbench, model: Model, run: Run, *, champion: bool, verdict: Verdict | None) -> None:
    """One model.

    Args:
        champion: whether it is the champion of its dataset. verdict: on its dataset; None where no run was measured.
    """
    with st.container(border=True, key=f"model-{model.id}"):
        head, links = st.columns([3, 2], vertical_alignment="center")
        with head:
            run_chip(run)
            badges = " ".join(filter(None, [standing_badge(verdict, run.id), organise.badges(run, champion=champion)]))
            st.caption(f"{badges} {plain(describe(run.recipe))}")
        with links, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            page_link("predict", models=run.id)
            backbone_link(run)
            open_link(run, "Open run")
        _metrics(bench, model, run)
        _origin(bench, model, run)
        messages = st.container()
        with st.container(horizontal=True, vertical_alignment="center"):
            export_dialog.open_button(model, run)
            champions.make_button(bench, run, key=f"model.champion.{model.id}")
            organise.delete_weights_button(bench, [run], messages, key=f"model.delete.{model.id}")


_BADGES = {
    Standing.BEST: "green-badge[:material/target:",
    Standing.TIE: "blue-badge[:material/equal:",
    Standing.WORSE: "gray-badge[:material/south:",
}
_REPETITION = "blue-badge[:material/repeat:"


def standing_badge(verdict: Verdict | None, run_id: str) -> str:
    """Whether to use a run, and how it compares with the most accurate one, in Markdown; "" where neither is known."""
    standing = None if verdict is None else verdict.standing(run_id)
    if verdict is None or standing is None:
        return ""
    badge = _REPETITION if verdict.repeats_best(run_id) else _BADGES[standing]
    use = ":green-badge[:material/thumb_up: Recommended]" if run_id == verdict.recommended.run_id else ""
    return f"{use} :{badge} {standing_words(verdict, run_id)}]".strip()


def _metrics(bench: Workbench, model: Model, run: Run) -> None:
    cost = bench.registry.cost(run.id)
    good = intact(bench.settings.home / model.path, model)
    metrics(
        model.id,
        ("Test accuracy", percent(run.test_accuracy, interval(run)), "With its 95 % interval (Wilson)."),
        _size(model, cost),
        ("Time per photo", milliseconds(cost.ms_per_photo if cost else None), COSTS["ms_per_photo"].help),
        (
            "Files",
            "verified" if good else "damaged",
            "Whether the files still have the SHA-256 digests they were saved with.",
        ),
    )
    if not good:
        st.error("A file is missing or was changed. Train the run again to restore it.", icon=":material/error:")


def _size(model: Model, cost: Cost | None) -> Metric:
    """Size of the files; of a model that combines several, the main file is only its card."""
    if cost is None or cost.model_bytes is None or model.path.endswith(".keras"):
        features = " (features)" if keras_output(model.card) == FEATURES else ""
        return ("Size", size(model.size_bytes), f"Of {Path(model.path).name}{features}.")
    return ("Size", size(cost.model_bytes), "Of all its files; files shared with its members are stored once.")


def intact(path: Path, model: Model) -> bool:
    """Whether the main file and all files it predicts with exist and are unchanged."""
    others = [(path.parent / engine["file"], engine["sha256"]) for engine in model.card.get("engines", ())]
    return all(verified(file, sha256) for file, sha256 in [(path, model.sha256), *others])


def verified(path: Path, sha256: str) -> bool:
    """Whether the file exists and is unchanged."""
    try:
        return digest_of(path) == sha256
    except OSError:
        return False


def _origin(bench: Workbench, model: Model, run: Run) -> None:
    """Where it came from in words, then its ids."""
    timed(provenance(bench, model, run))
    with explained():
        used = used_by(bench, run)
        ids = f"Run `{run.id}` · model `{model.id}` · SHA-256 `{model.sha256[:12]}`"
        st.caption(f"{used} {ids}".strip())
