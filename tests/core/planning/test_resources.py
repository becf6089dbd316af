"""What a run will read, compute and hold, known before it starts."""

from dataclasses import replace
from math import ceil

import pytest

from core.backbones import get
from core.backbones.token_network import TokenNetwork
from core.features.onnx_engine import workers_for_many
from core.features.sizes import bytes_per_photo, fraction_below
from core.features.store import folder_of, key_of
from core.planning import resources
from core.planning.resources import (
    BACKWARD,
    STEPS_PER_EPOCH,
    MemberRun,
    RecipeInputs,
    estimate_resources,
)
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import PIXELS, program_of
from core.recipes.recipe import Recipe
from tests import tiny_tokens
from tests.factories import make_dataset, make_photos

LITE0 = get("efficientnet_lite0")
DATASET = make_dataset(make_photos(per_class=20))
TRAIN, VALIDATION, TEST = (DATASET.split_sizes[split] for split in ("train", "validation", "test"))
SOURCES = RecipeInputs(
    backbones={LITE0.name: LITE0}, runs={"r-1": MemberRun(digest="0" * 64, classes=3, multiply_adds=10)}
)


@pytest.fixture
def needs(settings):
    def needs(pattern=Pattern.INTEGRATED_EXTRACTOR, *, first_epoch=1, **numbers):
        recipe = Recipe(
            backbone=LITE0.name, pattern=pattern, hyperparameters=Hyperparameters(**{"epochs": 10} | numbers)
        )
        return of(recipe, first_epoch)

    def of(recipe, first_epoch=1):
        program = program_of(recipe, LITE0.blocks)
        return estimate_resources(
            recipe, program, dataset=DATASET, sources=SOURCES, settings=settings, first_epoch=first_epoch
        )

    needs.of = of
    return needs


def head_epoch(batch_size=32):
    """``head_work`` of one epoch."""
    return 1 + ceil(TRAIN / batch_size) / STEPS_PER_EPOCH


def computing(found):
    """Multiply-adds of the features that are missing."""
    return sum(load.multiply_adds for load in found.missing)


def rows(found):
    return {(load.part.cut, load.split, load.view): load.photos for load in found.loads}


def test_an_extractor_reads_every_view_of_the_training_photos_and_the_others_once(needs):
    found = needs(views=2)
    assert rows(found) == {
        ("top", "train", 0): TRAIN,
        ("top", "train", 1): TRAIN,
        ("top", "validation", 0): VALIDATION,
        ("top", "test", 0): TEST,
    }
    assert found.disk_bytes == (2 * TRAIN + VALIDATION + TEST) * bytes_per_photo(LITE0, "top")
    assert computing(found) == (2 * TRAIN + VALIDATION + TEST) * LITE0.multiply_adds
    assert (found.head_work, found.rows, found.training) == (10 * head_epoch(), 0, 0)


def test_views_no_epoch_looks_at_are_not_needed(needs):
    assert {view for _, _, view in rows(needs(epochs=2, views=4))} == {0, 1}
    assert {view for _, split, view in rows(needs(views=4, first_epoch=10)) if split == "train"} == {1}


def test_repetitions_share_their_views_and_runs_of_earlier_versions_have_their_own(needs):
    def keys(**changes):
        numbers = Hyperparameters(epochs=10, views=2, **changes)
        return [load.key for load in needs.of(Recipe(backbone=LITE0.name, hyperparameters=numbers)).loads]

    old = Recipe(backbone=LITE0.name, hyperparameters=Hyperparameters(epochs=10, views=2, seed=1), views_by_seed=True)
    assert keys(seed=0) == keys(seed=1)
    assert len({load.key for load in needs.of(old).loads} - set(keys(seed=1))) == 1


def test_what_is_stored_need_not_be_computed_again(needs, settings):
    before = needs()
    key = key_of(DATASET, LITE0, "train")
    folder_of(key, settings).mkdir(parents=True)
    (folder_of(key, settings) / "meta.json").write_text("{}")
    after = needs()
    assert not after.stored and len(after.missing) == len(before.missing) - 1
    assert computing(before) - computing(after) == TRAIN * LITE0.multiply_adds


