"""Resources of a run, estimated before it starts: photos read, bytes stored and held, multiply-adds computed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import ceil, prod

from core.backbones.token_network import STEM
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.features.onnx_engine import onnx_process_bytes, workers_for_many
from core.features.sizes import bytes_per_photo, fraction_below
from core.features.store import FeatureKey, is_stored, key_of, key_of_predictions
from core.planning.copied_rows import CopiedRows
from core.recipes.hyperparameters import ViewSettings
from core.recipes.program import (
    MAPPING,
    PIXELS,
    PREDICTIONS,
    TOP,
    Part,
    Program,
    Stage,
    block_of_cut,
    cuts_of,
    features_used,
    pooled,
)
from core.recipes.recipe import Recipe
from core.settings import Settings

BACKWARD = 2.0
"""A backward pass costs two forward passes: gradients of inputs and of weights (Kaplan et al. 2020, section 2.1)."""

TENSORFLOW_BYTES = 850 * 10**6
"""Peak memory of a trainer that trains a head on stored features (measured with EfficientNet-Lite0)."""

WORKING_BYTES, WORKING_BYTES_PER_PIXEL = 420 * 10**6, 2_700
"""Additional peak memory of computing features or of training blocks, at any input size and for each of its pixels: the
largest of what was measured with three networks of 224 to 768 px (docs/decisions/0040-what-a-further-run-costs.md)."""

STEPS_PER_EPOCH = 45
"""Gradient steps of a head that take as long as everything else in an epoch: validation, metrics, the checkpoint."""

_ACTIVATIONS = 17.0
"""Activations kept for the backward pass per value of a block's output: inner layers are up to six times as wide,
before and after normalisation (EfficientNet-Lite0, all layers: 68 MB more a photo in the batch, from 16 to 64)."""

_TOKEN_ACTIVATIONS, _SCORES = 33.0, 2.8
"""The same per value of a token, and per pair of tokens and attention head. Measured on 4 blocks of width 384 with 6
heads: 69 MB a photo with 257 tokens, 485 MB with 1,025."""


@dataclass(frozen=True, kw_only=True)
class FeatureLoad:
    """Features that a run reads: one split in one view at one cut of one source.

    Args:
        key: name of the stored array. part: with all of its cuts. bytes: on disk.
        photos, multiply_adds: to compute them all; 0 where they are computed with those of another cut.
        stored: whether they are cached already. copied: of how many photos they are copied from other stored features.
    """

    key: str
    part: Part
    split: str
    view: int
    photos: int
    bytes: int
    multiply_adds: float
    stored: bool
    copied: int = 0


@dataclass(frozen=True, kw_only=True)
class ResourceEstimate:
    """Resources of a run.

    Args:
        loads: all features it reads.
        head_work: epochs in which the head is trained alone, plus their gradient steps divided by ``STEPS_PER_EPOCH``.
        rows: feature vectors that a scikit-learn classifier is trained on.
        training: multiply-adds of the suffix over all epochs, forward and backward, validation included.
        memory_bytes: estimated peak of the trainer.
    """

    loads: tuple[FeatureLoad, ...]
    head_work: float
    rows: int
    training: float
    memory_bytes: int

    @property
    def missing(self) -> tuple[FeatureLoad, ...]:
        return tuple(load for load in self.loads if not load.stored)

    @property
    def stored(self) -> bool:
        return not self.missing

    @property
    def disk_bytes(self) -> int:
        return sum(load.bytes for load in self.missing)


@dataclass(frozen=True, kw_only=True)
class MemberRun:
    """A finished run whose predictions are used: its model's digest, classes, and multiply-adds per photo."""

    digest: str
    classes: int
    multiply_adds: int


@dataclass(frozen=True, kw_only=True)
class RecipeInputs:
    """The backbones (by name) and runs (by id) that a recipe uses."""

    backbones: Mapping[str, Backbone]
    runs: Mapping[str, MemberRun]

    def multiply_adds(self, part: Part) -> float:
        """Of one photo from its pixels to ``part``."""
        if part.cut == PREDICTIONS:
            return self.runs[part.source].multiply_adds
        backbone = self.backbones[part.source]
        return backbone.multiply_adds * fraction_below(backbone, part.cut)


def estimate_resources(
    recipe: Recipe,
    program: Program,
    *,
    dataset: Dataset,
    sources: RecipeInputs,
    settings: Settings,
    first_epoch: int = 1,
    copied: CopiedRows | None = None,
) -> ResourceEstimate:
    """Resources of ``recipe`` from ``first_epoch`` (1-based) to its end.

    Args:
        copied: counts the rows of features that need not be computed; without it none are.
    """
    hp, stages = recipe.hyperparameters, [stage for stage in program.stages if stage.last_epoch >= first_epoch]
    loads = [
        load
        for part, split, view in features_used(program, hp.views, first_epoch)
        for load in _loads(
            part, split, view, recipe=recipe, dataset=dataset, sources=sources, settings=settings, copied=copied
        )
    ]
    train = dataset.split_sizes["train"]
    epochs = [(stage, stage.last_epoch - max(stage.first_epoch, first_epoch) + 1) for stage in stages]
    return ResourceEstimate(
        loads=tuple(loads),
        head_work=sum(count for stage, count in epochs if _head_alone(stage))
        * (1 + ceil(train / hp.batch_size) / STEPS_PER_EPOCH),
        rows=train * hp.views if not program.stages and program.head != MAPPING else 0,
        training=sum(count * _epoch_work(stage, dataset, sources) for stage, count in epochs),
        memory_bytes=_memory(recipe, program, loads, sources),
    )


