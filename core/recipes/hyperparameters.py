"""The hyperparameters of a recipe: what each may be, which of them a pattern uses, and as words of a command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput
from core.recipes.patterns import Pattern
from core.text.nearly import did_you_mean


class Solver(StrEnum):
    """The scikit-learn classifiers that are trained on stored features."""

    LOGISTIC_REGRESSION = "logistic_regression"
    LINEAR_SVM = "linear_svm"
    K_NEAREST_NEIGHBOURS = "k_nearest_neighbours"
    GRADIENT_BOOSTING = "gradient_boosting"


LINEAR_SOLVERS = (Solver.LOGISTIC_REGRESSION, Solver.LINEAR_SVM)
"""Those with a C."""


class Schedule(StrEnum):
    """The learning rate over the steps of a stage."""

    CONSTANT = "constant"
    COSINE = "cosine"


class Adapter(StrEnum):
    """What parameter-efficient fine-tuning trains inside the blocks."""

    LORA = "lora"  # a product of two small matrices added to kernels (Hu et al. 2021)
    NORM = "norm"  # scale and offset of normalisation layers (Frankle et al. 2021)
    BIAS = "bias"  # biases, and the offset of normalisation layers (BitFit, Ben Zaken et al. 2022)


class Precision(StrEnum):
    """In how many bits a quantized model stores and computes."""

    FLOAT16 = "float16"  # weights in 16 bits, arithmetic in 32
    INT8_WEIGHTS = "int8_weights"  # weights in 8 bits, arithmetic in 32
    INT8 = "int8"  # weights and, where an operation allows it, arithmetic in 8 bits, calibrated on training photos


class Augmentation(StrEnum):
    """What every view but the first changes about a photo."""

    FLIPS = "flips"  # half of them are mirrored; light and colour vary slightly
    CROPS = "flips_and_crops"  # besides, only a part of the photo is seen


@dataclass(frozen=True)
class ViewSettings:
    """Which view of a photo is meant.

    Args:
        view: 0 for the photo itself, which has no other settings; the others are augmented.
        seed, augmentation: of an augmented view.
    """

    view: int = 0
    seed: int = 0
    augmentation: Augmentation = Augmentation.CROPS

    def __post_init__(self) -> None:
        if not self.view:
            object.__setattr__(self, "seed", 0)
            object.__setattr__(self, "augmentation", Augmentation.CROPS)


ITSELF = ViewSettings()
"""The photo itself."""


class BestEpoch(StrEnum):
    """Which epoch's weights are kept, by the validation photos."""

    LOSS = "loss"  # the smallest loss
    CALIBRATED = "calibrated_loss"  # the smallest loss at the best temperature
    ACCURACY = "accuracy"  # the highest accuracy, of equals the smallest loss


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """Numbers the user may choose before a run. Those a pattern uses are in ``RELEVANT``.

    Args:
        epochs: passes over the training photos, over all stages.
        batch_size: photos per gradient step.
        learning_rate: of Adam; of the head in fine-tuning, of everything elsewhere.
        dropout: fraction of features dropped in training, 0..1 (1 excluded).
        hidden_units: size of one hidden layer before the output; 0 for none.
        label_smoothing: 0..1 (1 excluded).
        views: augmented renderings of every training photo (1 = only the photo itself); epoch e uses view e mod views.
        augmentation: how the views differ; no effect where there is one.
        seed: of initial weights, dropout and order.
        depth: counted in blocks from the top. Extractors: blocks left out; fine-tuning: blocks that are trained.
        adapter: parameter-efficient fine-tuning: what is trained inside the blocks.
        rank: of LoRA's matrices.
        cuts: multi-layer probe: number of cuts whose pooled features are used together.
        head_epochs: fine-tuning: of ``epochs``, the first ones in which only the head is trained.
        fine_tuning_rate: learning rate of the head and the topmost block after that.
        schedule: of the learning rate (in fine-tuning: after the head's epochs).
        warmup: fraction of a cosine schedule's steps in which the rate rises, 0..1 (1 excluded).
        rate_decay: every block is trained at this factor of the rate of the block above it; 1 for equal rates.
        unfreeze_every: gradual unfreezing: epochs until the next block down is unfrozen; 0 for all at once.
        clip_norm: largest norm of a gradient step's gradient, all variables together; 0 for no limit.
        best_by: which epoch is the best one, whose weights are kept.
        patience: early stopping: epochs without a better one before training ends; 0 for never.
        class_weights: whether photos are weighted by the inverse frequency of their class.
        mixed_precision: float16 arithmetic on a GPU; no effect on a CPU.
        normalize: whether the head's inputs are centred and divided by one number, of the training photos' features;
            no effect in fine-tuning without ``head_epochs``.
        zero_head: whether the head's output layer starts at zero; else at random (Glorot and Bengio 2010).
        solver: standalone extractor: which scikit-learn classifier.
        full_search: whether a linear solver's C is searched until the best is inside the path, every fit to
            convergence; else on the fixed path of before 0.7.
        input_size: side of the networks' input in pixels; 0 for the own size of every backbone.
        fit: how a photo becomes this square.
        pooling: how tokens become features; no effect on networks without tokens.
        precision: quantization: the bits of the smaller model.
        teacher_weight: distillation: weight of the teacher's probabilities in the targets, 0..1.
    """

    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3
    dropout: float = 0.2
    hidden_units: int = 0
    label_smoothing: float = 0.0
    views: int = 1
    augmentation: Augmentation = Augmentation.CROPS
    seed: int = 0
    depth: int = 0
    adapter: Adapter = Adapter.LORA
    rank: int = 8
    cuts: int = 4
    head_epochs: int = 0
    fine_tuning_rate: float = 1e-4
    schedule: Schedule = Schedule.CONSTANT
    warmup: float = 0.1
    rate_decay: float = 1.0
    unfreeze_every: int = 0
    clip_norm: float = 0.0
    best_by: BestEpoch = BestEpoch.LOSS
    patience: int = 0
    class_weights: bool = False
    mixed_precision: bool = False
    normalize: bool = False
    zero_head: bool = False
    solver: Solver = Solver.LOGISTIC_REGRESSION
    full_search: bool = False
    input_size: int = 0
    fit: Fit = Fit.SQUASH
    pooling: Pooling = Pooling.OWN
    precision: Precision = Precision.INT8
    teacher_weight: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            _check(field.name, getattr(self, field.name))


