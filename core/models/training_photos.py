"""The training photos of a run by the features that its model computes, read from the store of features.

Nothing is computed here but distances: where features are not stored, or the model is trained down to the pixels, there
is a reason instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from core.backbones.values import Backbone
from core.datasets.values import Dataset, Photo
from core.errors import GraftError, Unavailable
from core.features.compute import features_of
from core.features.sharing import is_at_hand
from core.features.sizes import shape_at
from core.features.store import key_of
from core.files.here import model_here
from core.files.home import dataset_folder
from core.models.inference.model_files import read_model
from core.models.inference.nodes import Confidence, Head, Mean, Network, Node
from core.models.lineage import backbones_of
from core.models.neighbours import FeatureColumns, distances, nearest
from core.models.novelty import NEIGHBOURS, NearestPhoto, Novelty, NoveltyThreshold, fit_threshold, novelty_of
from core.recipes.hyperparameters import Precision
from core.recipes.patterns import Pattern
from core.recipes.program import CLASSES, PIXELS, PREDICTIONS, Part, cuts_of, pooled, program_of
from core.registry import Registry
from core.runs.values import Run
from core.settings import Settings
from core.text.units import listed

_MOST_VALIDATION = 2000
"""Validation photos that a threshold is chosen from; a random part of more."""
_AT_ONCE = 128


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """Some columns of a network's output, and the stored features of the training photos there.

    Args:
        network: of the inference graph. first, last: of its output for one photo, pooled.
    """

    network: Network
    first: int
    last: int
    training: FeatureColumns

    def of(self, outputs: Mapping[Network, np.ndarray]) -> np.ndarray:
        """(1, last - first) of one photo."""
        output = np.asarray(outputs[self.network], np.float32)
        vector = output if output.ndim == 1 else output.reshape(-1, output.shape[-1]).mean(axis=0)
        return np.asarray(vector[None, self.first : self.last])


class TrainingPhotos:
    """The training photos of a run, and from which distance on a photo is unlike them. See ``training_photos_of``."""

    def __init__(
        self, photos: Sequence[Photo], pieces: Sequence[_Piece], threshold: NoveltyThreshold, source: str
    ) -> None:
        self._photos, self._pieces, self._threshold, self._source = photos, pieces, threshold, source

    def novelty(self, outputs: Mapping[Network, np.ndarray], most: int) -> Novelty:
        """Of one photo, with its ``most`` nearest training photos.

        Args:
            outputs: of the networks of the run's inference graph for this photo.
        """
        (found,) = distances([piece.of(outputs) for piece in self._pieces], [piece.training for piece in self._pieces])
        near = nearest(found, max(most, NEIGHBOURS))
        far = found[near].tolist()  # Python's own numbers from here on: a call of NumPy takes longer than eight of them
        distance = sum(far[:NEIGHBOURS]) / len(far[:NEIGHBOURS])  # as ``novelty_of``: the nearest are sorted
        return Novelty(
            unlike=self._threshold.is_unlike(distance),
            distance=distance,
            threshold=self._threshold.threshold,
            false_alarms=self._threshold.false_alarms,
            photos=self._threshold.photos,
            nearest=tuple(map(self._near, near[:most].tolist(), far)),
            source=self._source,
            problem=self._threshold.problem,
        )

    def _near(self, number: int, distance: float) -> NearestPhoto:
        photo = self._photos[number]
        return NearestPhoto(digest=photo.digest, file=photo.file, class_name=photo.class_name, distance=distance)


def training_photos_of(run: Run, registry: Registry, settings: Settings) -> TrainingPhotos:
    """The training photos of a finished run.

    Of a model that combines several networks the features of all of them; of a confidence cascade those of its cheap
    model, which sees every photo. Of fine-tuning those of its frozen blocks, averaged over their positions;
    of a model in 16 bits those of the model that it was made from.

    Raises:
        Unavailable: its model computes no features that are stored for training photos, or they are not stored any
            more. NotFound, InvalidInput: its dataset or its model is gone.
    """
    dataset = registry.dataset(run.dataset_id)
    seen = _unique(_seen(run, read_model(model_here(settings, run.id)).node, registry, settings))
    if not seen:
        raise Unavailable("Not measured: this model has no frozen part whose features of training photos are stored.")
    photos = {split: registry.photos(dataset.id, split=split) for split in ("train", "validation")}
    training = [_columns(one, dataset, photos["train"], settings) for one in seen]
    validation = [_columns(one, dataset, photos["validation"], settings) for one in seen]
    threshold = fit_threshold(_novelties([one.rows for one in validation], training))
    pieces = [
        _Piece(network=one.network, first=one.first, last=one.first + columns.size, training=columns)
        for one, columns in zip(seen, training, strict=True)
    ]
    return TrainingPhotos(photos["train"], pieces, threshold, _source(seen))


# --- what of a graph sees a photo with frozen features ---


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A network of a graph and one cut of a backbone whose features it computes; ``first`` is their first column."""

    network: Network
    backbone: Backbone
    cut: str
    first: int = 0


