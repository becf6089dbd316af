"""What recipes and their parts are called: titles with an explanation, values as text, and the names of runs."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from core.recipes.defaults import suggest_hyperparameters
from core.recipes.grid import InvalidCell
from core.recipes.recipe import Cascade, Pattern, Recipe, Schedule, Solver
from core.text.units import amount, count

LONGEST_NAME = 120
"""A limit for the names of nested ensembles."""


class Label(NamedTuple):
    """A title and one or two sentences that explain it."""

    title: str
    description: str

    @property
    def short(self) -> str:
        """The title without what it has in parentheses: ``Feature extraction``."""
        return self.title.partition(" (")[0]


PATTERNS: dict[Pattern, Label] = {
    Pattern.INTEGRATED_EXTRACTOR: Label(
        "Feature extraction (frozen backbone + new head)",
        "A new head is trained on the features of the frozen backbone. Fast, and a strong baseline.",
    ),
    Pattern.FINE_TUNING: Label(
        "Fine-tuning",
        "First the head is trained, then the top blocks as well, at a low rate. Often more accurate, slower.",
    ),
    Pattern.STANDALONE_EXTRACTOR: Label(
        "Feature extraction + scikit-learn",
        "The features of the frozen backbone are saved; a scikit-learn classifier is trained on them.",
    ),
    Pattern.CLASSIFIER: Label(
        "Pretrained classifier (zero training)",
        "The pretrained network with its ImageNet classes mapped to yours by name. Nothing is trained.",
    ),
    Pattern.WEIGHT_INITIALIZATION: Label(
        "Full fine-tuning (weight initialization)",
        "All layers are trained, starting from the pretrained weights. Slow, and needs many photos.",
    ),
    Pattern.FROM_SCRATCH: Label(
        "From scratch",
        "The same network trained from random weights: the control that shows what pretraining gives.",
    ),
    Pattern.CASCADE: Label(
        "Cascade / ensemble",
        "Several backbones or finished runs combined, for accuracy or to save the cost of a large one.",
    ),
}
"""The ones most often chosen first."""

CASCADES: dict[Cascade, Label] = {
    Cascade.FUSION: Label("Fusion", "The features of two or more backbones, concatenated, under one new head."),
    Cascade.STACKING: Label(
        "Stacking", "The predictions of a finished run and the features of a backbone are the inputs of a new head."
    ),
    Cascade.CONFIDENCE: Label(
        "Confidence cascade",
        "A cheap run predicts; where its confidence is below a threshold, a costlier run does. Nothing is trained; the "
        "threshold is chosen on the validation photos.",
    ),
    Cascade.ENSEMBLE: Label("Ensemble", "The mean of the predictions of several finished runs. Nothing is trained."),
}

HYPERPARAMETERS: dict[str, Label] = {
    "epochs": Label("Epochs", "Passes over the training photos. The weights of the best epoch are kept."),
    "views": Label(
        "Augmentations per photo",
        "Augmented versions of every training photo (flip, crop, brightness); 1 is the photo itself. "
        "With cached features each one costs one more forward pass; they help where photos are few.",
    ),
    "learning_rate": Label("Learning rate", "Of the optimizer (Adam)."),
    "batch_size": Label("Batch size", "Photos per gradient step."),
    "dropout": Label("Dropout", "Fraction of the features that are dropped at random in training."),
    "hidden_units": Label("Hidden units", "Units of one hidden layer in the head; 0 for a linear head."),
    "label_smoothing": Label("Label smoothing", "Of the cross-entropy loss; 0.1 helps where labels are noisy."),
    "seed": Label(
        "Seed",
        "Of initial weights, order, dropout and augmentation. The same seed gives the same model; repetitions with "
        "others show the variance.",
    ),
    "depth": Label("Depth", "Counted in blocks from the top of the network."),
    "head_epochs": Label(
        "Head warm-up (epochs)", "Of all epochs, the first ones, in which only the new head is trained."
    ),
    "fine_tuning_rate": Label(
        "Fine-tuning rate", "Learning rate of the head and the topmost block once the blocks are unfrozen."
    ),
    "schedule": Label("Schedule", "Constant, or cosine: the learning rate rises linearly, then decays to 0."),
    "warmup": Label("Warm-up fraction", "Fraction of the steps of a cosine schedule in which the learning rate rises."),
    "rate_decay": Label(
        "Rate decay per block",
        "Every block is trained at this fraction of the rate of the block above it; 1 for equal rates.",
    ),
    "unfreeze_every": Label(
        "Gradual unfreezing (epochs)", "Epochs until the next block down is unfrozen; 0 for all blocks at once."
    ),
    "clip_norm": Label("Gradient clipping", "Largest global norm of a gradient; 0 for no clipping."),
    "patience": Label(
        "Early stopping patience", "Stop after this many epochs without a lower validation loss; 0 for never."
    ),
    "class_weights": Label("Class weights", "Weight photos by the inverse frequency of their class."),
    "mixed_precision": Label("Mixed precision", "float16 arithmetic on a GPU; no effect on a CPU."),
    "solver": Label(
        "Classifier",
        "The scikit-learn classifier trained on the features. Its own settings are chosen on the validation photos.",
    ),
}

_UNFROZEN = Label("Unfrozen blocks", "How many of the topmost blocks are trained besides the head.")
_REMOVED = Label("Removed blocks", "How many of the topmost blocks are removed: cheaper, less specialised features.")

SOLVERS: dict[Solver, str] = {
    Solver.LOGISTIC_REGRESSION: "Logistic regression",
    Solver.LINEAR_SVM: "Linear SVM",
    Solver.K_NEAREST_NEIGHBOURS: "k nearest neighbours",
    Solver.GRADIENT_BOOSTING: "Gradient boosting",
}
SCHEDULES: dict[Schedule, str] = {Schedule.CONSTANT: "Constant", Schedule.COSINE: "Cosine"}

_CHOICES: dict[str, dict[str, str]] = {
    "pattern": {str(pattern): label.short for pattern, label in PATTERNS.items()},
    "cascade": {str(cascade): label.title for cascade, label in CASCADES.items()},
    "solver": {str(solver): title for solver, title in SOLVERS.items()},
    "schedule": {str(schedule): title for schedule, title in SCHEDULES.items()},
}


# --- parts of a recipe ---


def hyperparameter_label(pattern: Pattern, name: str) -> Label:
    """Title and help of a hyperparameter, as this pattern uses it."""
    if name == "depth":
        return _UNFROZEN if pattern is Pattern.FINE_TUNING else _REMOVED
    return HYPERPARAMETERS[name]


def setting_title(name: str) -> str:
    """Of any part of a recipe: "Gradient clipping", "Backbone"."""
    return HYPERPARAMETERS[name].title if name in HYPERPARAMETERS else name.capitalize().replace("_", " ")


def choice_title(name: str, value: str) -> str:
    """Of one of several choices: ``Linear SVM`` of the solver ``linear_svm``; other values with spaces."""
    return _CHOICES.get(name, {}).get(value) or value.replace("_", " ")


def value_text(value: Any) -> str:
    """A hyperparameter's value: ``0.003``, ``Logistic regression``, ``yes``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Solver):
        return SOLVERS[value]
    if isinstance(value, Schedule):
        return SCHEDULES[value]
    return amount(value) if isinstance(value, int) and value >= 10_000 else f"{value:g}"