BOUNDS: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "learning_rate": (1e-7, 10.0),
    "dropout": (0.0, 0.95),
    "hidden_units": (0, 8192),
    "label_smoothing": (0.0, 0.9),
    "views": (1, 1000),
    "seed": (0, 2**31 - 1),
    "depth": (0, 1000),
    "rank": (1, 512),
    "cuts": (2, 16),
    "head_epochs": (0, 10_000),
    "fine_tuning_rate": (1e-8, 1.0),
    "warmup": (0.0, 0.9),
    "rate_decay": (0.01, 1.0),
    "unfreeze_every": (0, 1000),
    "clip_norm": (0.0, 1000.0),
    "patience": (0, 10_000),
    "input_size": (0, LARGEST_INPUT),
    "teacher_weight": (0.0, 1.0),
}
"""Smallest and largest value of every number; whole numbers where both are whole."""

CHOICES: dict[str, tuple] = {
    "adapter": tuple(Adapter),
    "augmentation": tuple(Augmentation),
    "best_by": tuple(BestEpoch),
    "schedule": tuple(Schedule),
    "solver": tuple(Solver),
    "fit": tuple(Fit),
    "pooling": tuple(Pooling),
    "precision": tuple(Precision),
    "class_weights": (False, True),
    "mixed_precision": (False, True),
    "normalize": (False, True),
    "zero_head": (False, True),
    "full_search": (False, True),
}
"""The values of every hyperparameter that is no number."""

KINDS = {name: type(choices[0]) for name, choices in CHOICES.items() if isinstance(choices[0], StrEnum)}
"""The enumerations among them."""


def _check(name: str, value: Any) -> None:
    if name in CHOICES:
        if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in CHOICES[name]):
            allowed = ", ".join(str(choice).lower() for choice in CHOICES[name])
            raise InvalidInput(f"{name} must be one of: {allowed}. Received: {name}={value!r}")
        return
    low, high = BOUNDS[name]
    whole = isinstance(low, int)
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise InvalidInput(f"{name} must be a {'whole ' if whole else ''}number. Received: {name}={value!r}")
    if not low <= value <= high:
        raise InvalidInput(f"{name} must be between {low:g} and {high:g}. Received: {name}={value!r}")


