"""A dataset of tiny photos for training a tiny backbone: one colour and one texture per class."""

import hashlib
import shutil
import signal
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import pixels
from core.files.home import dataset_folder, features_folder
from core.settings import Settings
from tests.factories import make_dataset, make_photos
from tests.forks import Forks
from tests.keras.training_bench import OTHER, TRAINED, Bench, use_networks

TRAINER = """
from core.training import __main__ as trainer
trainer.prepare_environment()
import core.training.attempt
import tests.keras.test_training_resume
from tensorflow.python.eager import context

def check():
    assert not context.context()._initialized, "TensorFlow has computed here: forks of this process would hang"
"""

COLOURS = {"daisy": (230, 230, 200), "rose": (190, 20, 60), "tulip": (120, 60, 190)}


def tiny_jpeg(class_name: str, number: int) -> bytes:
    """24 x 24 pixels of the class's colour with noise."""
    seed = int.from_bytes(hashlib.sha256(f"{class_name}{number}".encode()).digest()[:4], "big")
    noise = np.random.default_rng(seed).normal(0, 40, (24, 24, 3))
    picture = np.clip(np.array(COLOURS[class_name]) + noise, 0, 255).astype(np.uint8)
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.fixture
def tiny_dataset(settings):
    """(dataset, photos, pixels of photos) with its photos stored below ``settings.home``."""
    photos = make_photos(class_names=tuple(COLOURS), per_class=20)
    dataset = make_dataset(photos)
    folder = dataset_folder(settings, dataset.id).path / "photos"
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        (folder / f"{photo.digest}.jpg").write_bytes(tiny_jpeg(photo.class_name, number))

    def pixels_of(wanted, size: int = 16) -> np.ndarray:
        return np.stack([pixels((folder / f"{photo.digest}.jpg").read_bytes(), size) for photo in wanted])

    return dataset, photos, pixels_of


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The engine files of the bench's networks, exported once for all tests."""
    from core.features import engines

    settings = Settings(home=tmp_path_factory.mktemp("exported"))
    with pytest.MonkeyPatch.context() as patch:
        use_networks(patch)
        for backbone, cut in ((TRAINED, "top"), (TRAINED, "stem"), (TRAINED, "block1"), (OTHER, "top")):
            engines.engine_file(backbone, settings, cut)
    return features_folder(settings) / "engines"


@pytest.fixture(scope="session")
def forks(tmp_path_factory) -> Iterator[Forks]:
    """Trainers that can be killed."""
    with Forks(tmp_path_factory.mktemp("forks"), TRAINER) as forks:
        yield forks


@pytest.fixture
def full_bench(monkeypatch, settings, registry, tiny_dataset, exported) -> Bench:
    """Runs export all files that a run leaves."""
    from core.training import cache

    cache.forget()
    use_networks(monkeypatch)
    shutil.copytree(exported, features_folder(settings) / "engines")
    dataset, photos, _ = tiny_dataset
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield Bench(settings, registry, dataset, photos)
    for number, handler in before.items():  # finishing runs ignore SIGTERM; the process of the tests must not
        signal.signal(number, handler)


@pytest.fixture
def bench(full_bench, monkeypatch) -> Bench:
    """Runs export no engine files: for tests of training only, which are twice as fast without."""
    from core.training import assembling, finishing

    monkeypatch.setattr(assembling, "export", lambda *_: None)
    monkeypatch.setattr(finishing, "milliseconds", lambda *_: 1.0)
    return full_bench
