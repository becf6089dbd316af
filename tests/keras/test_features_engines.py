"""Every engine computes the same features as Keras."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.backbones import get
from core.datasets.decoding.fit import Fit
from core.errors import Unavailable
from core.features import engines, export, networks, photo_pass
from core.features.compute import features_of
from core.features.engines import choose_engine, engine_file, engine_path, is_exported
from core.features.litert import LiteRTEngine
from core.features.tensorflow import TensorFlowEngine
from core.files import atomic
from core.files.home import dataset_folder
from tests.tiny import TINY, use_tiny

pytestmark = pytest.mark.keras


@pytest.fixture
def tiny(monkeypatch):
    return use_tiny(monkeypatch)


@pytest.fixture
def photos():
    return np.random.default_rng(1).integers(0, 256, (11, 16, 16, 3), dtype=np.uint8)


class Shown:
    """A view whose pixels are given."""

    def __init__(self, pixels):
        self._pixels = pixels

    def square(self, size, fit):
        assert size == len(self._pixels) and fit is Fit.SQUASH
        return self._pixels


def answers(engine, photos):
    """The outputs for pixels of an engine that takes views."""
    return engine([Shown(photo) for photo in photos])


def expected(photos, settings, cut="top"):
    return np.asarray(networks.prefix(TINY, settings, cut)(photos.astype(np.float32), training=False))


@pytest.mark.parametrize("cut", ["top", "block1", "block1.pool", "classes"])
def test_litert_and_tensorflow_give_the_features_keras_gives(tiny, settings, photos, cut):
    wanted = expected(photos, settings, cut)
    for engine in (LiteRTEngine.for_many(engine_file(tiny, settings, cut).path), TensorFlowEngine(tiny, settings, cut)):
        found = engine(photos)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_a_photos_features_do_not_depend_on_its_neighbours(tiny, settings, photos):
    engine = LiteRTEngine(engine_file(tiny, settings).path, workers=2)
    alone = np.concatenate([engine(photos[i : i + 1]) for i in range(len(photos))])
    assert np.array_equal(engine(photos), alone)
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(np.concatenate(list(pool.map(engine, np.array_split(photos, 2)))), alone)
    assert engine(photos[:0]).shape == (0, 8)


def test_an_engine_file_is_exported_once(tiny, settings, monkeypatch):
    first = engine_file(tiny, settings)
    assert is_exported(tiny, settings)
    assert first.digest == atomic.digest_of(first.path)
    assert first.cost.wall_seconds > 0 and first.error < 1e-4
    monkeypatch.setattr(export, "export", None)
    assert engine_file(tiny, settings) == first


def test_a_network_litert_gets_wrong_is_computed_by_tensorflow_and_says_so(tiny, settings, photos, monkeypatch):
    monkeypatch.setattr(export, "deviation", lambda model, path: 0.3)
    with pytest.raises(Unavailable, match="deviates from Keras by 3.0e-01 on Tiny"):
        engine_file(tiny, settings)
    notes = []
    engine = choose_engine(tiny, settings, note=notes.append)
    assert engine.name == "TensorFlow"
    assert "TensorFlow computes the features instead" in notes[0]
    np.testing.assert_allclose(answers(engine, photos), expected(photos, settings), rtol=1e-5, atol=1e-5)


def test_a_gpu_that_tensorflow_sees_computes_with_tensorflow(tiny, settings, photos, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")
    monkeypatch.setattr(engines, "tensorflow_sees_a_gpu", lambda: True)
    engine = choose_engine(tiny, settings)
    assert engine.name == "TensorFlow"
    np.testing.assert_allclose(answers(engine, photos), expected(photos, settings), rtol=1e-5, atol=1e-5)


def test_a_gpu_that_this_tensorflow_cannot_use_is_said_and_litert_computes(tiny, settings, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")
    notes = []
    assert choose_engine(tiny, settings, note=notes.append).name == "LiteRT"
    assert "requirements-gpu.txt" in notes[0]


def test_a_refusal_is_remembered_and_leaves_no_file(tiny, settings, monkeypatch):
    monkeypatch.setattr(export, "deviation", lambda model, path: float("nan"))
    with pytest.raises(Unavailable):
        engine_file(tiny, settings)
    monkeypatch.setattr(export, "export", None)
    with pytest.raises(Unavailable, match="deviates"):
        engine_file(tiny, settings)
    assert [path.suffix for path in engine_path(tiny, settings).parent.iterdir()] == [".json"]


def test_a_lost_engine_file_is_made_again(tiny, settings):
    path = engine_file(tiny, settings).path
    path.unlink()
    assert engine_file(tiny, settings).path.exists()
    assert json.loads(path.with_suffix(".json").read_text())["digest"] == atomic.digest_of(path)


def test_stored_features_are_those_of_the_photos_pixels(tiny, settings, tiny_dataset):
    dataset, photos, pixels = tiny_dataset
    wanted = [photo for photo in photos if photo.split == "validation"]
    found = features_of(wanted, dataset=dataset, backbone=tiny, settings=settings)
    np.testing.assert_allclose(found.array, expected(pixels(wanted), settings), rtol=1e-5, atol=1e-5)
    assert found.engine == "LiteRT"


@pytest.mark.parametrize("cut", ["top", "block1", "stem.pool+top"])
def test_a_new_version_has_bit_for_bit_the_rows_that_are_computed_anew(
    tiny, settings, tiny_dataset, tmp_path, monkeypatch, cut
):
    dataset, photos, _ = tiny_dataset
    photos = [replace(photo, pixels=photo.digest) for photo in photos]  # one stored JPEG a photo
    train = [photo for photo in photos if photo.split == "train"]
    seen = []
    read = photo_pass.jpeg_of
    monkeypatch.setattr(photo_pass, "jpeg_of", lambda photo, folder: seen.append(photo) or read(photo, folder))
    features_of(train[5:], dataset=_with(dataset, train[5:]), backbone=tiny, settings=settings, cut=cut)
    seen.clear()
    version = replace(_with(dataset, train), digest="f" * 64)
    found = features_of(train, dataset=version, backbone=tiny, settings=settings, cut=cut)
    assert set(train[:5]) <= set(seen) and len(seen) == 6
    elsewhere = replace(settings, home=tmp_path / "elsewhere")
    folder = dataset_folder(settings, dataset.id).photos
    anew = features_of(train, dataset=version, backbone=tiny, settings=elsewhere, cut=cut, folder=folder)
    assert len(seen) == 6 + len(train) + 1
    assert found.engine == anew.engine == "LiteRT" and found.array.tobytes() == anew.array.tobytes()


def _with(dataset, train):
    """The dataset with these training photos alone."""
    counts = {"train": Counter(photo.class_name for photo in train), "validation": {}, "test": {}}
    return replace(dataset, counts=counts)


@pytest.mark.parametrize("name", ["mobilenet", "vgg16"])
def test_networks_of_keras_applications_can_be_exported_and_saved_too(settings, tmp_path, name):
    """Keras builds them with a list of one input, and VGG's scaling has an operation that is no layer."""
    small = replace(get(name), input_size=32)
    network = networks.network(small, settings, weights=False)
    assert export.export_model(network, tmp_path / "prefix.tflite") < export.TOLERANCE
    network.save(tmp_path / "model.keras")
    photo = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(loaded(photo), network(photo), rtol=1e-5, atol=1e-6)


def test_the_exported_file_answers_as_the_one_keras_would_export(tiny, settings, photos, tmp_path):
    prefix = networks.prefix(tiny, settings)
    export.export_model(prefix, tmp_path / "ours.tflite")
    prefix.export(str(tmp_path / "keras.tflite"), format="litert", verbose=False)
    ours, theirs = (LiteRTEngine(tmp_path / name)(photos) for name in ("ours.tflite", "keras.tflite"))
    assert np.array_equal(ours, theirs)


def test_an_operation_litert_does_not_know_is_named(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.ops.erfinv(inputs), name="odd")
    with pytest.raises(Unavailable, match="LiteRT cannot run odd"):
        export.export_model(model, tmp_path / "odd.tflite")
