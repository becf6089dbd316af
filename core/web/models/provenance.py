"""Where a model came from, in words: photos, pretrained weights and their licence, training, date."""

from core.backbones.added import is_run
from core.backbones.values import Backbone
from core.errors import GraftError
from core.recipes.labels import setting_text
from core.recipes.patterns import Pattern
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
    if recipe.pattern is Pattern.QUANTIZATION:
        return f"{_quantized(bench, model, run)}; measured on {dataset}; {finished}."
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


def _quantized(bench: Workbench, model: Model, run: Run) -> str:
    source, precision = _run_name(bench, run.recipe.members[0]), setting_text(run.recipe, "precision")
    photos = model.card.get("choice", {}).get("calibration_photos")
    calibrated = f", calibrated on {count(photos, 'training photo')}" if photos else ""
    return f"The model of {plain(source)} in {precision}{calibrated}"


def _dataset(bench: Workbench, run: Run) -> str:
    try:
        dataset = bench.registry.dataset(run.dataset_id)
    except GraftError:
        return "a deleted dataset"
    return f"{plain(dataset.name)} v{dataset.version} ({count(dataset.photo_count, 'photo')})"


def _backbone(bench: Workbench, name: str, pattern: Pattern) -> str:
    """A pretrained network with its weights and their licence, or the run whose model is the backbone."""
    if is_run(name):
        return f"the model of {_run_name(bench, name)}"
    try:
        backbone = bench.backbone(name)
    except GraftError:
        return f"{name} (no longer in the catalogue)"
    if pattern is Pattern.FROM_SCRATCH:
        return f"{backbone.title} with random weights"
    return f"{backbone.title}, {_weights(backbone)}, {backbone.licence or 'licence not known'}"


def _weights(backbone: Backbone) -> str:
    """What its weights were trained on, as short as a caption allows."""
    if not backbone.is_added:
        return "ImageNet weights"
    return f"weights trained on {backbone.trained_on}" if backbone.trained_on else "weights of an added backbone"


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
