"""Photos with features of the tests' own, and datasets of them."""

import numpy as np
import pytest

from core.backbones import get
from core.curation.inputs import CHEAPEST
from core.features.compute import features_of
from core.workbench import Workbench
from tests.factories import fill
from tests.stored_features import RowsEngine

CLASSES = 4


@pytest.fixture
def dataset(registry, settings):
    """80 photos of four classes, with files."""
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def store(bench: Workbench):
    """Stores ``row(photo)`` as the features of all photos of a dataset."""

    def store(dataset, row, name=CHEAPEST):
        for split in ("train", "validation", "test"):
            photos = bench.registry.photos(dataset.id, split=split)
            engine = RowsEngine({photo.digest: np.asarray(row(photo), np.float32) for photo in photos})
            features_of(
                photos,
                dataset=dataset,
                backbone=get(name),
                settings=bench.settings,
                engine=lambda made=engine: made,
            )

    return store


def clustered(dataset, wrong=(), size=32):
    """Features around one direction a class; the photos ``wrong`` (digest: class) are around that of another."""
    centres = np.random.default_rng(0).normal(size=(len(dataset.class_names), size))

    def row(photo):
        name = dict(wrong).get(photo.digest, photo.class_name)
        noise = np.random.default_rng(int(photo.digest[:8], 16)).normal(size=size)
        return centres[dataset.class_names.index(name)] + 0.5 * noise

    return row


def quiet(*_):
    """Progress that nobody sees."""
