"""The embedding map: test photos with similar features lie close together, and errors are visible.

The first two principal components of the inputs of the run's last layer. TensorBoard's projector
draws the same vectors with t-SNE and UMAP as well (docs/decisions/0009-comparing.md).
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from core.artifacts.parts import publish_map, quietly
from core.backbones.values import Backbone
from core.errors import GraftError, NotFound, Unavailable
from core.features.compute import features_of
from core.features.engines import open_engine
from core.features.inner import InnerEngine
from core.features.sharing import is_at_hand
from core.features.store import key_of
from core.features.views import View
from core.files.arrays import read_npz, write_npz
from core.files.here import curves_here, dataset_here, map_here, model_here
from core.files.home import features_lock, run_folder, undeleted
from core.files.locks import acquire
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import read_model
from core.models.inference.nodes import Head, Network, Node
from core.models.lineage import backbones_of
from core.models.projector import projector_files
from core.recipes.program import CLASSES, PREDICTIONS, TOP, Part, pooled, program_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.predictions import Predictions, read_predictions
from core.runs.values import Run
from core.settings import Settings
from core.text.units import listed

PROBABILITIES = "probabilities of the run"
OWN_FEATURES = "features of the run's own network, before its last layer"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoMap:
    """The position of every test photo, and its true and predicted class.

    Args:
        digests: n photos. xy: (n, 2). labels, predicted: (n,) true and predicted label.
        explained: fractions of the variance that the two components explain, the larger first.
        source: what was mapped: "features of EfficientNet-Lite0".
    """

    run_id: str
    digests: tuple[str, ...]
    xy: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    explained: tuple[float, float]
    source: str

    @property
    def correct(self) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.predicted == self.labels)

    def rows(self, kept: Sequence[bool]) -> "PhotoMap":
        """The map of some of the photos; ``kept``: (n,)."""
        chosen = np.flatnonzero(kept)
        return replace(
            self,
            digests=tuple(self.digests[number] for number in chosen.tolist()),
            xy=self.xy[chosen],
            labels=self.labels[chosen],
            predicted=self.predicted[chosen],
        )


@dataclass(frozen=True)
class EmbeddingVectors:
    """What is mapped: ``rows`` (n, d), in the order of the run's predictions, and where they come from."""

    rows: np.ndarray
    source: str


def photo_map(
    run: Run, registry: Registry, settings: Settings, *, compute: bool = False, progress: Progress | None = None
) -> PhotoMap | None:
    """The map of a finished run; computed once and stored in its folder.

    Args:
        compute: run the network on every test photo where nothing stored can be mapped; without it such a run
            has no map (None). progress: called with (photos done, photos in total).

    Raises:
        NotFound, InvalidInput: its predictions are missing or damaged. Unavailable: its network is.
    """
    predictions = read_predictions(run.id, "test", settings)
    path = map_here(settings, run.id)
    known = _read(path, predictions)
    if known is None:
        with acquire(features_lock(settings, f"map-{run.id}")):
            known = _read(path, predictions) or _made(run, predictions, registry, settings, compute, progress)
    if known is None:
        return None
    xy, explained, source = known
    return PhotoMap(
        run_id=run.id,
        digests=predictions.digests,
        xy=xy,
        labels=predictions.labels,
        predicted=predictions.predicted,
        explained=explained,
        source=source,
    )


_Known = tuple[np.ndarray, tuple[float, float], str]


def _made(
    run: Run,
    predictions: Predictions,
    registry: Registry,
    settings: Settings,
    compute: bool,
    progress: Progress | None,
) -> _Known | None:
    """Computes and stores the map, with the files of TensorBoard's projector."""
    vectors = vectors_at_hand(run, predictions, registry, settings)
    if vectors is None and compute:
        vectors = _computed(run, predictions, settings, progress or (lambda done, total: None))
    if vectors is None:
        return None
    found = (*principal(vectors.rows), vectors.source)
    with undeleted(settings, run.id):
        _into_projector(run, predictions, vectors, registry, settings)
        _write(run_folder(settings, run.id).embedding, predictions, *found)
    quietly(lambda: publish_map(settings, registry, run))
    return found


def _into_projector(
    run: Run, predictions: Predictions, vectors: EmbeddingVectors, registry: Registry, settings: Settings
) -> None:
    """The same vectors for TensorBoard; nothing where stored photos are missing."""
    dataset = registry.dataset(run.dataset_id)
    names = {photo.digest: photo.file for photo in registry.photos(dataset.id, split="test")}
    photos = dataset_here(settings, dataset.id)
    with suppress(FileNotFoundError):
        projector_files(
            curves_here(settings, run.id),
            vectors=vectors.rows,
            labels=predictions.labels,
            predicted=predictions.predicted,
            class_names=dataset.class_names,
            files=[names.get(digest, digest) for digest in predictions.digests],
            jpegs=(photos.photo(digest).read_bytes() for digest in predictions.digests),
        )


