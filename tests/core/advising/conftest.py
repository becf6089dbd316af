"""Datasets whose photos have features of the tests' own, by backbone: good ones, or noise."""

import hashlib

import numpy as np
import pytest

from core.advising.candidates import contenders_of
from core.features.sizes import shape_at
from tests.factories import fill

GOOD = "mobilenet_v1"
"""The backbone whose features have one direction a class."""


@pytest.fixture
def dataset(registry, settings):
    """400 photos of four classes, with files: 280 to train, 60 to validate."""
    return fill(registry, settings, runs=0, per_class=100).dataset


@pytest.fixture
def few(registry, settings):
    """20 photos of four classes."""
    return fill(registry, settings, runs=0, per_class=5, name="few").dataset


@pytest.fixture
def contenders(dataset, registry, settings):
    return three_contenders(dataset, registry, settings)


def three_contenders(dataset, registry, settings):
    """Three backbones at their own size."""
    found = contenders_of(dataset, registry, settings)
    wanted = ("squeezenet", GOOD, "efficientnet_lite2")
    own = [one for one in found if one.entrants[0].recipe.hyperparameters.input_size == 0]
    return [one for one in own if one.backbone.name in wanted]


class ClassesEngine:
    """Features around one direction a class for the good backbone, noise for the others. It notes what it was asked."""

    name, batch, workers = "classes", 16, 1

    def __init__(self, registry, dataset, contender, cut: str, asked: list[str]) -> None:
        self._photos = {photo.digest: photo for photo in registry.photos(dataset.id)}
        self._names = dataset.class_names
        self._contender, self._cuts, self._asked = contender, cut.split("+"), asked

    def __call__(self, views):
        return np.stack([self._row(self._photos[hashlib.sha256(view.jpeg).hexdigest()]) for view in views])

    def _row(self, photo):
        self._asked.append(photo.digest)
        return np.concatenate([self._part(photo, cut) for cut in self._cuts]).astype(np.float32)

    def _part(self, photo, cut):
        (size,) = shape_at(self._contender.backbone, cut)
        noise = np.random.default_rng(int(photo.digest[:8], 16)).normal(size=size)
        if self._contender.backbone.name != GOOD:
            return noise
        return noise + 3 * np.random.default_rng(self._names.index(photo.class_name)).normal(size=size)


@pytest.fixture
def asked() -> list[str]:
    """Digests of the photos whose features were computed, once for each time."""
    return []


@pytest.fixture
def engine_for(registry, asked):
    """Makes what ``Shortlisting`` takes as its engine."""
    return lambda dataset: lambda contender, cut: ClassesEngine(registry, dataset, contender, cut, asked)


def quiet(*_):
    """Progress that nobody sees."""
