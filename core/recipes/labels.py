"""How patterns, cascades and hyperparameters are put to people: a title and a sentence each."""

from typing import Any

from core.recipes.defaults import suggest_hyperparameters
from core.recipes.recipe import RELEVANT, Cascade, Pattern, Recipe, Schedule, Solver
from core.text.units import amount, count

PATTERNS: dict[Pattern, tuple[str, str]] = {
    Pattern.INTEGRATED_EXTRACTOR: (
        "Frozen + new head",
        "The pretrained network stays as it is; a new head learns on what it sees. Quick, and hard to beat.",
    ),
    Pattern.FINE_TUNING: (
        "Fine-tuned",
        "A new head first, then the topmost blocks learn too, in small steps. Often more accurate, and slower.",
    ),
    Pattern.STANDALONE_EXTRACTOR: (
        "Features + classic",
        "What the network sees is saved as numbers, and a classic scikit-learn classifier learns on them.",
    ),
    Pattern.CLASSIFIER: (
        "As it is",
        "Nothing learns: its 1,000 ImageNet classes are read as yours by their names. Shows where you start.",
    ),
    Pattern.WEIGHT_INITIALIZATION: (
        "All layers",
        "The whole network learns, starting from the pretrained weights. Slow, and needs many photos.",
    ),
    Pattern.FROM_SCRATCH: (
        "From scratch",
        "The same network without pretraining: the control that shows what pretraining is worth.",
    ),
    Pattern.CASCADE: (
        "Cascade",
        "Several networks or finished runs work together, for accuracy or to spare a costly one.",
    ),
}
"""Title and sentence of every pattern, the ones most often chosen first."""

CASCADES: dict[Cascade, tuple[str, str]] = {
    Cascade.FUSION: ("Fusion", "What two or more networks see goes side by side under one new head."),
    Cascade.STACKING: ("Stacking", "The answers of a finished run go, with what a network sees, to a new head."),
    Cascade.CONFIDENCE: (
        "Confidence",
        "A cheap run answers when it is sure enough, else a costlier one is asked. Nothing is trained; how sure is "
        "sure enough is chosen on the validation photos.",
    ),
    Cascade.ENSEMBLE: ("Ensemble", "The mean of what several finished runs say. Nothing is trained."),
}
"""Title and sentence of every way to work together."""

FIELDS: dict[str, tuple[str, str]] = {
    "epochs": ("Epochs", "How often the training photos are seen. The best epoch is kept, so more does no harm."),
    "views": (
        "Views per photo",
        "Augmented renderings of every training photo (mirrored, cropped, brightened). 1 is the photo itself. "
        "On stored features each view costs one more pass through the network; it helps where photos are few.",
    ),
    "learning_rate": ("Learning rate", "Size of the steps of the optimizer (Adam)."),
    "batch_size": ("Batch size", "Photos per step."),
    "dropout": ("Dropout", "Share of features hidden at random in training, so that the head relies on many of them."),
    "hidden_units": ("Hidden units", "Size of one extra layer in the head. 0 is a linear head, right for most photos."),
    "label_smoothing": (
        "Label smoothing",
        "How far from certain the head is asked to stay; 0.1 helps when labels err.",
    ),
    "seed": (
        "Seed",
        "Start of all random numbers. The same seed gives the same model; another shows how much is luck.",
    ),
    "depth": ("Depth", "Counted in blocks from the top of the network."),
    "head_epochs": ("Head alone for", "Of all epochs, how many the new head learns alone before the blocks join in."),
    "fine_tuning_rate": (
        "Rate after that",
        "Learning rate of the head and the topmost block once the blocks learn too: small, to forget little.",
    ),
    "schedule": ("Schedule", "Constant: the rate stays. Cosine: it rises at first, then falls to nothing."),
    "warmup": ("Warm-up", "Share of the steps in which the rate of a cosine schedule rises."),
    "rate_decay": (
        "Rate per block down",
        "Every block learns at this share of the rate of the one above it. 1: all alike.",
    ),
    "unfreeze_every": (
        "One more block every",
        "Gradual unfreezing: epochs until the next block down joins in. 0: all at once.",
    ),
    "clip_norm": ("Gradient limit", "Largest norm of a gradient, so that one odd batch cannot do harm. 0: none."),
    "patience": ("Patience", "Stop after so many epochs without a smaller validation loss. 0: never."),
    "class_weights": ("Rare classes count more", "Photos of rare classes weigh more, so that all classes count alike."),
    "mixed_precision": ("Half precision on a GPU", "Faster on a GPU that can; changes nothing on a CPU."),
    "solver": (
        "Classifier",
        "Which scikit-learn classifier learns on the features. Its own settings are chosen on the validation photos.",
    ),
}  # fmt: skip
"""Title and help of every hyperparameter."""

