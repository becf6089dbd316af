"""What recipes and their parts are called: titles with an explanation, and values as text."""

from enum import StrEnum
from typing import Any, NamedTuple

from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import Fit
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.hyperparameters import Adapter, Augmentation, BestEpoch, Precision, Schedule, Solver
from core.recipes.patterns import FROM_A_RUN, TRAINS_TOP_BLOCKS, Cascade, Pattern
from core.recipes.recipe import Recipe
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
    Pattern.PARAMETER_EFFICIENT: Label(
        "Parameter-efficient fine-tuning (LoRA, norm-only, BitFit)",
        "As fine-tuning, but only small parts of the top blocks are trained; their kernels stay as they are.",
    ),
    Pattern.STANDALONE_EXTRACTOR: Label(
        "Feature extraction + scikit-learn",
        "The features of the frozen backbone are saved; a scikit-learn classifier is trained on them.",
    ),
    Pattern.MULTI_LAYER_PROBE: Label(
        "Multi-layer probe (features of several cuts)",
        "Pooled features of several blocks together under one logistic regression; the backbone stays frozen.",
    ),
    Pattern.CLASSIFIER: Label(
        "Pretrained classifier (zero training)",
        "ImageNet classes are mapped to yours by name, or a text stands for each class. Nothing is trained.",
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
    Pattern.DISTILLATION: Label(
        "Distillation (a small backbone learns from a finished run)",
        "As feature extraction, but the head learns the predictions of a finished run besides the labels.",
    ),
    Pattern.QUANTIZATION: Label(
        "Quantization (a finished model in fewer bits)",
        "The networks of a finished model are stored, and may compute, in 16 or 8 bits. Nothing is trained.",
    ),
}
"""The ones most often chosen first."""

OFFERED: dict[Pattern, Label] = {pattern: label for pattern, label in PATTERNS.items() if pattern not in FROM_A_RUN}
"""Those of the page Train and of ``core train``; the others start from a run, see ``core shrink``."""

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
    "adapter": Label(
        "Trained parts",
        "What is trained in the unfrozen blocks besides the head. LoRA: the product of two small matrices, added to "
        "every dense layer and convolution (in transformers to query and value); it is merged into the saved model. "
        "Normalization: scale and offset of the normalization layers. Biases (BitFit): biases and these offsets.",
    ),
    "rank": Label(
        "Rank of LoRA",
        "Inner size of LoRA's two matrices: a larger one trains more parameters. No effect without LoRA.",
    ),
    "cuts": Label(
        "Cuts",
        "At how many places of the backbone features are taken, at equal distances; the top is one of them. They "
        "are computed in one pass.",
    ),
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
        "Input size", "Side of the network's square input in pixels. Without one, the size the backbone was trained at."
    ),
    "fit": Label(
        "Fit",
        "How a photo becomes the square input: squash (the whole photo, its sides scaled independently), crop (the "
        "square in its middle) or pad (the whole photo between bars).",
    ),
    "precision": Label(
        "Precision",
        "Of a quantized model. float16: weights in 16 bits. int8 weights: weights in 8 bits. int8: arithmetic in 8 "
        "bits as well, where an operation allows it, calibrated on training photos.",
    ),
    "teacher_weight": Label(
        "Weight of the teacher",
        "Of a distillation: the targets are this fraction of the teacher's probabilities, and the rest of the label. "
        "At 0 it is feature extraction.",
    ),
    "pooling": Label(
        "Pooling",
        "How the tokens of a vision transformer become one vector of features. Own: as the network was trained; class "
        "token; or the mean of the patches. The mean is also a choice for convolutional networks that pool in a way of "
        "their own; the others are averaged in any case.",
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
POOLINGS: dict[Pooling, str] = {
    Pooling.OWN: "Own",
    Pooling.CLASS_TOKEN: "Class token",
    Pooling.MEAN: "Mean",
}
SCHEDULES: dict[Schedule, str] = {Schedule.CONSTANT: "Constant", Schedule.COSINE: "Cosine"}
AUGMENTATIONS: dict[Augmentation, str] = {Augmentation.FLIPS: "Flips", Augmentation.CROPS: "Flips and crops"}
PRECISIONS: dict[Precision, str] = {
    Precision.FLOAT16: "float16",
    Precision.INT8_WEIGHTS: "int8 weights",
    Precision.INT8: "int8",
}
ADAPTERS: dict[Adapter, str] = {
    Adapter.LORA: "LoRA",
    Adapter.NORM: "Normalization",
    Adapter.BIAS: "Biases (BitFit)",
}
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
    "pooling": {str(pooling): title for pooling, title in POOLINGS.items()},
    "augmentation": {str(augmentation): title for augmentation, title in AUGMENTATIONS.items()},
    "adapter": {str(adapter): title for adapter, title in ADAPTERS.items()},
    "precision": {str(precision): title for precision, title in PRECISIONS.items()},
    "best_by": {str(best): title for best, title in BEST_BY.items()},
}

