"""The assembled Keras model of every kind of run gives its stored test predictions."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.datasets.decoding.fit import Fit, pixels
from core.errors import InvalidInput, Unavailable
from core.exports.assembling import PhotoInput, assembled
from core.files.home import dataset_folder
from core.models.temperature import scaled
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Cascade, Pattern
from core.workbench import Workbench
from tests.keras.training_bench import NUMBERS, OTHER

pytestmark = pytest.mark.keras

EXTRACTOR = Pattern.STANDALONE_EXTRACTOR
KINDS = ["head", "fine-tuned", "neighbours", "trees", "fusion", "stacking", "ensemble", "confidence", "calibrated"]


def train(bench, name: str) -> str:
    """The id of a run of that kind."""
    short = replace(NUMBERS, epochs=2)
    neighbours = replace(short, solver=Solver.K_NEAREST_NEIGHBOURS)
    if name in ("head", "calibrated"):
        bench.train("r-one", short)
    elif name == "fine-tuned":
        bench.train("r-one", replace(short, head_epochs=1, depth=1), pattern=Pattern.FINE_TUNING)
    elif name == "neighbours":
        bench.train("r-one", neighbours, pattern=EXTRACTOR)
    elif name == "trees":
        bench.train("r-one", replace(short, solver=Solver.GRADIENT_BOOSTING), pattern=EXTRACTOR)
    elif name == "fusion":
        crop = replace(short, fit=Fit.CROP)
        bench.train("r-one", crop, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(OTHER.name,))
    else:
        bench.train("r-cheap", neighbours, pattern=EXTRACTOR)
        if name == "stacking":
            bench.train("r-one", short, pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-cheap",))
            return "r-one"
        bench.train("r-costly", replace(short, fit=Fit.PAD), backbone=OTHER.name)
        workbench, members = Workbench(bench.settings, bench.registry), ("r-cheap", "r-costly")
        _, run = workbench.ensemble(members) if name == "ensemble" else workbench.confidence(*members)
        return run.id
    if name == "calibrated":
        Workbench(bench.settings, bench.registry).calibrate("r-one")
    return "r-one"


def assembled_of(bench, run_id: str):
    return assembled(bench.registry.run(run_id), bench.registry.model(run_id), bench.registry, bench.settings)


def inputs(bench, run_id: str, wanted) -> list[np.ndarray]:
    folder = dataset_folder(bench.settings, bench.dataset.id)
    jpegs = [folder.photo(str(digest)).read_bytes() for digest in bench.answers(run_id)["digests"]]
    return [np.stack([pixels(jpeg, one.size, one.fit) for jpeg in jpegs]).astype(np.float32) for one in wanted]


@pytest.mark.parametrize("name", KINDS)
def test_the_assembled_model_gives_the_stored_predictions(name, full_bench, tmp_path):
    run_id = train(full_bench, name)
    found = assembled_of(full_bench, run_id)
    card = full_bench.registry.model(run_id).card
    temperature = card.get("calibration", {}).get("temperature", 1.0)
    expected = scaled(full_bench.answers(run_id)["probabilities"], temperature)
    assert (temperature != 1.0) is (name == "calibrated")
    photos = inputs(full_bench, run_id, found.inputs)
    given = photos[0] if len(photos) == 1 else photos
    # Features of a feature map are stored in float16, so a fine-tuned run was measured with rounded ones.
    np.testing.assert_allclose(found.model(given), expected, atol=2e-3 if name == "fine-tuned" else 2e-5)
    fits = {"ensemble": ["squash", "pad"], "confidence": ["squash", "pad"], "fusion": ["crop"]}
    assert [str(one.fit) for one in found.inputs] == fits.get(name, ["squash"])
    found.model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(again(given), found.model(given))
    assert [one.name for one in again.inputs] == [one.name for one in found.inputs]


def test_a_combination_of_trained_networks_is_assembled_though_all_were_saved_under_one_name(full_bench):
    short = replace(NUMBERS, epochs=2)
    full_bench.train("r-one", short)
    full_bench.train("r-two", replace(short, fit=Fit.PAD), backbone=OTHER.name)
    workbench = Workbench(full_bench.settings, full_bench.registry)
    _, ensemble = workbench.ensemble(("r-one", "r-two"))
    _, cascade = workbench.confidence("r-one", ensemble.id)
    for run_id in (ensemble.id, cascade.id):
        found = assembled_of(full_bench, run_id)
        expected = full_bench.answers(run_id)["probabilities"]
        np.testing.assert_allclose(found.model(inputs(full_bench, run_id, found.inputs)), expected, atol=2e-5)


def test_a_combination_without_its_members_says_which_is_missing(full_bench):
    run_id = train(full_bench, "ensemble")
    full_bench.registry.delete_models_of(["r-costly"])
    with pytest.raises(InvalidInput, match="combines other runs, and the network of r-costly cannot be had"):
        assembled_of(full_bench, run_id)


def test_a_changed_file_is_refused(full_bench):
    train(full_bench, "neighbours")
    (full_bench.folder("r-one") / "model" / "head.npz").write_bytes(b"other")
    with pytest.raises(Unavailable, match=r"head\.npz of the model of run r-one is missing, or was changed"):
        assembled_of(full_bench, "r-one")
    full_bench.model_path("r-one").write_bytes(b"other")
    with pytest.raises(Unavailable, match="was changed or damaged"):
        assembled_of(full_bench, "r-one")


def test_an_input_is_named_by_its_size_and_fit():
    names = [PhotoInput(size=224, fit=fit).name for fit in Fit]
    assert names == ["photo_224", "photo_224_crop", "photo_224_pad"]