_DEPTHS: dict[Pattern, tuple[str, str]] = {
    Pattern.FINE_TUNING: ("Blocks that learn", "How many of the topmost blocks learn besides the head."),
}
_LEFT_OUT = ("Blocks left out", "How many of the topmost blocks are left out: cheaper, and what is seen is simpler.")

SOLVERS: dict[Solver, str] = {
    Solver.LOGISTIC_REGRESSION: "Logistic regression",
    Solver.LINEAR_SVM: "Linear SVM",
    Solver.K_NEAREST_NEIGHBOURS: "k nearest neighbours",
    Solver.GRADIENT_BOOSTING: "Gradient boosting",
}
SCHEDULES: dict[Schedule, str] = {Schedule.CONSTANT: "Constant", Schedule.COSINE: "Cosine"}


def field_words(pattern: Pattern, name: str) -> tuple[str, str]:
    """Title and help of a hyperparameter, as this pattern uses it."""
    return _DEPTHS.get(pattern, _LEFT_OUT) if name == "depth" else FIELDS[name]


def setting_title(name: str) -> str:
    """Of any part of a recipe: "Gradient limit", "Backbone"."""
    return FIELDS[name][0] if name in FIELDS else f"{name[:1].upper()}{name[1:]}".replace("_", " ")


def choice_words(name: str, value: str) -> str:
    """A part of a recipe that is one of several words: ``Fine-tuned`` of the pattern ``fine_tuning``."""
    return _CHOICES.get(name, {}).get(value) or value.replace("_", " ")


_CHOICES: dict[str, dict[str, str]] = {
    "pattern": {str(pattern): title for pattern, (title, _) in PATTERNS.items()},
    "cascade": {str(cascade): title for cascade, (title, _) in CASCADES.items()},
    "solver": {str(solver): title for solver, title in SOLVERS.items()},
    "schedule": {str(schedule): title for schedule, title in SCHEDULES.items()},
}
"""Titles of the parts of a recipe that are one of several words."""


def value_words(value: Any) -> str:
    """A hyperparameter's value: ``0.003``, ``Logistic regression``, ``yes``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in SOLVERS:
        return SOLVERS[value]
    if value in SCHEDULES:
        return SCHEDULES[value]
    return amount(value) if isinstance(value, int) and value >= 10_000 else f"{value:g}"


def method_words(recipe: Recipe) -> str:
    """Pattern, or kind of cascade: ``Fine-tuned``, ``Ensemble``."""
    if recipe.cascade is not None:
        return CASCADES[recipe.cascade][0]
    return PATTERNS[recipe.pattern][0]


_ALWAYS = ("epochs", "views")


def recipe_words(recipe: Recipe) -> str:
    """What tells recipes of one backbone apart: the pattern, and the hyperparameters that are not the usual ones."""
    return " · ".join([method_words(recipe), *_numbers(recipe)])


def _numbers(recipe: Recipe) -> list[str]:
    if recipe.cascade is not None and recipe.cascade.combines_runs:
        return [count(len(recipe.members), "run")]
    chosen, relevant = recipe.hyperparameters, RELEVANT[recipe.pattern]
    said = [count(getattr(chosen, name), name.removesuffix("s")) for name in _ALWAYS if name in relevant]
    said += [_depth(recipe)] if "depth" in relevant and (chosen.depth or recipe.pattern is Pattern.FINE_TUNING) else []
    solver = SOLVERS[chosen.solver]
    said += [solver[:1].lower() + solver[1:]] if "solver" in relevant else []
    for name in relevant:
        value = getattr(chosen, name)
        if name not in (*_ALWAYS, "depth", "solver", "batch_size") and value != _suggested(recipe.pattern, name):
            said.append(f"{FIELDS[name][0].lower()} {value_words(value)}".removesuffix(" yes"))
    return said


def _depth(recipe: Recipe) -> str:
    depth = recipe.hyperparameters.depth
    blocks = count(depth, "block") if depth > 1 else "block"
    return f"top {blocks}" if recipe.pattern is Pattern.FINE_TUNING else f"without the top {blocks}"


def _suggested(pattern: Pattern, name: str):
    """The usual value; those asked for here do not depend on the size of a dataset."""
    return getattr(suggest_hyperparameters(train_photos=5000, classes=2, pattern=pattern), name)
