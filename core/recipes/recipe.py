"""How a backbone is used: pattern, hyperparameters, and the fingerprint by which earlier runs are found.

A recipe is independent of the data. ``program`` has what its pattern means for the trainer, ``defaults`` the
hyperparameters suggested for a dataset.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from core.backbones.token_network import Pooling
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput
from core.text.nearly import did_you_mean

TRAINING_VERSION = 2
"""Raised whenever the same recipe would train differently; old runs are then no longer reused."""


class Pattern(StrEnum):
    """How the pretrained network is used; the names of the literature."""

    CLASSIFIER = "classifier"
    STANDALONE_EXTRACTOR = "standalone_extractor"
    INTEGRATED_EXTRACTOR = "integrated_extractor"
    FINE_TUNING = "fine_tuning"
    WEIGHT_INITIALIZATION = "weight_initialization"
    FROM_SCRATCH = "from_scratch"
    PARAMETER_EFFICIENT = "parameter_efficient"
    MULTI_LAYER_PROBE = "multi_layer_probe"
    CASCADE = "cascade"
    DISTILLATION = "distillation"
    QUANTIZATION = "quantization"


WITH_MEMBERS = (Pattern.CASCADE, Pattern.DISTILLATION, Pattern.QUANTIZATION)
"""Patterns whose recipe names further backbones or runs."""

FROM_A_RUN = (Pattern.DISTILLATION, Pattern.QUANTIZATION)
"""Patterns that make the model of a finished run smaller."""

OF_A_BACKBONE = tuple(pattern for pattern in Pattern if pattern not in WITH_MEMBERS)
"""Patterns that use one backbone and nothing else."""

TRAINS_NO_EPOCHS = (
    Pattern.CLASSIFIER, Pattern.STANDALONE_EXTRACTOR, Pattern.MULTI_LAYER_PROBE, Pattern.QUANTIZATION,
)  # fmt: skip
"""Patterns without gradient descent."""

TRAINS_TOP_BLOCKS = (Pattern.FINE_TUNING, Pattern.PARAMETER_EFFICIENT)
"""Patterns that train the head first, then the top ``depth`` blocks as well, or parts of them."""


class Cascade(StrEnum):
    """How several models are combined."""

    FUSION = "fusion"  # features of several backbones together under one head
    STACKING = "stacking"  # a run's probabilities passed on, with a backbone's features, to a new head
    CONFIDENCE = "confidence"  # a cheap run predicts where it is confident, a costlier one elsewhere
    ENSEMBLE = "ensemble"  # the mean of several runs' probabilities

    @property
    def combines_runs(self) -> bool:
        """Whether nothing is trained: stored probabilities are combined."""
        return self in (Cascade.CONFIDENCE, Cascade.ENSEMBLE)


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

VIEWS_SEED = 0
"""Of the augmented views, which belong to the dataset: every repetition of a recipe sees the same ones."""

PARTS = ("backbone", "pattern", "cascade", "members", "mapping", "prompts", "views_by_seed")
"""The fields of a recipe besides its hyperparameters."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Backbone x pattern x hyperparameters.

    Args:
        backbone: name of the catalogue, or the id of a run whose model is the backbone. Where finished runs alone are
            used (``combines_runs``): "".
        cascade: which cascade; None for every other pattern.
        members: what works together with the backbone. Fusion: further backbones; stacking: one run. Confidence: the
            cheap run, then the costly one; ensemble: the runs. Quantization: the run whose model is made smaller.
            Distillation: the teacher, the run whose predictions are learned.
        mapping: classifier: (ImageNet synset, class name) pairs the user corrected, class name "" for "none of them";
            synsets not named keep the mapping found by their names.
        prompts: zero-shot classifier: (class name, text) pairs, see ``core.recipes.prompts``; () without texts.
        views_by_seed: whether the seed decides the views too, as before 0.7. Views of a new recipe belong to the
            dataset, so that its repetitions share their features.
    """

    backbone: str
    pattern: Pattern = Pattern.INTEGRATED_EXTRACTOR
    hyperparameters: Hyperparameters = Hyperparameters()
    cascade: Cascade | None = None
    members: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    prompts: tuple[tuple[str, str], ...] = ()
    views_by_seed: bool = False

    def __post_init__(self) -> None:
        if (self.pattern is Pattern.CASCADE) != (self.cascade is not None):
            raise InvalidInput(f"Only the pattern cascade needs a kind of cascade. Received: {self.cascade}")
        if self.pattern is Pattern.QUANTIZATION and (self.backbone or len(self.members) != 1):
            raise InvalidInput(
                "A quantization makes the model of one finished run smaller. Received: "
                f"{', '.join((self.backbone, *self.members)).strip(', ') or 'none'}"
            )
        if self.pattern is Pattern.DISTILLATION and (not self.backbone or len(self.members) != 1):
            raise InvalidInput(
                "A distillation needs a backbone and one finished run, its teacher. Received: "
                f"{', '.join((self.backbone, *self.members)).strip(', ') or 'none'}"
            )
        if self.cascade is not None:
            _check_members(self)

    @property
    def backbones(self) -> tuple[str, ...]:
        """Every backbone whose features are used, in the order they are put side by side."""
        if self.combines_runs:
            return ()
        return (self.backbone, *(self.members if self.cascade is Cascade.FUSION else ()))

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run whose predictions are used."""
        return () if self.cascade is Cascade.FUSION else self.members

    @property
    def combines_runs(self) -> bool:
        """Whether it uses nothing but finished runs: their probabilities, or the model of one."""
        return self.pattern is Pattern.QUANTIZATION or (self.cascade is not None and self.cascade.combines_runs)

    @property
    def is_trained(self) -> bool:
        """Whether epochs are run."""
        if self.cascade is not None:
            return not self.cascade.combines_runs
        return self.pattern not in TRAINS_NO_EPOCHS

    @property
    def length_matters(self) -> bool:
        """Whether the first epochs of a longer run differ from those of a shorter one (a rate that falls over all)."""
        return "schedule" in RELEVANT[self.pattern] and self.hyperparameters.schedule == Schedule.COSINE

    @property
    def views_seed(self) -> int:
        """The seed of the augmented views."""
        return self.hyperparameters.seed if self.views_by_seed else VIEWS_SEED

    @property
    def pooling(self) -> Pooling:
        """Of tokens; the network's own in patterns that take its own outputs."""
        return self.hyperparameters.pooling if "pooling" in RELEVANT[self.pattern] else Pooling.OWN

    @property
    def used(self) -> tuple[str, ...]:
        """The hyperparameters of its pattern, without those that another one switches off."""
        hp = self.hyperparameters
        off = set() if hp.solver in LINEAR_SOLVERS else {"full_search"}
        off |= set() if hp.adapter == Adapter.LORA else {"rank"}
        return tuple(name for name in RELEVANT[self.pattern] if name not in off)

    def settings(self) -> dict[str, Any]:
        """What was chosen, in order, under the recipe's own names: its parts, then the hyperparameters that are used.

        Empty parts are None. A cascade that combines finished runs uses no hyperparameters.
        """
        names = () if self.cascade is not None and self.combines_runs else RELEVANT[self.pattern]
        return {name: getattr(self, name) or None for name in PARTS} | {
            name: getattr(self.hyperparameters, name) for name in names
        }

    def to_dict(self) -> dict:
        return {
            "backbone": self.backbone,
            "pattern": str(self.pattern),
            "hyperparameters": asdict(self.hyperparameters),
            "cascade": None if self.cascade is None else str(self.cascade),
            "members": list(self.members),
            "mapping": [list(pair) for pair in self.mapping],
            "prompts": [list(pair) for pair in self.prompts],
            "views_by_seed": self.views_by_seed,
        }

    @classmethod
    def from_dict(cls, data: dict) -> "Recipe":
        hp = dict(data["hyperparameters"])
        for name, kind in KINDS.items():
            if name in hp:
                hp[name] = kind(hp[name])
        cascade, pattern = data.get("cascade"), Pattern(data["pattern"])
        return cls(
            backbone=data["backbone"],
            pattern=pattern,
            hyperparameters=Hyperparameters(**hp),
            cascade=None if cascade is None else Cascade(cascade),
            members=tuple(data.get("members", ())),
            mapping=tuple((synset, name) for synset, name in data.get("mapping", ())),
            prompts=tuple((name, text) for name, text in data.get("prompts", ())),
            views_by_seed=data.get("views_by_seed", _has_views_of_a_seed(pattern, hp)),
        )


