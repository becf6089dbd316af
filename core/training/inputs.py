"""What a run learns from and is measured on: features of every split, computed or found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.backbones.values import Backbone
from core.costs import gpu_of_slot
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput
from core.features.compute import Features, features_of
from core.features.engines import Engine, choose_engine, engine_path, is_exported
from core.features.store import is_stored, key_of
from core.progress import ProgressWriter
from core.registry import Registry
from core.settings import Settings
from core.training.ledger import Ledger
from core.training.stopping import Stop

STAGE = "Computing features"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Features by split, and the photos they belong to.

    Args:
        train: ``{view: features}``; validation, test: of view 0.
        photos: ``{split: photos in the order of the rows}``.
    """

    train: dict[int, Features]
    validation: Features
    test: Features
    photos: dict[str, list[Photo]]
    class_names: tuple[str, ...]

    def labels(self, split: str) -> np.ndarray:
        """(n,) int64 labels of a split's photos."""
        label = {name: number for number, name in enumerate(self.class_names)}
        return np.array([label[photo.class_name] for photo in self.photos[split]], np.int64)


class Gathering:
    """Asks for all features a run needs, with one progress over all of them."""

    def __init__(
        self,
        *,
        dataset: Dataset,
        backbone: Backbone,
        settings: Settings,
        seed: int,
        progress: ProgressWriter,
        ledger: Ledger,
        stop: Stop,
    ):
        self._dataset, self._backbone, self._settings, self._seed = dataset, backbone, settings, seed
        self._progress, self._ledger, self._stop = progress, ledger, stop
        self._engine: Engine | None = None
        self._done = self._total = 0

    def gather(self, photos: dict[str, list[Photo]], views: Sequence[int]) -> Inputs:
        """Training photos in ``views``, validation and test photos as they are."""
        self._total = len(views) * len(photos["train"]) + len(photos["validation"]) + len(photos["test"])
        self._progress.start(STAGE, self._total, "photos")
        return Inputs(
            train={view: self._features(photos["train"], view) for view in views},
            validation=self._features(photos["validation"]),
            test=self._features(photos["test"]),
            photos=photos,
            class_names=self._dataset.class_names,
        )

    def _features(self, photos: list[Photo], view: int = 0) -> Features:
        key = key_of(self._dataset, self._backbone, photos[0].split, view=view, seed=self._seed)
        if self._engine is None and not is_stored(key, self._settings):
            self._engine = self._choose_engine()
        with self._ledger.paying(key.name):
            features = features_of(
                photos,
                dataset=self._dataset,
                backbone=self._backbone,
                settings=self._settings,
                view=view,
                seed=self._seed,
                progress=self._report(self._done),
                waiting=self._wait,
                engine=lambda: self._engine or self._choose_engine(),
            )
        self._ledger.worth(key.name, features.alone)
        self._done += len(photos)
        self._progress.start(STAGE, self._total, "photos", done=self._done)
        return features

    def _choose_engine(self) -> Engine:
        """Before the features rather than inside them: an export is another shared thing with its own price."""
        if gpu_of_slot() is None and not is_exported(self._backbone, self._settings):
            self._progress.start("Exporting the network once for this machine", 0)
        with self._ledger.paying(engine_path(self._backbone, self._settings).name):
            engine = choose_engine(self._backbone, self._settings, waiting=self._wait)
        self._progress.start(STAGE, self._total, "photos", done=self._done)
        return engine

    def _report(self, before: int) -> Callable[[int, int], None]:
        def report(done: int, _total: int) -> None:
            self._stop.check()
            self._progress.update(before + done)

        return report

    def _wait(self) -> None:
        self._stop.check()
        self._progress.start("Waiting for another run's features", 0)


def photos_by_split(registry: Registry, dataset: Dataset) -> dict[str, list[Photo]]:
    """All photos of the dataset by split.

    Raises:
        InvalidInput: a split is empty.
    """
    photos = {split: registry.photos(dataset.id, split=split) for split in ("train", "validation", "test")}
    for split, found in photos.items():
        if not found:
            raise InvalidInput(
                f"Dataset {dataset.name} has no {split} photos, and a run needs some of each split. "
                "Import it again with more photos per class."
            )
    return photos
