"""The smallest dataset that is accepted, two classes of three photos, is trained with the defaults of every pattern."""

import hashlib
import shutil
from dataclasses import replace

import pytest

from core.files.home import dataset_folder, features_folder
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from tests.factories import make_dataset, make_photos
from tests.keras.conftest import tiny_jpeg
from tests.keras.training_bench import OTHER, TRAINED, Bench, use_networks

pytestmark = pytest.mark.keras

MAPPING = (("n12057211", "rose"), ("n11879895", "daisy"))
RECIPES = {
    **{f"sklearn {solver}": (Pattern.STANDALONE_EXTRACTOR, {"solver": solver}, {}) for solver in Solver},
    **{str(one): (one, {}, {}) for one in OF_A_BACKBONE if one is not Pattern.STANDALONE_EXTRACTOR},
    "classifier": (Pattern.CLASSIFIER, {}, {"mapping": MAPPING}),
    "balanced": (Pattern.INTEGRATED_EXTRACTOR, {"class_weights": True, "patience": 2}, {}),
    "a shallower cut": (Pattern.INTEGRATED_EXTRACTOR, {"depth": 2}, {}),
    "fusion": (Pattern.CASCADE, {}, {"cascade": Cascade.FUSION, "members": (OTHER.name,)}),
    "stacking": (Pattern.CASCADE, {}, {"cascade": Cascade.STACKING, "members": ("r-sklearn logistic_regression",)}),
}


@pytest.fixture
def small(monkeypatch, settings, registry, exported) -> Bench:
    from core.training import assembling, cache, finishing

    cache.forget()
    use_networks(monkeypatch)
    monkeypatch.setattr(assembling, "export", lambda *_: None)
    monkeypatch.setattr(finishing, "milliseconds", lambda *_: 1.0)
    shutil.copytree(exported, features_folder(settings) / "engines")
    splits = ("train", "validation", "test")
    photos = []
    for number, photo in enumerate(make_photos(("daisy", "rose"), per_class=3)):
        jpeg = tiny_jpeg(photo.class_name, number)
        photos.append(replace(photo, split=splits[number % 3], digest=hashlib.sha256(jpeg).hexdigest()))
        folder = dataset_folder(settings, "d-flowers1").path / "photos"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{photos[-1].digest}.jpg").write_bytes(jpeg)
    return Bench(settings, registry, make_dataset(photos), tuple(photos))


def test_two_classes_of_three_photos_are_trained_with_the_defaults_of_every_pattern(small):
    assert small.dataset.split_sizes == {"train": 2, "validation": 2, "test": 2}
    for name, (pattern, changes, recipe) in RECIPES.items():
        usual = suggest_hyperparameters(train_photos=2, classes=2, pattern=pattern, blocks=len(TRAINED.blocks))
        numbers = replace(usual, **changes)
        run = small.train(f"r-{name}", numbers, pattern=pattern, **recipe)
        assert run.test_accuracy in (0.0, 0.5, 1.0), name
        assert numbers.batch_size == 2
        evaluation = small.registry.evaluation(run.id)
        assert evaluation.n == 2 and 0 <= evaluation.ece <= 1, name
