"""A model card in the form of the Hugging Face Hub: ``README.md`` with YAML, from what the registry knows.

Source of the form: https://huggingface.co/docs/hub/model-cards
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.backbones.added import is_run
from core.backbones.values import Backbone
from core.datasets.values import SPLITS, Dataset
from core.errors import GraftError
from core.exports.formats import FORMATS, Format
from core.exports.record import ExportCheck
from core.models.lineage import backbone_of
from core.recipes.labels import describe
from core.recipes.patterns import Cascade
from core.registry import Registry
from core.runs.values import Cost, Evaluation, Model, Run
from core.settings import VERSION, Settings
from core.text.units import amount, count, duration, energy, listed, milliseconds, percent, size, visible

LIBRARIES = {
    Format.KERAS: "keras",
    Format.LITERT: "tflite",
    Format.LITERT_PIXELS: "tflite",
    Format.ONNX: "onnx",
    Format.SAVEDMODEL: "tf-keras",
}
"""``library_name`` of the Hub."""

_LICENCES = {"apache-2.0", "mit", "bsd-3-clause", "cc-by-4.0", "cc-by-nc-4.0", "cc0-1.0", "openrail"}
"""Identifiers of the Hub that licences of backbones have; all others are ``other``."""


@dataclass(frozen=True, kw_only=True)
class CardSource:
    """What a model card is written from.

    Args:
        run, model, dataset, evaluation, cost: of the exported model. parents: (id, name) of runs that it builds on.
        sources: (name, its backbone or None where that is gone) of every pretrained network.
    """

    run: Run
    model: Model
    dataset: Dataset
    evaluation: Evaluation
    cost: Cost
    parents: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, Backbone | None], ...] = ()


def card_source(run: Run, model: Model, registry: Registry, settings: Settings) -> CardSource:
    """Everything about a finished run, with the networks and runs below it to the roots."""
    evaluation, cost = registry.evaluation(run.id), registry.cost(run.id)
    assert evaluation is not None and cost is not None, "a finished run was measured"
    parents, sources = _origins(run, registry, settings)
    return CardSource(
        run=run, model=model, dataset=registry.dataset(run.dataset_id), evaluation=evaluation, cost=cost,
        parents=parents, sources=sources,
    )  # fmt: skip


def _origins(
    run: Run, registry: Registry, settings: Settings
) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, Backbone | None], ...]]:
    """The runs and the pretrained networks that a run was made from, at any distance."""
    parents: dict[str, str] = {}
    sources: dict[str, Backbone | None] = {}
    waiting = [run]
    while waiting:
        recipe = waiting.pop(0).recipe
        for name in (*recipe.backbones, *recipe.runs):
            if name in parents or name in sources:
                continue
            try:
                if is_run(name):
                    parent = registry.run(name)
                    parents[name] = parent.name
                    waiting.append(parent)
                else:
                    sources[name] = backbone_of(name, registry, settings)
            except GraftError:
                (parents if is_run(name) else sources)[name] = "deleted" if is_run(name) else None  # type: ignore
    return tuple(parents.items()), tuple(sources.items())


def card_text(source: CardSource, format: Format, check: ExportCheck, inputs: Sequence[str], file: str = "") -> str:
    """The whole ``README.md``.

    Args:
        inputs: of the model, in words. file: of the model, where it is not the usual one of the format.
    """
    file = file or FORMATS[format].file
    parts = [
        f"---\n{_front(source, format)}---",
        f"# {_text(source.run.name)}",
        _summary(source),
        "## Use",
        _use(source, file, inputs),
        "## Classes and photos",
        _photos(source.dataset),
        "## Accuracy",
        _accuracy(source),
        "## How the export was checked",
        _checked(format, file, check),
        "## Recipe and lineage",
        _recipe(source),
        "## Cost",
        _cost(source),
        "## Preprocessing",
        _preprocessing(source.model.card),
        "## Limits",
        _limits(source),
        "## Licences",
        _licences(source),
    ]
    return "\n\n".join(parts) + "\n"


# --- YAML ---


def _front(source: CardSource, format: Format) -> str:
    """Every value is written as JSON, which is YAML, so that no name can end it."""
    run, evaluation = source.run, source.evaluation
    metrics = [("accuracy", evaluation.accuracy), ("f1", evaluation.macro_f1)]
    result: dict[str, Any] = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {"name": source.dataset.name, "type": "imagefolder", "split": "test"},
        "metrics": [{"type": kind, "value": value} for kind, value in metrics if value is not None],
    }
    entries: dict[str, Any] = {
        **_licence(source),
        "library_name": LIBRARIES[format],
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "transfer-learning", "graft"],
        "metrics": [one["type"] for one in result["metrics"]],
        "model-index": [{"name": run.name, "results": [result]}],
    }
    bases = [name for name in (_hub_name(backbone) for _, backbone in source.sources) if name]
    if bases:
        entries["base_model"] = bases
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in entries.items())


def _licence(source: CardSource) -> dict[str, str]:
    """Of the backbones, where all have the same and the Hub knows it; else the Hub wants a name beside ``other``."""
    found = sorted({backbone.licence.lower() if backbone else "" for _, backbone in source.sources})
    if len(found) == 1 and found[0] in _LICENCES:
        return {"license": found[0]}
    if not any(found):
        return {"license": "unknown"}
    return {"license": "other", "license_name": " and ".join(licence or "not known" for licence in found)}


def _hub_name(backbone: Backbone | None) -> str:
    """``owner/repository`` of a backbone of the Hub; else ""."""
    kind, _, rest = (backbone.source if backbone else "").partition(":")
    return rest.partition("@")[0] if kind == "hub" else ""


# --- the sections ---


def _summary(source: CardSource) -> str:
    run, dataset = source.run, source.dataset
    kinds = listed([_text(name) for name in dataset.class_names], 12)
    return (
        f"It names one of {count(len(dataset.class_names), 'class', 'classes')} for a photo: {kinds}.\n\n"
        f"**Test accuracy {percent(run.test_accuracy, source.evaluation.ci95)}** (95 % interval, Wilson) on "
        f"{count(source.evaluation.n, 'test photo')} that were used for nothing else. Trained by Graft {VERSION}, "
        f"run `{run.id}`."
    )


def _use(source: CardSource, file: str, inputs: Sequence[str]) -> str:
    calibrated = float((source.model.card.get("calibration") or {}).get("temperature", 1.0))
    scaled = f" A temperature of {calibrated:.3f}, fitted on validation photos, is applied." if calibrated != 1 else ""
    return (
        "```\npip install -r requirements.txt\npython predict.py PHOTO ...\n```\n\n"
        f'Or `docker build -t model .` and `docker run --rm -v "$PWD:/photos:ro" model /photos/one.jpg`.\n\n'
        f"`{file}` takes {'; '.join(inputs)}; it returns the probabilities of the classes in the order of "
        f"`labels.json`.{scaled} `predict.py` shows every step. `sha256sum -c SHA256SUMS` checks the files."
    )


def _photos(dataset: Dataset) -> str:
    header = ["class", "train", "validation", "test"]
    rows = [
        [_text(name), *(dataset.counts.get(split, {}).get(name, 0) for split in SPLITS)] for name in dataset.class_names
    ]
    total = ["all", *(dataset.split_sizes[split] for split in SPLITS)]
    given = "came with the photos" if dataset.split_given else f"was drawn by Graft (stratified, seed {dataset.seed})"
    said = (
        f"Dataset **{_text(dataset.name)}** version {dataset.version}; the split {given}. SHA-256 `{dataset.digest}`."
    )
    return f"{said}\n\n{_table(header, [*rows, total])}"


def _accuracy(source: CardSource) -> str:
    found = source.evaluation
    metrics = [
        ["accuracy", percent(found.accuracy, found.ci95)],
        ["balanced accuracy", percent(found.balanced_accuracy)],
        ["macro F1", percent(found.macro_f1)],
        ["log-loss", "not measured" if found.log_loss is None else f"{found.log_loss:.3f}"],
        ["calibration error (ECE, 15 bins, before any temperature)", percent(found.ece)],
    ]
    classes = [
        [_text(one.class_name), one.photos, percent(one.precision), percent(one.recall), percent(one.f1)]
        for one in found.per_class
    ]
    return (
        f"{_table(['measured on test photos', 'value'], metrics)}\n\n"
        f"{_table(['class', 'test photos', 'precision', 'recall', 'F1'], classes)}"
    )


def _checked(format: Format, file: str, check: ExportCheck) -> str:
    row = FORMATS[format]
    return (
        f"`{file}` was run by `predict.py` on {check.photos} of {count(check.of, 'test photo')} and compared with "
        f"the probabilities that Graft measured: largest difference {check.difference:.1e} (at most {row.limit:g} is "
        f"accepted), the same class on {percent(check.agreement)}. Versions: see `requirements.txt`."
    )


def _recipe(source: CardSource) -> str:
    lines = [f"- {_text(describe(source.run.recipe))}"]
    for name, backbone in source.sources:
        if backbone is None:
            lines.append(f"- from `{name}`, which was removed since")
        else:
            top1 = f", ImageNet top-1 {percent(backbone.top1)}" if backbone.top1 else ""
            lines.append(
                f"- from {_text(backbone.title)} (`{backbone.source}`, weights `{backbone.weights_digest}`{top1})"
            )
    lines += [f"- from the model of run `{id_}`: {_text(name)}" for id_, name in source.parents]
    settings = {name: value for name, value in source.run.recipe.settings().items() if value is not None}
    values = [[_text(name), _text(value)] for name, value in settings.items()]
    return "\n".join(lines) + f"\n\n{_table(['setting', 'value'], values)}"


def _cost(source: CardSource) -> str:
    cost = source.cost
    rows = [
        ["training time, as if alone", duration(cost.alone_wall_seconds)],
        ["time spent, with what was reused", duration(cost.wall_seconds)],
        ["energy", energy(cost.energy_joules) if cost.energy_joules is not None else "not measured"],
        ["parameters (trained)", f"{amount(cost.parameters_total)} ({amount(cost.parameters_trainable)})"],
        ["multiply-adds per photo", amount(cost.multiply_adds)],
        ["time per photo on the machine of the training", milliseconds(cost.ms_per_photo)],
        ["size", size(cost.model_bytes)],
    ]
    return _table(["what", "measured"], rows)


def _preprocessing(card: dict) -> str:
    steps = card.get("preprocessing", {}).get("steps", ())
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)) or "See `predict.py`."


def _limits(source: CardSource) -> str:
    rare = [one.class_name for one in source.evaluation.per_class if one.photos < 10]
    lines = [
        "- It names one of its classes for every photo, also for one that shows none of them.",
        "- The accuracy holds for photos like those of the dataset: other cameras, light or subjects were not tested.",
        "- Photos were not checked for bias or for persons; do not decide about people with it.",
    ]
    if source.run.recipe.cascade is Cascade.CONFIDENCE:
        lines.append("- It combines a cheap and a costly model; one file computes both for every photo.")
    if rare:
        said = listed([_text(name) for name in rare], 8)
        lines.append(f"- Fewer than 10 test photos, so that little is known about them: {said}.")
    return "\n".join(lines)


def _licences(source: CardSource) -> str:
    lines = [
        f"- weights of {_text(backbone.title)}: {_text(backbone.licence) or 'not known'}"
        f"{f'; trained on {_text(backbone.trained_on)}' if backbone.trained_on else ''}"
        for _, backbone in source.sources
        if backbone is not None
    ]
    lines += [f"- weights of `{name}`: not known, it was removed" for name, known in source.sources if known is None]
    lines.append("- photos: not recorded by Graft. State their licence here before you publish this model.")
    lines.append("- Graft itself adds no condition.")
    return "\n".join(lines)


def _text(value: object) -> str:
    """A name of the user as Markdown that shows it, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(visible(str(value)).split()))


def _table(header: Sequence[Any], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; a line break in a cell would end its row."""

    def line(cells: Sequence[Any]) -> str:
        return "| " + " | ".join(" ".join(str(cell).split()) for cell in cells) + " |"

    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])
