"""The inputs of a run: features and predictions, computed or from the store, or the photos themselves."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.artifacts.patience import patiently
from core.backbones.values import Backbone
from core.datasets.values import Dataset, Photo
from core.errors import Unavailable
from core.features.compute import Features, features_of
from core.features.engines import (
    Engine,
    EngineFile,
    choose_engine,
    engine_file,
    engine_path,
    is_exported,
    needs_export,
)
from core.features.litert import cores
from core.features.sharing import is_at_hand
from core.features.sizes import shape_at
from core.features.store import FeatureKey, key_of, key_of_predictions, stored_cost
from core.features.views import jpeg_of, render
from core.files.here import dataset_here
from core.files.home import run_folder
from core.models.inference.stored import predictions_of
from core.recipes.program import PIXELS, PREDICTIONS, Part, cuts_of, pooled
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.costs import Meter, gpu_of_slot
from core.runs.progress import ProgressWriter
from core.runs.stages import FEATURES, OPTIMISING, WAITING
from core.settings import Settings
from core.training.cache import cached
from core.training.feeds import Feed, Streamed, Vectors
from core.training.ledger import Ledger
from core.training.stopping import Stop


@dataclass(frozen=True)
class FeatureRequest:
    """The outputs of one part for the photos of one split in one view."""

    part: Part
    split: str
    view: int = 0


@dataclass(kw_only=True)
class TrainingInputs:
    """Everything a run reads, computed once and locked against eviction while the run lasts.

    Args:
        photos: ``{split: photos in the order of all rows}``.
        backbones: by the name a part gives as its source.
        recipe: of the run, which has the settings of its views.
    """

    dataset: Dataset
    photos: Mapping[str, Sequence[Photo]]
    backbones: Mapping[str, Backbone]
    registry: Registry
    settings: Settings
    recipe: Recipe
    progress: ProgressWriter
    meter: Meter
    ledger: Ledger
    stop: Stop
    _features: dict[FeatureRequest, Features] = field(default_factory=dict)
    _feeds: dict[tuple, Feed] = field(default_factory=dict)
    _engines: dict[Part, Engine] = field(default_factory=dict)
    _done: int = 0
    _total: int = 0

    def labels(self, split: str) -> np.ndarray:
        """(n,) int64 labels of a split's photos."""
        label = {name: number for number, name in enumerate(self.dataset.class_names)}
        return np.array([label[photo.class_name] for photo in self.photos[split]], np.int64)

    def length(self, part: Part) -> int:
        """Length of the vectors of a pooled part."""
        if part.cut == PREDICTIONS:
            return len(self.registry.model(part.source).card["class_names"])
        return shape_at(self.backbones[part.source], part.cut)[-1]

    def gather(self, requests: Iterable[FeatureRequest]) -> None:
        """Computes what is not stored, with one progress over all requests."""
        missing = [one for one in dict.fromkeys(requests) if one.part.cut != PIXELS and one not in self._features]
        self._done, self._total = 0, sum(len(self.photos[one.split]) for one in missing)
        if missing:
            self.progress.start(FEATURES, self._total, "photos")
        for one in missing:
            self._features[one] = (self._predictions if one.part.cut == PREDICTIONS else self._backbone_features)(one)
            self._done += len(self.photos[one.split])
            self.progress.start(FEATURES, self._total, "photos", done=self._done)

    def feed(self, parts: tuple[Part, ...], split: str, view: int = 0) -> Feed:
        """The inputs of a stage for all photos of a split; ``gather`` must have been called with them."""
        key = parts, split, view
        if key not in self._feeds:
            self._feeds[key] = self._make_feed(*key)
        return self._feeds[key]

    def vectors(self, parts: tuple[Part, ...], split: str, view: int = 0) -> np.ndarray:
        """As ``feed``, of pooled parts only: (n, d) float32."""
        feed = self.feed(parts, split, view)
        assert isinstance(feed, Vectors)
        return feed.array

    def _make_feed(self, parts: tuple[Part, ...], split: str, view: int) -> Feed:
        if parts[0].cut == PIXELS:
            backbone, photos = self.backbones[parts[0].source], self.photos[split]
            shape = (backbone.input_size, backbone.input_size, 3)
            return Streamed(self._renderer(photos, backbone, view), len(photos), shape, workers=cores())
        arrays = [self._features[FeatureRequest(part, split, view)].array for part in parts]
        if not pooled(parts[0].cut):
            array = arrays[0]
            return Streamed(lambda rows: array[rows].astype(np.float32), len(array), array.shape[1:], workers=2)
        return Vectors(arrays[0] if len(arrays) == 1 else np.concatenate(arrays, axis=1))

    def _renderer(self, photos: Sequence[Photo], backbone: Backbone, view: int) -> Callable[[np.ndarray], np.ndarray]:
        folder = patiently(lambda: dataset_here(self.settings, self.dataset.id), self._wait).photos
        which = self.recipe.view(view)

        def read(rows: np.ndarray) -> np.ndarray:
            return np.stack([square(photos[row]) for row in rows]).astype(np.float32)

        def square(photo: Photo) -> np.ndarray:
            jpeg, size, fit = jpeg_of(photo, folder), backbone.input_size, backbone.fit
            return render(jpeg, size, which, fit=fit, digest=photo.digest)

        return read

    # --- shared with other runs ---

    def engine_file(self, part: Part) -> EngineFile | None:
        """The exported prefix, counted in the run's cost without reuse; None where LiteRT cannot run it."""
        backbone = self.backbones[part.source]
        name = engine_path(backbone, self.settings, part.cut).name
        try:
            with self.ledger.charge(name):
                found = engine_file(backbone, self.settings, part.cut, waiting=self.stop.check)
        except Unavailable as reason:
            print(reason)
            return None
        self.ledger.full_cost(name, found.cost)
        return found

    def count_stored(self, one: FeatureRequest) -> bool:
        """Counts features that this run used earlier in its cost without reuse; False where that is not known."""
        if one.part.cut == PREDICTIONS:
            digest = self.registry.model(one.part.source).answers_sha256
            name = _name_of_predictions(digest, one)
            key = key_of_predictions(self.dataset, digest, one.split, which=self.recipe.view(one.view))
        else:
            key = self._key(one)
            name = key.name
            if is_exported(self.backbones[one.part.source], self.settings, one.part.cut):
                self.engine_file(one.part)
        cost = stored_cost(key, self.settings)
        if cost is not None:
            self.ledger.full_cost(name, cost)
        return cost is not None or self.ledger.knows(name)

    def _key(self, one: FeatureRequest) -> FeatureKey:
        backbone = self.backbones[one.part.source]
        return key_of(self.dataset, backbone, one.split, cut=one.part.cut, which=self.recipe.view(one.view))

    def _backbone_features(self, one: FeatureRequest) -> Features:
        backbone, key = self.backbones[one.part.source], self._key(one)
        if not all(is_at_hand(self._key(each), self.settings, self._wait) for each in _single(one)):
            self._engine(one.part)
        elif is_exported(backbone, self.settings, one.part.cut):
            self.engine_file(one.part)
        return self._charged(
            key.name,
            lambda: features_of(
                self.photos[one.split],
                dataset=self.dataset,
                backbone=backbone,
                settings=self.settings,
                cut=one.part.cut,
                which=self.recipe.view(one.view),
                progress=self._report(),
                waiting=self._wait,
                engine=lambda: self._engine(one.part),
            ),
        )

    def _predictions(self, one: FeatureRequest) -> Features:
        model = self.registry.model(one.part.source)
        return self._charged(
            _name_of_predictions(model.answers_sha256, one),
            lambda: predictions_of(
                self.photos[one.split],
                dataset=self.dataset,
                run_folder=run_folder(self.settings, model.run_id),
                digest=model.answers_sha256,
                settings=self.settings,
                which=self.recipe.view(one.view),
                progress=self._report(),
                waiting=self._wait,
            ),
        )

    def _charged(self, name: str, compute: Callable[[], Features]) -> Features:
        with self.ledger.charge(name):
            features = compute()
        self.ledger.full_cost(name, features.cost)
        return features

    def _engine(self, part: Part) -> Engine:
        """Made before the features are computed, because an export is a shared thing with a cost of its own."""
        if part not in self._engines:
            backbone = self.backbones[part.source]
            if gpu_of_slot() is None and needs_export(backbone, self.settings, part.cut):
                self.progress.start(OPTIMISING, 0)
                with self.meter.stage(OPTIMISING):
                    self.engine_file(part)
            self._engines[part] = cached(
                "engine",
                (backbone.identity, part.cut, backbone.input_size, backbone.fit, backbone.pooling),
                lambda: choose_engine(backbone, self.settings, part.cut, waiting=self._wait),
            )
            self.progress.start(FEATURES, self._total, "photos", done=self._done)
        return self._engines[part]

    def _report(self) -> Callable[[int, int], None]:
        before = self._done

        def report(done: int, _total: int) -> None:
            self.stop.check()
            self.progress.start(FEATURES, self._total, "photos", done=before + done)  # it may have waited before

        return report

    def _wait(self) -> None:
        self.stop.check()
        self.progress.start(WAITING, 0)


def _single(one: FeatureRequest) -> list[FeatureRequest]:
    """One for each cut."""
    return [replace(one, part=replace(one.part, cut=cut)) for cut in cuts_of(one.part.cut)]


def _name_of_predictions(digest: str, one: FeatureRequest) -> str:
    """Recorded in the registry under this name since 0.1, so a resumed run must use the same."""
    return f"answers of {digest} {one.split} {one.view}"