def test_a_shallower_cut_costs_less_to_compute(needs):
    assert computing(needs(depth=4)) < computing(needs(depth=1)) < computing(needs())
    assert fraction_below(LITE0, "top") == 1 and fraction_below(LITE0, "pixels") == 0
    assert fraction_below(LITE0, "head.pool") == 1
    of_stem = LITE0.block_multiply_adds[0] / LITE0.multiply_adds
    assert fraction_below(LITE0, "stem") == pytest.approx(of_stem) and of_stem < 1 / 18


def test_blocks_that_nobody_counted_cost_the_same():
    assert fraction_below(replace(LITE0, block_multiply_adds=()), "stem") == pytest.approx(1 / 18)


def test_fine_tuning_reads_pooled_features_for_the_head_and_maps_for_the_blocks(needs):
    found = needs(Pattern.FINE_TUNING, depth=2, head_epochs=3)
    assert set(rows(found)) == {
        ("top", "train", 0), ("top", "validation", 0),
        ("block6d", "train", 0), ("block6d", "validation", 0), ("block6d", "test", 0),
    }  # fmt: skip
    suffix = sum(LITE0.block_multiply_adds[-2:])
    assert found.training == pytest.approx(7 * suffix * ((1 + BACKWARD) * TRAIN + VALIDATION))
    assert found.head_work == 3 * head_epoch()


def test_a_run_that_goes_on_in_its_second_stage_needs_nothing_of_the_first(needs):
    found = needs(Pattern.FINE_TUNING, depth=2, head_epochs=3, first_epoch=9)
    assert {cut for cut, _, _ in rows(found)} == {"block6d"}
    assert found.head_work == 0


@pytest.mark.parametrize("pattern", [Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH])
def test_training_every_layer_stores_nothing_and_computes_everything_in_every_epoch(needs, pattern):
    found = needs(pattern)
    assert found.loads == () and found.disk_bytes == 0
    assert found.training == pytest.approx(10 * LITE0.multiply_adds * ((1 + BACKWARD) * TRAIN + VALIDATION))


def test_a_classifier_never_looks_at_the_training_photos(needs):
    assert set(rows(needs(Pattern.CLASSIFIER))) == {("classes", "validation", 0), ("classes", "test", 0)}


def test_a_solver_learns_from_all_views_at_once(needs):
    found = needs(Pattern.STANDALONE_EXTRACTOR, views=3, solver=Solver.LINEAR_SVM)
    assert {view for _, split, view in rows(found) if split == "train"} == {0, 1, 2}
    assert (found.head_work, found.rows, found.training) == (0, 3 * TRAIN, 0)


def test_stacking_reads_the_answers_of_a_run(needs):
    recipe = Recipe(backbone=LITE0.name, pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=("r-1",))
    answers = [load for load in needs.of(recipe).loads if load.part.source == "r-1"]
    assert [(one.split, one.bytes) for one in answers] == [
        ("train", 12 * TRAIN), ("validation", 12 * VALIDATION), ("test", 12 * TEST),
    ]  # fmt: skip
    assert answers[0].multiply_adds == 10 * TRAIN


def test_memory_grows_with_the_batch_where_maps_are_trained_on_and_with_the_vectors_elsewhere(needs):
    whole, larger = (needs(Pattern.WEIGHT_INITIALIZATION, batch_size=size).memory_bytes for size in (8, 64))
    assert larger > 3 * whole / 2
    assert needs(batch_size=8).memory_bytes == needs(batch_size=64).memory_bytes
    assert needs(views=4).memory_bytes - needs().memory_bytes == 3 * TRAIN * bytes_per_photo(LITE0, "top")