def method_title(recipe: Recipe) -> str:
    """Pattern, or kind of cascade: ``Fine-tuning``, ``Ensemble``."""
    return PATTERNS[recipe.pattern].short if recipe.cascade is None else CASCADES[recipe.cascade].title


def describe(recipe: Recipe) -> str:
    """What distinguishes recipes of one backbone: the pattern, and the hyperparameters that differ from the usual."""
    return " · ".join([method_title(recipe), *_unusual(recipe)])


def _unusual(recipe: Recipe) -> list[str]:
    if recipe.cascade is not None and recipe.cascade.combines_runs:
        return [count(len(recipe.members), "run")]
    settings = recipe.settings()
    found = [_counted("epochs", settings["epochs"])] if "epochs" in settings else []
    found += [_counted("views", settings["views"])] if settings.get("views", 1) > 1 else []
    found += [_depth(recipe)] if "depth" in settings and _depth(recipe) else []
    found += [_lower(SOLVERS[settings["solver"]])] if "solver" in settings else []
    usual = suggest_hyperparameters(train_photos=5000, classes=2, pattern=recipe.pattern)
    for name, value in settings.items():
        if name in HYPERPARAMETERS and name not in _TOLD and value != getattr(usual, name):
            found.append(f"{_lower(HYPERPARAMETERS[name].short)} {value_text(value)}".removesuffix(" yes"))
    return found


_TOLD = {"epochs", "views", "depth", "solver", "batch_size"}
"""Described separately by ``_unusual``; batch sizes depend on the size of the dataset."""


def _counted(name: str, number: int) -> str:
    return count(number, {"epochs": "epoch", "views": "augmentation"}[name])


def _depth(recipe: Recipe) -> str:
    """``top 2 blocks``, ``without top block``; "" where an extractor keeps all blocks."""
    depth = recipe.hyperparameters.depth
    blocks = count(depth, "block") if depth > 1 else "block"
    if recipe.pattern is Pattern.FINE_TUNING:
        return f"top {blocks}"
    return f"without top {blocks}" if depth else ""


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


# --- names of runs ---


