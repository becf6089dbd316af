"""The learning curves of photos whose features are known."""

import numpy as np
import pytest

from core.advising.curve_process import read_growth
from core.advising.growing import REPETITIONS, SHARES, grow
from core.backbones import get
from core.errors import Cancelled, NotFound
from core.features.compute import features_of
from core.files.home import dataset_folder
from tests.core.advising.conftest import quiet
from tests.stored_features import RowsEngine


@pytest.fixture
def stored(dataset, registry, settings):
    """Stores features for training and validation photos, for no test photo."""

    def store(name="efficientnet_lite0", spread=1.0, size=24):
        centres = np.random.default_rng(0).normal(size=(4, size))

        def row(photo):
            noise = np.random.default_rng(int(photo.digest[:8], 16)).normal(size=size)
            return (centres[dataset.class_names.index(photo.class_name)] + spread * noise).astype(np.float32)

        for split in ("train", "validation"):
            photos = registry.photos(dataset.id, split=split)
            engine = RowsEngine({photo.digest: row(photo) for photo in photos})
            backbone = get(name)
            features_of(photos, dataset=dataset, backbone=backbone, settings=settings, engine=lambda made=engine: made)

    return store


def test_accuracy_grows_with_photos_and_the_curve_is_kept(dataset, registry, settings, stored):
    stored(spread=2.0)
    found = grow(dataset, registry=registry, settings=settings, report=quiet)
    (curve,) = found.curves
    assert curve.photos == tuple(round(share * 280) for share in SHARES) and found.validation == 60
    assert curve.accuracies[-1] > curve.accuracies[0]
    assert [one.factor for one in curve.forecasts] == [1.5, 2.0, 4.0] and curve.forecasts[1].photos == 560
    assert curve.band[0].photos == curve.photos[0] and curve.band[-1].photos == 560, "it is drawn over the whole chart"
    assert all(one.low <= one.accuracy <= one.high for one in curve.band)
    assert {one.class_name for one in curve.classes} == set(dataset.class_names)
    assert read_growth(dataset.id, settings) == found


def test_every_stored_backbone_has_a_curve_the_best_first(dataset, registry, settings, stored):
    stored("efficientnet_lite2", spread=4.0)
    stored("mobilenet_v1", spread=1.0)
    found = grow(dataset, registry=registry, settings=settings, report=quiet)
    assert [curve.title for curve in found.curves] == ["MobileNetV1", "EfficientNet-Lite2"]


def test_few_photos_are_too_few_to_tell(few, registry, settings):
    found = grow(few, registry=registry, settings=settings, report=quiet)
    assert found.curves == () and found.problem.startswith("Too few photos to tell")
    assert read_growth(few.id, settings) == found


def test_it_can_be_stopped_between_probes(dataset, registry, settings, stored):
    stored()
    steps = []

    def stop(stage, done, total):
        steps.append(done)
        if len(steps) == REPETITIONS:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        grow(dataset, registry=registry, settings=settings, report=stop)
    assert read_growth(dataset.id, settings) is None


def test_without_photos_it_says_so(dataset, registry, settings):
    for path in dataset_folder(settings, dataset.id).photos.iterdir():
        path.unlink()
    with pytest.raises(NotFound, match="import them"):
        grow(dataset, registry=registry, settings=settings, report=quiet)
