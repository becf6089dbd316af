"""A tiny added vision transformer in every pattern: trained, killed and resumed, predicted with, and built upon."""

from dataclasses import replace

import numpy as np
import pytest

from core.features.views import View
from core.files.home import dataset_folder, run_folder
from core.models.inference.model_files import read_model
from core.models.inference.stored import load_graph
from core.models.lineage import backbone_of
from core.recipes.hyperparameters import Adapter, BestEpoch, Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from tests import tiny_tokens
from tests.keras.test_training_resume import shot_and_resumed
from tests.keras.training_bench import OTHER, Bench, Outcome

pytestmark = [pytest.mark.keras, pytest.mark.timeout(1200)]
"""A minute alone; several where two cores run everything else too."""

NUMBERS = Hyperparameters(
    epochs=2, batch_size=8, learning_rate=0.003, dropout=0.1, seed=3, best_by=BestEpoch.CALIBRATED, zero_head=True
)
FINE = replace(NUMBERS, epochs=3, head_epochs=1, depth=1, fine_tuning_rate=1e-3, clip_norm=1.0)


def live(bench: Bench, run_id: str, photos: int = 3) -> float:
    """Largest difference between live predictions and those that were evaluated."""
    graph = load_graph(run_folder(bench.settings, run_id).model)
    stored = bench.answers(run_id)
    folder = dataset_folder(bench.settings, bench.dataset.id)
    rows = [graph(View(folder.photo(str(digest)).read_bytes())) for digest in stored["digests"][:photos]]
    return float(np.abs(np.stack(rows) - stored["probabilities"][:photos]).max())


def test_a_tiny_dinov2_goes_through_every_pattern(full_bench):
    bench = full_bench
    dinov2 = tiny_tokens.register(bench.settings, bench.registry, "dinov2")
    patterns = {
        "r-head": (replace(NUMBERS, normalize=True), {}),
        "r-sklearn": (replace(NUMBERS, depth=1), {"pattern": Pattern.STANDALONE_EXTRACTOR}),
        "r-tuned": (FINE, {"pattern": Pattern.FINE_TUNING}),
        "r-lora": (replace(FINE, adapter=Adapter.LORA, rank=2), {"pattern": Pattern.PARAMETER_EFFICIENT}),
        "r-whole": (NUMBERS, {"pattern": Pattern.WEIGHT_INITIALIZATION}),
        "r-scratch": (NUMBERS, {"pattern": Pattern.FROM_SCRATCH}),
        "r-fusion": (NUMBERS, {"pattern": Pattern.CASCADE, "cascade": Cascade.FUSION, "members": (OTHER.name,)}),
    }
    for run_id, (numbers, recipe) in patterns.items():
        bench.train(run_id, numbers, **{"backbone": dinov2.name} | recipe)
        assert live(bench, run_id) < 1e-4, run_id
    tuned = backbone_of("r-tuned", bench.registry, bench.settings)
    assert (tuned.has_tokens, tuned.blocks, tuned.block_shapes) == (True, dinov2.blocks, dinov2.block_shapes)
    bench.train("r-next", FINE, backbone="r-tuned", pattern=Pattern.FINE_TUNING)
    assert live(bench, "r-next") < 1e-4
    assert read_model(run_folder(bench.settings, "r-next").model).node is not None


def test_a_model_with_another_pooling_keeps_it_as_a_backbone(full_bench):
    bench = full_bench
    siglip = tiny_tokens.register(bench.settings, bench.registry, "siglip")
    mean = replace(FINE, pooling="mean")
    bench.train("r-mean", mean, backbone=siglip.name, pattern=Pattern.FINE_TUNING)
    assert live(bench, "r-mean") < 1e-4
    saved = backbone_of("r-mean", bench.registry, bench.settings)
    assert (saved.blocks, saved.pooling, saved.parameters) == (
        siglip.blocks[:-1], "own", sum(siglip.block_parameters[:-1]),
    )  # fmt: skip
    bench.train("r-own", FINE, backbone=siglip.name, pattern=Pattern.FINE_TUNING)
    pooled = backbone_of("r-own", bench.registry, bench.settings)
    assert pooled.blocks == siglip.blocks
    bench.train("r-after", mean, backbone="r-own")
    assert live(bench, "r-after") < 1e-4


def test_a_tiny_dinov2_is_killed_and_resumed_from_stored_tokens(bench, forks):
    dinov2 = tiny_tokens.register(bench.settings, bench.registry, "dinov2")
    recipe = {"backbone": dinov2.name, "pattern": Pattern.FINE_TUNING}
    bench.train("r-whole", FINE, **recipe)
    shot_and_resumed(Outcome.of(bench, "r-whole"), bench, forks, [("killed_in_mid_epoch", 2)], FINE, **recipe)
    bench.train("r-longer", replace(FINE, epochs=4), extends="r-cut", **recipe)
    assert bench.figures("r-longer")[:3] == bench.figures("r-cut")