def principal(rows: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The first two principal components (n, 2) of ``rows`` (n, d), and the fractions of the variance they explain.

    Pearson 1901, Hotelling 1933: eigenvectors of the covariance, found through the smaller of the two Gram matrices.
    The sign of a component is arbitrary; the photo with the largest absolute value gets a positive one.
    """
    centred = np.asarray(rows, np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    wide = centred.shape[1] > len(centred)
    values, vectors = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    first = np.argsort(values)[::-1][:2]
    spread = np.sqrt(np.clip(values[first], 0, None))
    xy = vectors[:, first] * spread if wide else centred @ vectors[:, first]
    xy = np.pad(xy, ((0, 0), (0, 2 - xy.shape[1])))
    farthest = np.abs(xy).argmax(axis=0)
    xy = xy * np.where(xy[farthest, [0, 1]] < 0, -1.0, 1.0)
    total = float(np.clip(values, 0, None).sum()) or 1.0
    shares = [float(square) / total for square in spread**2] + [0.0, 0.0]
    return xy, (shares[0], shares[1])


# --- what can be mapped without running a network ---


def vectors_at_hand(
    run: Run, predictions: Predictions, registry: Registry, settings: Settings
) -> EmbeddingVectors | None:
    """Stored features where the run's head was trained on them; probabilities of combined runs; else None."""
    if not run.recipe.backbones:
        return EmbeddingVectors(predictions.probabilities, PROBABILITIES)
    parts = _parts(run.recipe, registry, settings)
    if not parts:
        return None
    backbones = backbones_of(run.recipe, registry, settings)
    found = [_stored(part, backbones[part.source], run, registry, settings, predictions) for part in parts]
    if any(one is None for one in found):
        return None
    titles = [backbones[part.source].title for part in parts]
    rows = np.concatenate([one for one in found if one is not None], axis=1)
    return EmbeddingVectors(rows, f"features of {listed(titles)}")


def _parts(recipe: Recipe, registry: Registry, settings: Settings) -> tuple[Part, ...]:
    """The frozen features that are the head's input; () where the network was trained too, or was deleted."""
    try:
        program = program_of(recipe, backbones_of(recipe, registry, settings)[recipe.backbone].blocks)
    except GraftError:
        return ()
    features = [part for part in program.inputs if part.cut != PREDICTIONS]
    if not all(pooled(part.cut) for part in features):
        return ()
    return tuple(Part(source=one.source, cut=TOP if one.cut == CLASSES else one.cut) for one in features)


def _stored(
    part: Part, backbone: Backbone, run: Run, registry: Registry, settings: Settings, predictions: Predictions
) -> np.ndarray | None:
    dataset = registry.dataset(run.dataset_id)
    if not is_at_hand(key_of(dataset, backbone, "test", cut=part.cut), settings):
        return None
    photos = registry.photos(dataset.id, split="test")
    try:
        found = features_of(
            photos, dataset=dataset, backbone=backbone, settings=settings, cut=part.cut, engine=_evicted
        )
    except NotFound:
        return None
    place = {photo.digest: number for number, photo in enumerate(photos)}
    if not place.keys() >= set(predictions.digests):  # the predictions are for other photos
        return None
    return np.asarray(found.array, np.float32)[[place[digest] for digest in predictions.digests]]


def _evicted() -> NoReturn:
    raise NotFound("The features were deleted in this moment.")


# --- running the network ---


def _computed(run: Run, predictions: Predictions, settings: Settings, progress: Progress) -> EmbeddingVectors:
    model = read_model(model_here(settings, run.id))
    model.verify()
    see, source = _seeing(model.folder, model.node, len(model.class_names))
    photos = dataset_here(settings, run.dataset_id)
    rows = []
    for number, digest in enumerate(predictions.digests, start=1):
        rows.append(see(_view(photos.photo(digest))))
        progress(number, len(predictions.digests))
    return EmbeddingVectors(np.stack(rows), source)


def _view(path: Path) -> View:
    try:
        return View(path.read_bytes())
    except FileNotFoundError:
        raise NotFound(f"The stored photo {path.name} is missing. Import the photos again.") from None


def _seeing(folder: Path, node: Node, classes: int) -> tuple[Callable[[View], np.ndarray], str]:
    """A function from a photo to the input of the last layer, and a label of that input."""
    try:
        return _network_part(folder, node, classes), OWN_FEATURES
    except Unavailable:
        return InferenceGraph(folder, node, classes=classes), PROBABILITIES


def _network_part(folder: Path, node: Node, classes: int) -> Callable[[View], np.ndarray]:
    """Through the networks of the tree, up to the last layer.

    Raises:
        Unavailable: there is no network part, or LiteRT cannot read it.
    """
    match node:
        case Network():
            inner = InnerEngine(folder / node.file, classes)
            return lambda view: inner(view.square(node.input_size, node.fit))
        case Head(inputs=(Network() as network,)) if node.file.endswith(".tflite"):
            below, inner = open_engine(folder / network.file), InnerEngine(folder / node.file, classes)
            return lambda view: inner(below(view.square(network.input_size, network.fit)[None])[0])
        case Head():
            networks = [one for one in node.inputs if isinstance(one, Network)]
            engines = [(open_engine(folder / one.file), one) for one in networks]
            return lambda view: np.concatenate(
                [engine(view.square(one.input_size, one.fit)[None])[0] for engine, one in engines]
            )
    raise Unavailable("A run that combines others has no network of its own.")


# --- stored in the run's folder ---


def _read(path: Path, predictions: Predictions) -> _Known | None:
    """None where there is no file, or it is damaged or of other photos."""
    try:
        stored = read_npz(path)
        first, second = map(float, stored["explained"])
        xy, source = stored["xy"], str(stored["source"])
        fitting = tuple(stored["digests"].tolist()) == predictions.digests and xy.shape == (len(predictions.digests), 2)
        return (xy, (first, second), source) if fitting and np.isfinite(xy).all() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, predictions: Predictions, xy: np.ndarray, explained: tuple[float, float], source: str) -> None:
    write_npz(path, {"digests": np.array(predictions.digests), "xy": xy, "explained": explained, "source": source})