ADDED: dict[str, Any] = {
    "input_size": 0,
    "fit": Fit.SQUASH,
    "pooling": Pooling.OWN,
    "normalize": False,
    "zero_head": False,
    "full_search": False,
    "augmentation": Augmentation.CROPS,
    "best_by": BestEpoch.LOSS,
    "adapter": Adapter.LORA,
    "rank": 8,
    "cuts": 4,
    "precision": Precision.INT8,
    "teacher_weight": 0.5,
}
"""Hyperparameters that came after 0.6.0, with the value that all earlier runs had. At that value they are no part of a
fingerprint, so that earlier runs are found."""

_INPUT = ("input_size", "fit")
_FEATURES = (*_INPUT, "pooling")
_EVERY_HEAD = (
    "epochs", "learning_rate", "batch_size", "views", "augmentation", "dropout", "hidden_units",
    "label_smoothing", "best_by", "patience", "class_weights", "clip_norm", "seed",
)  # fmt: skip
_FROZEN_FIRST = ("normalize", "zero_head")
_WHOLE_NETWORK = (*_EVERY_HEAD, "schedule", "warmup", "mixed_precision")
_TOP_BLOCKS = (
    *_WHOLE_NETWORK, "depth", "head_epochs", "fine_tuning_rate", "rate_decay", "unfreeze_every", *_FROZEN_FIRST,
)  # fmt: skip

RELEVANT: dict[Pattern, tuple[str, ...]] = {
    Pattern.CLASSIFIER: _INPUT,
    Pattern.STANDALONE_EXTRACTOR: (
        "solver", "full_search", "depth", "views", "augmentation", "class_weights", "seed", *_FEATURES,
    ),
    Pattern.INTEGRATED_EXTRACTOR: (*_EVERY_HEAD, "depth", *_FROZEN_FIRST, *_FEATURES),
    Pattern.FINE_TUNING: (*_TOP_BLOCKS, *_FEATURES),
    Pattern.PARAMETER_EFFICIENT: ("adapter", "rank", *_TOP_BLOCKS, *_FEATURES),
    Pattern.MULTI_LAYER_PROBE: ("cuts", "views", "augmentation", "class_weights", "seed", *_FEATURES),
    Pattern.WEIGHT_INITIALIZATION: (*_WHOLE_NETWORK, "rate_decay", *_FEATURES),
    Pattern.FROM_SCRATCH: (*_WHOLE_NETWORK, *_FEATURES),
    Pattern.CASCADE: (*_EVERY_HEAD, *_FROZEN_FIRST, *_FEATURES),
    Pattern.DISTILLATION: ("teacher_weight", *_EVERY_HEAD, "depth", *_FROZEN_FIRST, *_FEATURES),
    Pattern.QUANTIZATION: ("precision",),
}  # fmt: skip
"""The hyperparameters a pattern uses, those most often changed first; the others have no effect."""


def parsed_settings(assignments: Mapping[str, str]) -> dict[str, Any]:
    """``name=text`` values as given on a command line, as values.

    Raises:
        InvalidInput: there is no such hyperparameter, or the text is no value of it.
    """
    return {name: _parsed(name, text) for name, text in assignments.items()}


def _parsed(name: str, text: str) -> Any:
    if name in CHOICES:
        return _choice(name, text, CHOICES[name])
    if name not in BOUNDS:
        names = (*BOUNDS, *CHOICES)
        meant = did_you_mean(name, names)
        raise InvalidInput(f"There is no hyperparameter {name!r}.{meant} Choose from: {', '.join(names)}")
    kind = type(BOUNDS[name][0])
    try:
        return kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise InvalidInput(f"{name} must be {expected}. Received: {name}={text}") from None


def _choice(name: str, text: str, choices: Sequence) -> Any:
    for choice in choices:
        if text.strip().lower() == str(choice).lower():
            return choice
    allowed = ", ".join(str(choice).lower() for choice in choices)
    raise InvalidInput(f"{name} must be one of: {allowed}. Received: {name}={text}")
