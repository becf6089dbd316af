"""What a run will read, compute and hold, known before it starts: photos, bytes and multiply-adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from math import prod

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.features.sizes import bytes_per_photo
from core.features.store import is_stored, key_of, key_of_predictions
from core.recipes.program import MAPPING, PIXELS, PREDICTIONS, TOP, Part, Program, Stage, block_of_cut, pooled
from core.recipes.recipe import Hyperparameters, Recipe
from core.settings import Settings

BACKWARD = 2.0
"""A step back costs twice a step forward: one product for the inputs, one for the weights (Kaplan et al. 2020, 2.1)."""

TENSORFLOW_BYTES = 850 * 10**6
"""What a trainer holds that learns a head from stored features (peak of EfficientNet-Lite0 runs)."""

WORKING_BYTES = 600 * 10**6
"""What computing features (the network is exported first) or training blocks holds beside that (likewise)."""

_ACTIVATIONS = 17.0
"""Numbers kept for the step back per number of a block's output: its inner layers are up to six times as wide, before
and after normalisation (EfficientNet-Lite0, all layers: 68 MB more a photo in the batch, from 16 to 64)."""


@dataclass(frozen=True, kw_only=True)
class FeatureLoad:
    """One split in one view at one cut of one source.

    Args:
        photos, bytes: how many, and what they take on disk. multiply_adds: of computing them all.
        stored: whether they are there already.
    """

    part: Part
    split: str
    view: int
    photos: int
    bytes: int
    multiply_adds: float
    stored: bool


@dataclass(frozen=True, kw_only=True)
class ResourceEstimate:
    """What a run needs.

    Args:
        readings: all features it reads. steps: photos shown to a head that learns alone, over all epochs.
        training: multiply-adds of the suffix over all epochs, forward and backward, validation included.
        memory_bytes: the trainer is expected to hold at most.
    """

    readings: tuple[FeatureLoad, ...]
    steps: int
    training: float
    memory_bytes: int

    @property
    def missing(self) -> tuple[FeatureLoad, ...]:
        return tuple(reading for reading in self.readings if not reading.stored)

    @property
    def stored(self) -> bool:
        return not self.missing

    @property
    def disk_bytes(self) -> int:
        return sum(reading.bytes for reading in self.missing)

    @property
    def computing(self) -> float:
        """Multiply-adds of the features that are missing."""
        return sum(reading.multiply_adds for reading in self.missing)

    @property
    def spared(self) -> float:
        """Multiply-adds of the features that are there."""
        return sum(reading.multiply_adds for reading in self.readings if reading.stored)


@dataclass(frozen=True, kw_only=True)
class Answering:
    """A finished run whose answers are used: its model's digest, classes, and multiply-adds per photo."""

    digest: str
    classes: int
    multiply_adds: int


@dataclass(frozen=True, kw_only=True)
class RecipeInputs:
    """What a recipe builds on: its backbones by name, its runs by id."""

    backbones: Mapping[str, Backbone]
    runs: Mapping[str, Answering]

    def multiply_adds(self, part: Part) -> float:
        """Of one photo from its pixels to ``part``."""
        if part.cut == PREDICTIONS:
            return self.runs[part.source].multiply_adds
        backbone = self.backbones[part.source]
        return backbone.multiply_adds * share_below(backbone, part.cut)


def share_below(backbone: Backbone, cut: str) -> float:
    """The part of a network's work that is done before ``cut``, 0..1, as if every block cost the same.

    Counted layer by layer on EfficientNet-Lite0: the top two of 18 blocks do 13 % of the work, the top six 37 %.
    """
    if cut == PIXELS:
        return 0.0
    block = block_of_cut(cut)
    return 1.0 if block is None else (backbone.blocks.index(block) + 1) / len(backbone.blocks)


def needs_of(
    recipe: Recipe,
    program: Program,
    *,
    dataset: Dataset,
    sources: RecipeInputs,
    settings: Settings,
    first_epoch: int = 1,
) -> ResourceEstimate:
    """What is left to do of ``recipe`` from ``first_epoch`` on (1-based)."""
    stages = [stage for stage in program.stages if stage.last_epoch >= first_epoch]
    readings = _readings(recipe, program, stages, dataset, sources, settings, first_epoch)
    train = dataset.split_sizes["train"]
    epochs = [(stage, stage.last_epoch - max(stage.first_epoch, first_epoch) + 1) for stage in stages]
    return ResourceEstimate(
        readings=tuple(readings),
        steps=train * sum(count for stage, count in epochs if _head_alone(stage)),
        training=sum(count * _epoch_work(stage, dataset, sources) for stage, count in epochs),
        memory_bytes=_memory(recipe, program, readings, sources),
    )