def name_of(recipe: Recipe, title_of: Callable[[str], str]) -> str:
    """The name of a new run: "EfficientNet-Lite0 · fine-tuning (top 2 blocks)".

    On the model of a run: "EfficientNet-Lite0 · feature extraction, then fine-tuning (top 2 blocks)".

    Args:
        title_of: the title of a backbone (by its name) or of a run (by its id).
    """
    if recipe.cascade is not None:
        name = _CASCADES[recipe.cascade]([title_of(part) for part in (*recipe.backbones, *recipe.runs)])
    else:
        joint = ", then " if recipe.backbone.startswith("r-") else " · "
        depth = f" ({_depth(recipe)})" if "depth" in recipe.settings() and _depth(recipe) else ""
        name = f"{title_of(recipe.backbone)}{joint}{method_name(recipe)}{depth}"
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1].rstrip()}…"


def name_of_invalid(cell: InvalidCell, title_of: Callable[[str], str]) -> str:
    """What a run of this cell would be called, with the values that were chosen: "EfficientNet-Lite0 · fine-tuning
    (depth 99)"."""
    titles = ", ".join(title_of(source) for source in cell.sources) or "no members"
    method = PATTERNS[cell.pattern].short if cell.cascade is None else CASCADES[cell.cascade].title
    chosen = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in cell.settings)
    return f"{titles} · {_lower(method)}" + (f" ({chosen})" if chosen else "")


def method_name(recipe: Recipe) -> str:
    """How the backbone is used, inside a name: ``feature extraction + linear SVM``."""
    if recipe.pattern is Pattern.STANDALONE_EXTRACTOR:
        return f"feature extraction + {_lower(SOLVERS[recipe.hyperparameters.solver])}"
    return _lower(method_title(recipe))


_CASCADES: dict[Cascade, Callable[[list[str]], str]] = {
    Cascade.FUSION: lambda names: f"Fusion of {_and(names)}",
    Cascade.STACKING: lambda names: f"{names[0]} stacked on {names[1]}",
    Cascade.CONFIDENCE: lambda names: f"Cascade of {_shared_method_last(names)}",
    Cascade.ENSEMBLE: lambda names: f"Ensemble of {_shared_method_last(names)}",
}


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _shared_method_last(names: list[str]) -> str:
    """A method that all have is named once: "Lite0, Lite1 and Lite2 · feature extraction"."""
    parts = [name.partition(" · ") for name in names]
    methods = {method for _, _, method in parts}
    if len(methods) > 1 or "" in methods:
        return _and(names)
    return f"{_and([network for network, _, _ in parts])} · {methods.pop()}"


# --- names beside each other ---


def distinct_names(runs: Iterable[tuple[str, str, Recipe]], ignored: Collection[str] = ()) -> dict[str, str]:
    """``{id: name}``; runs of one name are followed by what their recipes differ in: "Lite0 (40 epochs, seed 7)".

    Args:
        runs: (id, name, recipe); runs whose recipes do not differ are followed by their id.
        ignored: hyperparameters that are never named.
    """
    groups = defaultdict(list)
    for run in runs:
        groups[run[1]].append(run)
    return {run_id: name for group in groups.values() for run_id, name in _with_differences(group, ignored)}


def _with_differences(group: Sequence[tuple[str, str, Recipe]], ignored: Collection[str]) -> list[tuple[str, str]]:
    if len(group) == 1:
        return [(group[0][0], group[0][1])]
    skipped = {"members", "mapping", *ignored}
    settings = [{key: value for key, value in recipe.settings().items() if key not in skipped} for *_, recipe in group]
    keys = dict.fromkeys(key for one in settings for key in one)
    differing = [key for key in keys if len({str(one.get(key)) for one in settings}) > 1]
    endings = [", ".join(_setting(key, one[key]) for key in differing if one.get(key) is not None) for one in settings]
    unique = [
        ending if endings.count(ending) == 1 else ", ".join(part for part in (ending, run[0]) if part)
        for ending, run in zip(endings, group, strict=True)
    ]
    return [(run_id, f"{name} ({ending})") for (run_id, name, _), ending in zip(group, unique, strict=True)]


def _setting(key: str, value: Any) -> str:
    if key in ("epochs", "views"):
        return _counted(key, value)
    if isinstance(value, bool):
        return f"{'with' if value else 'without'} {key.replace('_', ' ')}"
    return f"{key} {value}".replace("_", " ")


_FAMILY = re.compile(r"\b[A-Z]\w*-(?=[A-Z0-9])")
"""The part of a network's name before the hyphen: "EfficientNet-" of "EfficientNet-Lite0"."""


def without_family(name: str) -> str:
    """``Lite0 · fine-tuning`` of "EfficientNet-Lite0 · fine-tuning"."""
    return _FAMILY.sub("", name)


def without_shared(names: Mapping[str, str]) -> dict[str, str]:
    """Names without the families that all of them have in common.

    Args:
        names: by run id. A single name, and names that would no longer be distinct, stay as they are.
    """
    families = [set(_FAMILY.findall(name)) for name in names.values()]
    shared = set.intersection(*families) if len(families) > 1 else set()
    found = {
        run_id: _FAMILY.sub(lambda family: "" if family[0] in shared else family[0], name)
        for run_id, name in names.items()
    }
    return found if len(set(found.values())) == len(set(names.values())) else dict(names)
