"""Parameter-efficient fine-tuning: what is frozen stays bit-identical, LoRA is merged, nothing to train is refused."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from core.features import adapters, networks
from core.recipes.hyperparameters import Adapter
from core.recipes.patterns import Pattern
from core.training.trainable import TrainableModel
from tests.keras.training_bench import NUMBERS, TRAINED, Bench

pytestmark = pytest.mark.keras

FINE = replace(NUMBERS, head_epochs=1, depth=2, fine_tuning_rate=0.02, rank=2)
EFFICIENT = {"pattern": Pattern.PARAMETER_EFFICIENT}
TRAINED_NAMES = {
    Adapter.LORA: {"block1_conv/kernel", "head_conv/kernel"},
    Adapter.NORM: {f"{block}_bn/{name}" for block in ("block1", "head") for name in ("gamma", "beta")},
    Adapter.BIAS: {f"{block}_{name}" for block in ("block1", "head") for name in ("bn/beta", "conv/bias")},
}


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    return {f"{layer.name}/{weight.name}": np.array(weight) for layer in model.layers for weight in layer.weights}


def last_epoch_is_best(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("core.training.epochs.best_of", lambda epochs, *_: list(epochs)[-1])


@pytest.mark.parametrize("adapter", Adapter)
def test_only_the_chosen_parts_of_the_top_blocks_differ_from_the_pretrained_network(adapter, bench, monkeypatch):
    last_epoch_is_best(monkeypatch)
    bench.train("r-one", replace(FINE, adapter=adapter), **EFFICIENT)
    before = weights_of(networks.network(TRAINED, bench.settings))
    after = weights_of(keras.models.load_model(bench.model_path("r-one"), safe_mode=True))
    assert {name for name in before if not np.array_equal(before[name], after[name])} == TRAINED_NAMES[adapter]


@pytest.mark.parametrize(
    ("adapter", "layers", "parameters"), [("lora", 2, 2 * 2 * 16), ("norm", 2, 32), ("bias", 4, 32)]
)
def test_what_is_trained_is_counted_and_stands_on_the_card(adapter, layers, parameters, bench, monkeypatch):
    last_epoch_is_best(monkeypatch)
    bench.train("r-one", replace(FINE, adapter=Adapter(adapter)), **EFFICIENT)
    head = 8 * 3 + 3
    assert bench.registry.model("r-one").card["adapted_layers"] == layers
    assert bench.registry.cost("r-one").parameters_trainable == parameters + head


def test_a_checkpoint_has_the_head_the_small_parts_and_their_optimizer_only(bench):
    bench.train("r-one", FINE, **EFFICIENT)
    shapes = [one.shape for one in bench.state("r-one", 4)]
    small = [(1, 1, 8, 2), (2, 8), (1, 1, 8, 2), (2, 8)]
    assert shapes.count((1, 1, 8, 2)) == 6 and shapes.count((2, 8)) == 6, "each with Adam's two moments"
    assert sum(map(np.prod, small)) == 64 and (1, 1, 8, 8) not in shapes


def trainable(bench: Bench, numbers, **changes) -> tuple[TrainableModel, object]:
    from core.recipes.program import program_of
    from core.recipes.recipe import Recipe
    from core.training import devices, heads

    recipe = Recipe(backbone=TRAINED.name, hyperparameters=numbers, **EFFICIENT)
    program = program_of(recipe, TRAINED.blocks)
    made = TrainableModel(
        program,
        numbers,
        blocks=TRAINED.blocks,
        make_network=lambda: networks.network(TRAINED, bench.settings),
        make_head=lambda: heads.build_head(8, 3, numbers),
        strategy=devices.one_device(),
    )
    return made, program.stages[-1]


def test_merged_kernels_give_what_the_two_matrices_gave(bench):
    model, stage = trainable(bench, FINE)
    rng = np.random.default_rng(0)
    for block in stage.trained:
        for variable in adapters.variables(model._layers[block], Adapter.LORA):
            variable.assign(rng.normal(0, 3, variable.shape))
    photos = rng.uniform(0, 255, (4, 16, 16, 3)).astype(np.float32)
    untouched = np.asarray(networks.network(TRAINED, bench.settings)(photos))
    unmerged = np.asarray(model.network(photos, training=False))
    model.merge()
    merged = np.asarray(model.network(photos, training=False))
    np.testing.assert_allclose(merged, unmerged, atol=1e-5)
    assert np.abs(merged - untouched).max() > 0.01
    assert not [weight.name for weight in model.network.weights if "lora" in weight.name]
    assert not [layer.name for layer in model.network.layers if getattr(layer, "lora_rank", None)]


def test_lora_starts_as_the_pretrained_network_and_its_seed_decides_the_first_matrix(bench):
    model, stage = trainable(bench, FINE)
    photos = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 3)).astype(np.float32)
    pretrained = networks.network(TRAINED, bench.settings)
    assert np.array_equal(model.network(photos, training=False), pretrained(photos, training=False))

    def first(seed: int) -> np.ndarray:
        other, stage = trainable(bench, replace(FINE, seed=seed))
        return np.array(adapters.variables(other._layers[stage.trained[0]], Adapter.LORA)[0])

    assert np.array_equal(first(3), first(3)) and not np.array_equal(first(3), first(4))


def test_a_model_with_merged_kernels_is_the_backbone_of_the_next_run(bench):
    bench.train("r-one", FINE, **EFFICIENT)
    bench.train("r-next", replace(FINE, adapter=Adapter.NORM, depth=1), backbone="r-one", **EFFICIENT)
    assert bench.registry.model("r-next").card["adapted_layers"] == 1


def test_where_no_epoch_is_better_than_the_heads_the_model_is_the_pretrained_network(bench, monkeypatch):
    monkeypatch.setattr("core.training.epochs.best_of", lambda epochs, *_: list(epochs)[0])
    bench.train("r-one", FINE, **EFFICIENT)
    assert bench.registry.model("r-one").card["keeps_head"]
    before = weights_of(networks.network(TRAINED, bench.settings))
    after = weights_of(keras.models.load_model(bench.model_path("r-one"), safe_mode=True))
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_network_in_which_nothing_would_be_trained_is_refused(bench, monkeypatch):
    monkeypatch.setattr(adapters, "_NORMALISATION", ())
    bench.add("r-one", replace(FINE, adapter=Adapter.NORM), **EFFICIENT)
    assert "would train nothing (0 adapted layers)" in bench.fails()


def test_in_a_network_of_tokens_queries_and_values_are_adapted_and_merged_into_what_litert_runs(settings, tmp_path):
    from core.features.export import TOLERANCE, export_model
    from tests import tiny_tokens

    vit = tiny_tokens.added(settings, "vit")
    tuned, plain = (networks.network(vit, settings) for _ in range(2))
    photos = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    before = np.asarray(plain(photos))
    for block in networks.layers_by_block(tuned, vit.blocks).values():
        adapters.enable_lora(block, 2, seed=0)
        for variable in adapters.variables(block, Adapter.LORA):
            variable.assign(np.random.default_rng(1).normal(0, 0.5, variable.shape))
    adapted = [layer for layer in tuned._flatten_layers() if getattr(layer, "lora_enabled", False)]
    assert {layer.name for layer in adapted if "attention" in layer.path} == {"query", "value"}
    adapters.merge(tuned, plain)
    merged = np.asarray(plain(photos))
    np.testing.assert_allclose(merged, np.asarray(tuned(photos)), rtol=1e-4, atol=1e-5)
    assert np.abs(merged - before).max() > 0.01
    assert export_model(plain, tmp_path / "merged.tflite") <= TOLERANCE