# --- features ---


def _readings(recipe, program: Program, stages, dataset, sources, settings, first_epoch: int) -> list[FeatureLoad]:
    numbers = recipe.hyperparameters
    wanted: dict[tuple[Part, str, int], None] = {}
    for stage in stages:
        epochs = range(max(stage.first_epoch, first_epoch), stage.last_epoch + 1)
        views = sorted({(epoch - 1) % numbers.views for epoch in epochs})
        for part in stage.inputs:
            wanted |= dict.fromkeys([*((part, "train", view) for view in views), (part, "validation", 0)])
    for part in program.inputs:
        if not program.stages and program.head != MAPPING:
            wanted |= dict.fromkeys((part, "train", view) for view in range(numbers.views))
        wanted |= dict.fromkeys([(part, "validation", 0), (part, "test", 0)])
    return [
        _reading(part, split, view, numbers, dataset, sources, settings)
        for part, split, view in wanted
        if part.cut != PIXELS
    ]


def _reading(part: Part, split: str, view: int, numbers: Hyperparameters, dataset, sources: RecipeInputs, settings):
    photos = dataset.split_sizes[split]
    if part.cut == PREDICTIONS:
        run = sources.runs[part.source]
        key = key_of_predictions(dataset, run.digest, split, view=view, seed=numbers.seed)
        size = 4 * run.classes
    else:
        backbone = sources.backbones[part.source]
        key = key_of(dataset, backbone, split, cut=part.cut, view=view, seed=numbers.seed)
        size = bytes_per_photo(backbone, part.cut)
    return FeatureLoad(
        part=part,
        split=split,
        view=view,
        photos=photos,
        bytes=photos * size,
        multiply_adds=photos * sources.multiply_adds(part),
        stored=is_stored(key, settings),
    )


# --- training ---


def _epoch_work(stage: Stage, dataset: Dataset, sources: RecipeInputs) -> float:
    """Multiply-adds of the suffix in one epoch: forward and backward for training, forward for validation."""
    if _head_alone(stage):
        return 0.0
    train, validation = dataset.split_sizes["train"], dataset.split_sizes["validation"]
    suffix = sum(_suffix(part, sources) for part in stage.inputs)
    return suffix * ((1 + BACKWARD) * train + validation)


def _head_alone(stage: Stage) -> bool:
    return all(pooled(part.cut) for part in stage.inputs)


def _suffix(part: Part, sources: RecipeInputs) -> float:
    return sources.multiply_adds(Part(source=part.source, cut=TOP)) - sources.multiply_adds(part)


# --- memory ---


def _memory(recipe: Recipe, program: Program, readings: Iterable[FeatureLoad], sources: RecipeInputs) -> int:
    """TensorFlow, the vectors (maps stay on disk), and what a training step of the suffix keeps."""
    vectors = sum(reading.bytes for reading in readings if pooled(reading.part.cut))
    suffixes = [
        _step_bytes(sources.backbones[part.source], part.cut, recipe.hyperparameters.batch_size)
        for part in dict.fromkeys(chain.from_iterable(stage.inputs for stage in program.stages))
        if not pooled(part.cut)
    ]
    networks = sum(4 * backbone.parameters for backbone in sources.backbones.values())
    working = WORKING_BYTES if suffixes or not all(reading.stored for reading in readings) else 0
    return TENSORFLOW_BYTES + working + networks + vectors + max(suffixes, default=0)


def _step_bytes(backbone: Backbone, cut: str, batch_size: int) -> int:
    """Activations of one batch, and weights, gradients and Adam's two averages, above ``cut``."""
    first = 0 if cut == PIXELS else backbone.blocks.index(block_of_cut(cut) or "") + 1
    numbers = sum(prod(shape) for shape in backbone.block_shapes[first:])
    return int(4 * batch_size * _ACTIVATIONS * numbers + 4 * 4 * backbone.parameters)