def _has_views_of_a_seed(pattern: Pattern, hp: Mapping[str, Any]) -> bool:
    """Whether the same recipe had other views before 0.7, when the seed of the run decided them."""
    usual = Hyperparameters()
    several = "views" in RELEVANT[pattern] and hp.get("views", usual.views) > 1
    return several and hp.get("seed", usual.seed) != VIEWS_SEED


MEMBERS: dict[Cascade, tuple[int, int, str]] = {
    Cascade.FUSION: (1, 8, "a fusion needs two to nine backbones"),
    Cascade.STACKING: (1, 1, "stacking needs one finished run and one backbone"),
    Cascade.CONFIDENCE: (2, 2, "a confidence cascade needs two finished runs, the cheap one first"),
    Cascade.ENSEMBLE: (2, 50, "an ensemble needs two to fifty finished runs"),
}
"""Fewest and most members (``Recipe.members``), and the sentence for an error."""


def _check_members(recipe: Recipe) -> None:
    assert recipe.cascade is not None
    fewest, most, rule = MEMBERS[recipe.cascade]
    everyone = (*recipe.backbones, *recipe.runs)
    if not fewest <= len(recipe.members) <= most:
        raise InvalidInput(f"{rule[0].upper()}{rule[1:]}. Received: {', '.join(everyone) or 'none'}")
    if len(set(everyone)) < len(everyone):
        twice = next(name for name in everyone if everyone.count(name) > 1)
        raise InvalidInput(f"{rule[0].upper()}{rule[1:]}, each of them once. Received twice: {twice}")