_TITLES: dict[str, str] = {str(one): title for all_ in _CHOICES.values() for one, title in all_.items()}

OWN_SIZE = "own size"
"""Of the input, where none is chosen: the size that a backbone was trained at."""

_PARTS = {"views_by_seed": "Other augmentations with every seed"}
"""Titles of parts whose name is not one."""


# --- parts of a recipe ---


def hyperparameter_label(pattern: Pattern, name: str) -> Label:
    """Title and help of a hyperparameter, as this pattern uses it."""
    if name == "depth":
        return _UNFROZEN if pattern in TRAINS_TOP_BLOCKS else _REMOVED
    return HYPERPARAMETERS[name]


def setting_title(name: str) -> str:
    """Of any part of a recipe: "Gradient clipping", "Backbone"."""
    if name in HYPERPARAMETERS:
        return HYPERPARAMETERS[name].title
    return _PARTS.get(name) or name.capitalize().replace("_", " ")


def choice_title(name: str, value: str) -> str:
    """Of one of several choices: ``Linear SVM`` of the solver ``linear_svm``; other values with spaces."""
    if name == "input_size" and value == "0":
        return OWN_SIZE
    return _CHOICES.get(name, {}).get(value) or value.replace("_", " ")


def value_text(value: Any) -> str:
    """A hyperparameter's value: ``0.003``, ``Logistic regression``, ``yes``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return _TITLES[value]
    return amount(value) if isinstance(value, int) and value >= 10_000 else f"{value:g}"


def method_title(recipe: Recipe) -> str:
    """Pattern, or kind of cascade: ``Fine-tuning``, ``Zero-shot classifier``, ``Ensemble``."""
    if recipe.prompts:
        return "Zero-shot classifier"
    return PATTERNS[recipe.pattern].short if recipe.cascade is None else CASCADES[recipe.cascade].title


def describe(recipe: Recipe) -> str:
    """What distinguishes recipes of one backbone: the pattern, and the hyperparameters that differ from the usual."""
    return " · ".join([method_title(recipe), *_unusual(recipe)])


def _unusual(recipe: Recipe) -> list[str]:
    if recipe.cascade is not None and recipe.combines_runs:
        return [count(len(recipe.members), "run")]
    settings = recipe.settings()
    told = ["epochs"] if "epochs" in settings else []
    told += ["views"] if settings.get("views", 1) > 1 else []
    told += ["depth"] if settings.get("depth", 0) > 0 else []
    told += [name for name in ("solver", "adapter", "cuts", "precision") if name in settings]
    told += ["input_size"] if settings.get("input_size") else []
    found = [setting_text(recipe, name) for name in told]
    usual = suggest_hyperparameters(train_photos=5000, classes=2, pattern=recipe.pattern)
    for name, value in settings.items():
        if name in recipe.used and name not in _TOLD and value != getattr(usual, name):
            found.append(setting_text(recipe, name))
    return found


_TOLD = {"epochs", "views", "depth", "solver", "adapter", "cuts", "precision", "input_size", "batch_size"}
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
    if name == "adapter":
        return in_text(ADAPTERS[value])
    if name == "precision":
        return PRECISIONS[value]
    if name == "rank":
        return f"rank {value}"
    if name == "cuts":
        return count(value, "cut")
    if name == "input_size":
        return f"{value} px" if value else OWN_SIZE
    if name == "fit":
        return in_text(FITS[value])
    if name == "pooling":
        return f"{in_text(POOLINGS[value])} pooling"
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
    if recipe.pattern in TRAINS_TOP_BLOCKS:
        return f"top {blocks}"
    return f"without top {blocks}" if depth else "all blocks"


def in_text(title: str) -> str:
    """A title inside a sentence: ``linear SVM``; ``LoRA``, which has a capital inside, stays as it is."""
    word = title.split(" ", 1)[0]
    return title if word[1:] != word[1:].lower() else title[:1].lower() + title[1:]
