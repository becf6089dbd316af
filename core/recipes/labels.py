"""What recipes and their parts are called: titles with an explanation, and values as text."""

from enum import StrEnum
from typing import Any, NamedTuple

from core.datasets.decoding.fit import Fit
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.recipe import Augmentation, BestEpoch, Cascade, Pattern, Recipe, Schedule, Solver
from core.text.units import amount, count


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
        "Augmented versions of every training photo; 1 is the photo itself, without augmentation. "
        "With cached features each one costs one more forward pass, which all repetitions share.",
    ),
    "augmentation": Label(
        "Kind of augmentation",
        "Flips: photos are mirrored at random and vary in brightness, contrast and saturation. Flips and crops: "
        "besides, a random part of 70 to 100 % of the photo is seen. Crops suit photos of an object, and harm where a "
        "small detail at the edge decides the class, such as a defect.",
    ),
    "learning_rate": Label("Learning rate", "Of the optimizer (Adam)."),
    "batch_size": Label("Batch size", "Photos per gradient step."),
    "dropout": Label("Dropout", "Fraction of the features that are dropped at random in training."),
    "hidden_units": Label("Hidden units", "Units of one hidden layer in the head; 0 for a linear head."),
    "label_smoothing": Label("Label smoothing", "Of the cross-entropy loss; 0.1 helps where labels are noisy."),
    "seed": Label(
        "Seed",
        "Of initial weights, order and dropout. The same seed gives the same model; repetitions with others show the "
        "variance. All of them see the same augmented photos, which are computed once.",
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
    "best_by": Label(
        "Best epoch by",
        "Which epoch's weights are kept: that of the lowest validation loss, of the lowest calibrated validation loss "
        "(one temperature for all photos first corrects overconfidence), or of the highest validation accuracy (of "
        "equals the lowest loss).",
    ),
    "patience": Label(
        "Early stopping patience", "Stop after this many epochs without a better one on validation; 0 for never."
    ),
    "class_weights": Label("Class weights", "Weight photos by the inverse frequency of their class."),
    "mixed_precision": Label("Mixed precision", "float16 arithmetic on a GPU; no effect on a CPU."),
    "normalize": Label(
        "Normalized features",
        "The head's inputs are centred and divided by one number, so that one learning rate suits every backbone. "
        "Part of the saved model.",
    ),
    "zero_head": Label(
        "Zero-initialized head", "The head's output layer starts at zero instead of random weights (Glorot)."
    ),
    "full_search": Label(
        "Full search of C",
        "Logistic regression and linear SVM: the path of C goes on until the best one is inside it, and every fit "
        "converges. Off: the short path of Graft before 0.7.",
    ),
    "solver": Label(
        "Classifier",
        "The scikit-learn classifier trained on the features. Its own settings are chosen on the validation photos.",
    ),
    "input_size": Label(
        "Input size", "Side of the network's square input in pixels; 0 for the size the backbone was trained at."
    ),
    "fit": Label(
        "Fit",
        "How a photo becomes the square input: squash (the whole photo, its sides scaled independently), crop (the "
        "square in its middle) or pad (the whole photo between bars).",
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
FITS: dict[Fit, str] = {Fit.SQUASH: "Squash", Fit.CROP: "Crop", Fit.PAD: "Pad"}
SCHEDULES: dict[Schedule, str] = {Schedule.CONSTANT: "Constant", Schedule.COSINE: "Cosine"}
AUGMENTATIONS: dict[Augmentation, str] = {Augmentation.FLIPS: "Flips", Augmentation.CROPS: "Flips and crops"}
BEST_BY: dict[BestEpoch, str] = {
    BestEpoch.LOSS: "Validation loss",
    BestEpoch.CALIBRATED: "Calibrated validation loss",
    BestEpoch.ACCURACY: "Validation accuracy",
}

_CHOICES: dict[str, dict[str, str]] = {
    "pattern": {str(pattern): label.short for pattern, label in PATTERNS.items()},
    "cascade": {str(cascade): label.title for cascade, label in CASCADES.items()},
    "solver": {str(solver): title for solver, title in SOLVERS.items()},
    "schedule": {str(schedule): title for schedule, title in SCHEDULES.items()},
    "fit": {str(fit): title for fit, title in FITS.items()},
    "augmentation": {str(augmentation): title for augmentation, title in AUGMENTATIONS.items()},
    "best_by": {str(best): title for best, title in BEST_BY.items()},
}

_TITLES: dict[str, str] = {str(one): title for all_ in _CHOICES.values() for one, title in all_.items()}

_PARTS = {"views_by_seed": "Other augmentations with every seed"}
"""Titles of parts whose name is not one."""


# --- parts of a recipe ---


def hyperparameter_label(pattern: Pattern, name: str) -> Label:
    """Title and help of a hyperparameter, as this pattern uses it."""
    if name == "depth":
        return _UNFROZEN if pattern is Pattern.FINE_TUNING else _REMOVED
    return HYPERPARAMETERS[name]


def setting_title(name: str) -> str:
    """Of any part of a recipe: "Gradient clipping", "Backbone"."""
    if name in HYPERPARAMETERS:
        return HYPERPARAMETERS[name].title
    return _PARTS.get(name) or name.capitalize().replace("_", " ")


def choice_title(name: str, value: str) -> str:
    """Of one of several choices: ``Linear SVM`` of the solver ``linear_svm``; other values with spaces."""
    return _CHOICES.get(name, {}).get(value) or value.replace("_", " ")


def value_text(value: Any) -> str:
    """A hyperparameter's value: ``0.003``, ``Logistic regression``, ``yes``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return _TITLES[value]
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
    told = ["epochs"] if "epochs" in settings else []
    told += ["views"] if settings.get("views", 1) > 1 else []
    told += ["depth"] if settings.get("depth", 0) > 0 else []
    told += ["solver"] if "solver" in settings else []
    told += ["input_size"] if settings.get("input_size") else []
    found = [setting_text(recipe, name) for name in told]
    usual = suggest_hyperparameters(train_photos=5000, classes=2, pattern=recipe.pattern)
    for name, value in settings.items():
        if name in HYPERPARAMETERS and name not in _TOLD and value != getattr(usual, name):
            found.append(setting_text(recipe, name))
    return found


_TOLD = {"epochs", "views", "depth", "solver", "input_size", "batch_size"}
"""Described separately by ``_unusual``; batch sizes depend on the size of the dataset."""


def setting_text(recipe: Recipe, name: str) -> str:
    """A hyperparameter inside a name or sentence: ``20 epochs``, ``top 2 blocks``, ``seed 8``, ``no class weights``."""
    value = getattr(recipe.hyperparameters, name)
    title = in_text(HYPERPARAMETERS[name].short)
    if name == "epochs":
        return count(value, "epoch")
    if name == "views":
        return count(value, "augmentation")
    if name == "depth":
        return _depth(recipe)
    if name == "solver":
        return in_text(SOLVERS[value])
    if name == "input_size":
        return f"{value} px" if value else "own size"
    if name == "fit":
        return in_text(FITS[value])
    if isinstance(value, bool):
        return title if value else f"no {title}"
    if name == "schedule":
        return f"{in_text(SCHEDULES[value])} schedule"
    if name == "augmentation":
        return f"augmentation by {in_text(AUGMENTATIONS[value])}"
    if name == "best_by":
        return f"{title} {in_text(BEST_BY[value])}"
    return f"{title} {value_text(value)}"


def _depth(recipe: Recipe) -> str:
    """``top 2 blocks``, ``without top block``, ``all blocks``."""
    depth = recipe.hyperparameters.depth
    blocks = count(depth, "block") if depth > 1 else "block"
    if recipe.pattern is Pattern.FINE_TUNING:
        return f"top {blocks}"
    return f"without top {blocks}" if depth else "all blocks"


def in_text(title: str) -> str:
    """A title inside a sentence: ``linear SVM``."""
    return title[:1].lower() + title[1:]
