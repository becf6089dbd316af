"""Nested samples of photos, and the features of such samples: from the store, or computed for them alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from core.backbones.values import Backbone
from core.datasets.values import Dataset, Photo
from core.features.compute import Features, features_of
from core.features.engines import Engine, choose_engine
from core.features.sizes import shape_at
from core.features.store import is_stored, key_of
from core.features.views import View, jpeg_of
from core.files.here import dataset_here
from core.settings import Settings

Count = Callable[[int], None]
"""Called with the number of photos whose features were computed since the last call; may raise to stop."""


def nested(photos: Sequence[Photo], seed: int = 0) -> list[Photo]:
    """The photos in an order whose beginnings are samples: first one of every class, then in proportion to the classes.

    The order depends on the photos and the seed only, so that a larger sample contains the smaller ones.
    """
    by_class: dict[str, list[Photo]] = {}
    for photo in sorted(photos, key=lambda one: one.digest):
        by_class.setdefault(photo.class_name, []).append(photo)
    generator = np.random.default_rng(seed)
    places: list[tuple[float, float, Photo]] = []
    for _, own in sorted(by_class.items()):
        for rank, index in enumerate(generator.permutation(len(own)).tolist()):
            places.append((rank / len(own), float(generator.random()), own[index]))
    return [photo for _, _, photo in sorted(places, key=lambda one: one[:2])]


@dataclass
class SampleFeatures:
    """Features of a backbone at some cuts for beginnings of two lists of photos.

    What the store has is read there. What it lacks is computed for the photos that are asked for, once, and forgotten
    with this value.

    Args:
        train, validation: the photos in the order of ``nested``. cuts: pooled, from input to output.
        engine: makes the engine for a cut; the best one for this machine by default.
    """

    dataset: Dataset
    backbone: Backbone
    cuts: tuple[str, ...]
    train: Sequence[Photo]
    validation: Sequence[Photo]
    settings: Settings
    counted: Count = lambda _: None
    engine: Callable[[str], Engine] | None = None
    computed: int = 0
    _rows: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    _stored: dict[tuple[str, str], Features] = field(default_factory=dict)
    _engine: Engine | None = None

    def __post_init__(self) -> None:
        for cut in self.cuts:
            if all(is_stored(key_of(self.dataset, self.backbone, split, cut=cut), self.settings) for split in _SPLITS):
                self._read(cut)

    @property
    def is_stored(self) -> bool:
        """Whether nothing has to be computed."""
        return not self._missing

    @property
    def _missing(self) -> tuple[str, ...]:
        return tuple(cut for cut in self.cuts if (cut, "train") not in self._stored)

    def _read(self, cut: str) -> None:
        """Keeps the stored arrays open, with the locks that prevent their eviction."""
        for split in _SPLITS:
            found = features_of(
                self._photos(split), dataset=self.dataset, backbone=self.backbone, settings=self.settings, cut=cut
            )
            self._stored[cut, split] = found

    def _photos(self, split: str) -> Sequence[Photo]:
        return self.train if split == "train" else self.validation

    def rows(self, cut: str, split: str, count: int) -> np.ndarray:
        """(count, d) features of the first photos of a split.

        Raises:
            NotFound: a stored photo is missing. Unavailable: no engine can compute them.
        """
        if (cut, split) in self._stored:
            return np.asarray(self._stored[cut, split].array[:count])
        self._compute(split, count)
        return self._rows[cut, split][:count]

    def _compute(self, split: str, count: int) -> None:
        cuts = self._missing
        done = len(self._rows.get((cuts[0], split), ()))
        if done >= count:
            return
        joined = "+".join(cuts)
        if self._engine is None:
            made = self.engine or (lambda cut: choose_engine(self.backbone, self.settings, cut, note=_quiet))
            self._engine = made(joined)
        folder = dataset_here(self.settings, self.dataset.id).photos
        found = []
        photos = iter(self._photos(split)[done:count])
        while part := list(islice(photos, self._engine.batch * self._engine.workers)):
            found.append(_computed(self._engine, [View(jpeg_of(photo, folder)) for photo in part]))
            self.computed += len(part)
            self.counted(len(part))
        rows, first = np.concatenate(found), 0
        for cut in cuts:
            last = first + shape_at(self.backbone, cut)[0]
            before = self._rows.get((cut, split))
            own = rows[:, first:last]
            self._rows[cut, split] = own if before is None else np.concatenate([before, own])
            first = last


_SPLITS = ("train", "validation")


def _computed(engine: Engine, views: Sequence[View]) -> np.ndarray:
    """In threads, as many as the engine has workers."""
    from concurrent.futures import ThreadPoolExecutor

    parts = [views[start : start + engine.batch] for start in range(0, len(views), engine.batch)]
    with ThreadPoolExecutor(engine.workers) as pool:
        return np.concatenate(list(pool.map(engine, parts)))


def _quiet(_: str) -> None:
    """Nobody reads a log of probes."""
