"""Where a model came from, in words: photos, pretrained weights and their licence, training, date."""

from core.errors import GraftError
from core.recipes.recipe import Pattern
from core.runs.values import Model, Run
from core.text.units import count, listed, plain
from core.web.parts.times import when
from core.workbench import Workbench


def provenance(bench: Workbench, model: Model, run: Run) -> str:
    """One sentence in Markdown, for ``timed``: "Trained on demo v1 (192 photos) from EfficientNet-Lite0, ImageNet
    weights, Apache-2.0; 20 epochs, finished 2 min ago".
    """
    recipe, dataset = run.recipe, _dataset(bench, run)
    finished = f"finished {when(run.ended_at or model.created_at)}"
    if not recipe.backbones:
        combined = listed([_run_name(bench, run_id) for run_id in recipe.runs], 4)
        return f"Combines the predictions of {plain(combined)}; measured on {dataset}; {finished}."
    source = plain(listed([_backbone(bench, name, recipe.pattern) for name in recipe.backbones], 4))
    if recipe.runs:
        source += f", and the predictions of {plain(listed([_run_name(bench, run_id) for run_id in recipe.runs], 4))}"
    if recipe.pattern is Pattern.CLASSIFIER:
        return f"The pretrained classifier {source}, its classes mapped to those of {dataset}; {finished}."
    epochs = f"{count(run.epochs_done, 'epoch')}, " if recipe.is_trained and run.epochs_done else ""
    return f"Trained on {dataset} from {source}; {epochs}{finished}."


def _dataset(bench: Workbench, run: Run) -> str:
    try:
        dataset = bench.registry.dataset(run.dataset_id)
    except GraftError:
        return "a deleted dataset"
    return f"{plain(dataset.name)} v{dataset.version} ({count(dataset.photo_count, 'photo')})"


def _backbone(bench: Workbench, name: str, pattern: Pattern) -> str:
    """A pretrained network with its weights and their licence, or the run whose model is the backbone."""
    if name.startswith("r-"):
        return f"the model of {_run_name(bench, name)}"
    try:
        backbone = bench.backbone(name)
    except GraftError:
        return f"{name} (no longer in the catalogue)"
    if pattern is Pattern.FROM_SCRATCH:
        return f"{backbone.title} with random weights"
    return f"{backbone.title}, ImageNet weights, {backbone.licence}"


def _run_name(bench: Workbench, run_id: str) -> str:
    try:
        return f"{bench.registry.run(run_id).name} ({run_id})"
    except GraftError:
        return f"the deleted run {run_id}"


def used_by(bench: Workbench, run: Run) -> str:
    """The runs that build on this model, as a sentence of Markdown; "" where none does."""
    children = bench.lineage(run.id).children
    names = listed([f"{child.name} ({child.id})" for child in children], 4)
    return f"Used by {plain(names)}." if children else ""