# --- features ---


def _loads(
    part: Part,
    split: str,
    view: int,
    *,
    recipe: Recipe,
    dataset: Dataset,
    sources: RecipeInputs,
    settings: Settings,
    copied: CopiedRows | None,
) -> Iterator[FeatureLoad]:
    """One for each cut of a part. What is missing of several cuts is computed in one pass to the last of them, which is
    counted with the first that is missing."""
    photos, which = dataset.split_sizes[split], recipe.view(view)
    found = [_stored_at(replace(part, cut=cut), split, which, dataset, sources) for cut in cuts_of(part.cut)]
    stored = [is_stored(key, settings) for key, _ in found]
    counted = stored.index(False) if False in stored else 0
    missing = [key for (key, _), there in zip(found, stored, strict=True) if not there]
    rows = copied.count(missing, dataset) if copied and missing else 0
    for number, (key, size) in enumerate(found):
        passed = photos if number == counted else 0
        yield FeatureLoad(
            key=key.name,
            part=part,
            split=split,
            view=view,
            photos=passed,
            bytes=photos * size,
            multiply_adds=passed * sources.multiply_adds(part),
            stored=stored[number],
            copied=rows if passed and not stored[number] else 0,
        )


def _stored_at(
    part: Part, split: str, which: ViewSettings, dataset: Dataset, sources: RecipeInputs
) -> tuple[FeatureKey, int]:
    """The key of a stored array, and its bytes a photo."""
    if part.cut == PREDICTIONS:
        run = sources.runs[part.source]
        return key_of_predictions(dataset, run.digest, split, which=which), 4 * run.classes
    backbone = sources.backbones[part.source]
    return key_of(dataset, backbone, split, cut=part.cut, which=which), bytes_per_photo(backbone, part.cut)


# --- training ---


def _epoch_work(stage: Stage, dataset: Dataset, sources: RecipeInputs) -> float:
    """Multiply-adds of the suffix in one epoch: forward and backward for training, forward for validation."""
    if _head_alone(stage):
        return 0.0
    train, validation = dataset.split_sizes["train"], dataset.split_sizes["validation"]
    suffix = sum(_suffix(part, sources) for part in stage.inputs)
    backward = BACKWARD if stage.adapter is None else BACKWARD / 2  # of the weights hardly any have a gradient
    return suffix * ((1 + backward) * train + validation)


def _head_alone(stage: Stage) -> bool:
    return all(pooled(part.cut) for part in stage.inputs)


def _suffix(part: Part, sources: RecipeInputs) -> float:
    return sources.multiply_adds(Part(source=part.source, cut=TOP)) - sources.multiply_adds(part)


# --- memory ---


def _memory(recipe: Recipe, program: Program, loads: Iterable[FeatureLoad], sources: RecipeInputs) -> int:
    """TensorFlow, feature vectors (feature maps stay on disk), and the activations of one training step."""
    vectors = sum(load.bytes for load in loads if pooled(load.part.cut))
    suffixes = [
        _step_bytes(sources.backbones[part.source], part.cut, recipe.hyperparameters.batch_size)
        for part in dict.fromkeys(chain.from_iterable(stage.inputs for stage in program.stages))
        if not pooled(part.cut)
    ]
    networks = sum(4 * backbone.parameters for backbone in sources.backbones.values())
    works = suffixes or not all(load.stored for load in loads)
    working = max(map(_working_bytes, sources.backbones.values()), default=0) if works else 0
    return TENSORFLOW_BYTES + working + networks + vectors + max(suffixes, default=0)


def _working_bytes(backbone: Backbone) -> int:
    if backbone.is_onnx:
        return workers_for_many() * onnx_process_bytes(4 * backbone.parameters)
    return WORKING_BYTES + WORKING_BYTES_PER_PIXEL * backbone.input_size**2


def _step_bytes(backbone: Backbone, cut: str, batch_size: int) -> int:
    """Activations of one batch, weights, gradients and Adam's two moments above ``cut``."""
    first = 0 if cut == PIXELS else backbone.blocks.index(block_of_cut(cut) or "") + 1
    blocks = zip(backbone.blocks[first:], backbone.block_shapes[first:], strict=True)
    kept = sum(_kept(backbone, block, shape) for block, shape in blocks)
    return int(4 * batch_size * kept + 4 * 4 * backbone.parameters)


def _kept(backbone: Backbone, block: str, shape: Sequence[int]) -> float:
    """Values of one photo kept for the backward pass of a block with this output."""
    if backbone.tokens is None:
        return _ACTIVATIONS * prod(shape)
    if block == STEM:
        return prod(shape)
    return _TOKEN_ACTIVATIONS * prod(shape) + _SCORES * backbone.tokens.heads * shape[0] ** 2
