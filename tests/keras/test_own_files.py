"""Own networks go through every pattern that they allow: added, trained, interrupted and resumed, predicting."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from core.backbones.additions import AdditionRequest
from core.backbones.token_network import Pooling
from core.datasets.decoding.photos import StoredPhoto
from core.errors import InvalidInput
from core.files.home import addition_folder, dataset_folder, run_folder
from core.jobs.additions import run_addition
from core.models.inference.model_files import read_model
from core.models.lineage import backbone_of
from core.recipes.adapters import possible_depths
from core.recipes.allowed import refused_patterns
from core.recipes.hyperparameters import Adapter, Solver
from core.recipes.labels import OFFERED
from core.recipes.patterns import Cascade, Pattern
from core.serving.engine import predict
from tests.keras import own_models
from tests.keras.test_training_resume import shot_and_resumed
from tests.keras.training_bench import NUMBERS, OTHER, Bench, Outcome, same_run
from tests.onnx_files import residual

pytestmark = pytest.mark.keras

SHORT = replace(NUMBERS, epochs=3, head_epochs=1, depth=1, fine_tuning_rate=0.01, views=1)
RECIPES = {
    Pattern.STANDALONE_EXTRACTOR: replace(SHORT, solver=Solver.LOGISTIC_REGRESSION, depth=0),
    Pattern.INTEGRATED_EXTRACTOR: SHORT,
    Pattern.FINE_TUNING: SHORT,
    Pattern.PARAMETER_EFFICIENT: replace(SHORT, adapter=Adapter.LORA, rank=2),
    Pattern.WEIGHT_INITIALIZATION: SHORT,
    Pattern.FROM_SCRATCH: SHORT,
}


def add(bench: Bench, kind: str, path, **answers) -> None:
    folder = addition_folder(bench.settings, kind)
    folder.path.mkdir(parents=True)
    request = AdditionRequest(kind=kind, name="own", source=str(path), answers=answers)
    run_addition(request, folder, settings=bench.settings, registry=bench.registry, report=lambda _: None)


@pytest.fixture
def with_keras(full_bench, tmp_path) -> Bench:
    path = tmp_path / "own.keras"
    own_models.transfer().save(path)
    add(full_bench, "keras_file", path)
    return full_bench


@pytest.fixture
def with_onnx(full_bench, tmp_path) -> Bench:
    path = tmp_path / "own.onnx"
    path.write_bytes(residual().SerializeToString())
    add(full_bench, "onnx_file", path, scaling="minus_one_to_one")
    return full_bench


def live(bench: Bench, run_id: str) -> np.ndarray:
    """Predictions for the test photos as the page Predict makes them."""
    photos = bench.registry.photos(bench.dataset.id, split="test")
    folder = dataset_folder(bench.settings, bench.dataset.id)
    jpegs = [folder.photo(photo.digest).read_bytes() for photo in photos]
    files = [
        (photo.digest, StoredPhoto(jpeg=jpeg, width=24, height=24)) for photo, jpeg in zip(photos, jpegs, strict=True)
    ]
    names = bench.dataset.class_names
    rows = []
    for one in predict([run_folder(bench.settings, run_id).model], files, top=len(names)):
        by_name = {each.class_name: each.probability for each in one.predictions[0].classes}
        rows.append([by_name[name] for name in names])
    return np.array(rows)


def test_a_keras_file_is_trained_in_every_pattern_predicts_with_litert_and_is_killed_and_resumed(with_keras, forks):
    bench = with_keras
    allowed = set(OFFERED) - set(refused_patterns(backbone_of("own", bench.registry, bench.settings)))
    assert {*RECIPES, Pattern.CASCADE} <= allowed
    for pattern, numbers in RECIPES.items():
        bench.train(f"r-{pattern}", numbers, backbone="own", pattern=pattern)
        card = bench.registry.model(f"r-{pattern}").card
        assert (card["engine"], card["model"]["file"]) == ("LiteRT", "model.keras")
        stored = bench.answers(f"r-{pattern}")["probabilities"]
        np.testing.assert_allclose(live(bench, f"r-{pattern}"), stored, atol=2e-3)
    model = backbone_of(f"r-{Pattern.FINE_TUNING}", bench.registry, bench.settings)
    assert model.blocks == ("stem", "block1a", "block2a", "block2b")
    again = {"backbone": "own", "pattern": Pattern.FINE_TUNING}
    expected = Outcome.of(bench, f"r-{Pattern.FINE_TUNING}")
    shot_and_resumed(expected, bench, forks, [("killed_in_mid_epoch", 3)], SHORT, **again)


def test_a_keras_file_with_a_pooling_of_its_own_is_trained_with_it_and_with_the_mean(full_bench, tmp_path):
    bench, path = full_bench, tmp_path / "own.keras"
    own_models.pooled_behind_a_tail().save(path)
    add(bench, "keras_file", path)
    row = backbone_of("own", bench.registry, bench.settings)
    assert row.own_pooling and row.blocks == ("stem", "block1a", "block2a", "block2b", "block3", "head")
    assert row.feature_size == 14 and row.block_shapes[-2:] == ((16, 16, 7), (1, 1, 14))
    assert bench.registry.added_backbone("own").facts["check"]["engine"] == "LiteRT"
    assert possible_depths(row, None) == (2, 3, 4, 5, 6)  # its own pooling has no weights
    bench.add("r-head", SHORT, backbone="own", pattern=Pattern.FINE_TUNING)
    assert "The top block of own has no weights that fine-tuning trains" in bench.fails("r-head")
    for pooling, depth, blocks in (("own", 2, row.blocks), ("mean", 1, row.blocks[:-1])):
        run, numbers = f"r-{pooling}", replace(SHORT, pooling=Pooling(pooling), depth=depth)
        bench.train(run, numbers, backbone="own", pattern=Pattern.FINE_TUNING)
        np.testing.assert_allclose(live(bench, run), bench.answers(run)["probabilities"], atol=2e-3)
        model = backbone_of(run, bench.registry, bench.settings)
        assert (model.blocks, model.own_pooling) == (blocks, pooling == "own")


def test_an_onnx_file_is_used_frozen_and_predicts_with_onnxruntime(with_onnx):
    bench, known = with_onnx, "onnxruntime" in sys.modules  # other tests of this process may have imported it
    frozen = {
        "r-sklearn": (Pattern.STANDALONE_EXTRACTOR, {}),
        "r-head": (Pattern.INTEGRATED_EXTRACTOR, {}),
        "r-fusion": (Pattern.CASCADE, {"cascade": Cascade.FUSION, "members": (OTHER.name,)}),
        "r-stacking": (Pattern.CASCADE, {"cascade": Cascade.STACKING, "members": ("r-head",)}),
    }
    for run_id, (pattern, recipe) in frozen.items():
        numbers = RECIPES.get(pattern, SHORT)
        bench.train(run_id, numbers, backbone="own", pattern=pattern, **recipe)
        card = bench.registry.model(run_id).card
        assert card["model"] is None
        assert "onnxruntime" in card["versions"]
        engine = "LiteRT and ONNX Runtime" if run_id == "r-fusion" else "ONNX Runtime"
        assert card["engine"] == engine
        np.testing.assert_allclose(live(bench, run_id), bench.answers(run_id)["probabilities"], atol=2e-3)
    files = read_model(run_folder(bench.settings, "r-head").model).digests
    assert "prefix.onnx" in files
    assert known or "onnxruntime" not in sys.modules
    assert bench.registry.cost("r-head").parameters_total == 216 + 8 + 576  # without its top block
    refused = refused_patterns(backbone_of("own", bench.registry, bench.settings))
    assert {Pattern.FINE_TUNING, Pattern.PARAMETER_EFFICIENT, Pattern.FROM_SCRATCH} <= set(refused)


def test_a_head_on_an_onnx_network_is_extended_killed_and_resumed_and_is_no_backbone(with_onnx, forks):
    bench = with_onnx
    bench.train("r-three", SHORT, backbone="own")
    bench.train("r-more", replace(SHORT, epochs=5), extends="r-three", backbone="own")
    bench.train("r-five", replace(SHORT, epochs=5), backbone="own")
    same_run(bench, "r-more", "r-five")
    expected = Outcome.of(bench, "r-three")
    shot_and_resumed(expected, bench, forks, [("killed_in_mid_epoch", 2)], SHORT, backbone="own")
    with pytest.raises(InvalidInput, match="has an ONNX network, which training does not change"):
        backbone_of("r-five", bench.registry, bench.settings)