@pytest.mark.parametrize(("size", "measured"), [(224, 512e6), (448, 780e6), (768, 1_565e6)])
def test_computing_features_of_larger_inputs_needs_as_much_more_memory_as_was_measured(settings, size, measured):
    sources = replace(SOURCES, backbones={LITE0.name: replace(LITE0, input_size=size)})
    recipe = Recipe(backbone=LITE0.name, pattern=Pattern.INTEGRATED_EXTRACTOR)
    program = program_of(recipe, LITE0.blocks)
    found = estimate_resources(recipe, program, dataset=DATASET, sources=sources, settings=settings)
    working = found.memory_bytes - resources.TENSORFLOW_BYTES - 4 * LITE0.parameters
    assert measured < working < 1.4 * measured


@pytest.mark.parametrize(("parameters", "measured"), [(2_200_000, 104e6), (23_450_000, 414e6)])
def test_an_onnx_network_needs_the_memory_of_a_process_for_each_core(settings, parameters, measured):
    """Measured: one process with MobileNetV2, and with ResNet50."""
    onnx = replace(LITE0, source="onnx_file:a.onnx", parameters=parameters)
    recipe = Recipe(backbone=LITE0.name, pattern=Pattern.INTEGRATED_EXTRACTOR)
    sources = replace(SOURCES, backbones={LITE0.name: onnx})
    program = program_of(recipe, LITE0.blocks)
    found = estimate_resources(recipe, program, dataset=DATASET, sources=sources, settings=settings)
    loads = sum(load.bytes for load in found.loads)
    processes = found.memory_bytes - loads - resources.TENSORFLOW_BYTES - 4 * parameters
    assert measured * workers_for_many() <= processes < 1.2 * measured * workers_for_many()


def test_attention_of_many_tokens_needs_memory(settings):
    """Every token is kept with every other: of twice the side four times as many tokens, and sixteen times as many
    pairs. Measured: 4 blocks of width 384 with 6 heads need 69 MB a photo with 257 tokens, 485 MB with 1,025."""
    network = TokenNetwork(
        family="ViT", naming="vit", size=224, patch=14, width=384, depth=4, heads=6, mlp_width=1536
    )  # fmt: skip
    measured = {224: 69e6, 448: 485e6}
    for size, expected in measured.items():
        backbone = replace(tiny_tokens.added(settings, "vit"), **network.row(size))
        one, eleven = (resources._step_bytes(backbone, PIXELS, batch) for batch in (1, 11))
        assert (eleven - one) / 10 == pytest.approx(expected, rel=0.25)


# --- several cuts ---


def test_cuts_that_are_missing_are_one_pass_and_every_one_is_stored(needs):
    probe, head = needs(Pattern.MULTI_LAYER_PROBE, cuts=4), needs(depth=0)
    assert computing(probe) == computing(head) and len(probe.loads) == 4 * len(head.loads)
    assert sum(load.photos for load in probe.missing) == TRAIN + VALIDATION + TEST
    cuts = next(iter(probe.loads)).part.cut
    assert probe.disk_bytes == (TRAIN + VALIDATION + TEST) * bytes_per_photo(LITE0, cuts)


def test_a_pass_is_needed_as_long_as_one_cut_is_missing_and_none_where_all_are_stored(needs, settings):
    cuts = needs(Pattern.MULTI_LAYER_PROBE, cuts=2).loads[0].part.cut.split("+")
    for number, cut in enumerate(cuts):
        assert computing(needs(Pattern.MULTI_LAYER_PROBE, cuts=2)) > 0, number
        for split in ("train", "validation", "test"):
            folder = folder_of(key_of(DATASET, LITE0, split, cut=cut), settings)
            folder.mkdir(parents=True)
            (folder / "meta.json").write_text("{}")
    found = needs(Pattern.MULTI_LAYER_PROBE, cuts=2)
    assert found.stored and computing(found) == 0
    assert sum(load.photos for load in found.loads) == TRAIN + VALIDATION + TEST, "what is saved is one pass, too"


def test_frozen_kernels_have_no_gradient_of_their_own(needs):
    whole, lora = (needs(pattern, depth=2).training for pattern in (Pattern.FINE_TUNING, Pattern.PARAMETER_EFFICIENT))
    suffix = whole / ((1 + BACKWARD) * TRAIN + VALIDATION)
    assert lora == pytest.approx(suffix * (2 * TRAIN + VALIDATION))