def fingerprint(recipe: Recipe, *, dataset_digest: str, weights_digest: str) -> str:
    """SHA-256 of everything that determines the result, except the number of epochs.

    Runs of before 0.7 keep theirs: that the views belong to the dataset is part of it only where it makes a difference.

    At a constant learning rate, runs with the same fingerprint have the same epochs; the longer one has more of them.
    So an interrupted run can be resumed, and a finished one extended.

    Args:
        weights_digest: of the backbone's weights; of several backbones and members, joined by "+" in their order.
    """
    data = _parts(recipe) | {"hyperparameters": _told_apart(recipe, without="epochs")}
    by_seed = data.pop("views_by_seed")
    if not by_seed and _has_views_of_a_seed(recipe.pattern, vars(recipe.hyperparameters)):
        data["views_by_seed"] = False
    data |= {"dataset": dataset_digest, "weights": weights_digest, "training_version": TRAINING_VERSION}
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def family(recipe: Recipe) -> str:
    """A digest shared by all repetitions of a recipe, which differ in the seed (before 0.7 in their views too) and
    nothing else, and by no other recipe."""
    data = _parts(recipe) | {"hyperparameters": _told_apart(recipe, without="seed")}
    del data["views_by_seed"]
    text = json.dumps(data, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _parts(recipe: Recipe) -> dict[str, Any]:
    """As ``to_dict``; texts, which came after 0.6.0, only where there are some."""
    data = recipe.to_dict()
    if not recipe.prompts:
        del data["prompts"]
    return data


def _told_apart(recipe: Recipe, *, without: str) -> dict[str, Any]:
    """The hyperparameters that tell recipes of a pattern apart; those of ``ADDED`` only at another value."""
    used = {name: getattr(recipe.hyperparameters, name) for name in recipe.used if name != without}
    return {name: value for name, value in used.items() if name not in ADDED or value != ADDED[name]}


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