def _seen(run: Run, node: Node, registry: Registry, settings: Settings) -> Iterator[_Seen]:
    """The frozen networks of a graph, matched with the recipe that it was built from; none where it is of another."""
    recipe = run.recipe
    if recipe.pattern is Pattern.QUANTIZATION:
        if recipe.hyperparameters.precision is not Precision.FLOAT16:
            raise Unavailable(
                "Not measured: this model computes features in 8 bits; those of its training photos are stored in 32."
            )
        yield from _seen(registry.run(recipe.members[0]), node, registry, settings)
        return
    match node:
        case Mean(inputs=inputs) if len(recipe.members) == len(inputs):
            for member, one in zip(recipe.members, inputs, strict=True):
                yield from _seen(registry.run(member), one, registry, settings)
        case Confidence(cheap=cheap) if recipe.cascade is not None:
            yield from _seen(registry.run(recipe.members[0]), cheap, registry, settings)
        case Head(inputs=inputs) if recipe.backbones:
            backbones = backbones_of(recipe, registry, settings)
            parts = program_of(recipe, backbones[recipe.backbone].blocks).inputs
            if len(parts) != len(inputs):
                return
            for part, one in zip(parts, inputs, strict=True):
                if isinstance(one, Network) and part.cut not in (PIXELS, CLASSES, PREDICTIONS):
                    yield from _cuts(one, part, backbones[part.source])


def _cuts(network: Network, part: Part, backbone: Backbone) -> Iterator[_Seen]:
    first = 0
    for cut in cuts_of(part.cut):
        yield _Seen(network=network, backbone=backbone, cut=cut, first=first)
        first += shape_at(backbone, cut)[-1]


def _unique(seen: Iterator[_Seen]) -> list[_Seen]:
    """Each network and cut once: members of an ensemble may share a backbone."""
    return list({(one.network, one.first): one for one in seen}.values())


def _source(seen: Sequence[_Seen]) -> str:
    """``features of EfficientNet-Lite0``; of a fine-tuned network, up to which block."""
    titles = (one.backbone.title if pooled(one.cut) else f"{one.backbone.title} up to {one.cut}" for one in seen)
    return f"features of {listed(list(dict.fromkeys(titles)))}"


# --- stored features ---


def _columns(seen: _Seen, dataset: Dataset, photos: Sequence[Photo], settings: Settings) -> FeatureColumns:
    gone = Unavailable(
        f"Not measured: the features of {seen.backbone.title} for the photos of {dataset.name} are not stored: "
        + (
            "the model was imported, and its training photos are not in this home."
            if dataset_folder(settings, dataset.id).lacks_photos
            else "they were deleted, or this run did not need those of the unchanged photos."
        )
    )
    if not photos or not is_at_hand(key_of(dataset, seen.backbone, photos[0].split, cut=seen.cut), settings):
        raise gone

    def evicted() -> NoReturn:
        raise gone

    found = features_of(
        photos, dataset=dataset, backbone=seen.backbone, settings=settings, cut=seen.cut, engine=evicted
    )
    return FeatureColumns(found.array)


def _novelties(validation: Sequence[np.ndarray], training: Sequence[FeatureColumns]) -> np.ndarray:
    """(n,) of the validation photos."""
    total = len(validation[0])
    chosen = np.arange(total)
    if total > _MOST_VALIDATION:
        chosen = np.sort(np.random.default_rng(0).choice(total, _MOST_VALIDATION, replace=False))
    pieces = np.array_split(chosen, max(1, -(-len(chosen) // _AT_ONCE)))
    return np.concatenate([novelty_of(distances([one[rows] for one in validation], training)) for rows in pieces])


def why_not(error: GraftError) -> Novelty:
    """A novelty that was not measured, with the reason."""
    text = str(error)
    return Novelty(problem=text if text.startswith("Not measured") else f"Not measured: {text}")
