"""What a run will read, compute and hold, known before it starts."""

from math import ceil

import pytest

from core.backbones import get
from core.features.sizes import bytes_per_photo
from core.features.store import folder_of, key_of
from core.planning.resources import (
    BACKWARD,
    STEPS_PER_EPOCH,
    MemberRun,
    RecipeInputs,
    estimate_resources,
    fraction_below,
)
from core.recipes.program import program_of
from core.recipes.recipe import Cascade, Hyperparameters, Pattern, Recipe, Solver
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
    assert fraction_below(LITE0, "head.pool") == 1 and fraction_below(LITE0, "stem") == pytest.approx(1 / 18)


def test_fine_tuning_reads_pooled_features_for_the_head_and_maps_for_the_blocks(needs):
    found = needs(Pattern.FINE_TUNING, depth=2, head_epochs=3)
    assert set(rows(found)) == {
        ("top", "train", 0), ("top", "validation", 0),
        ("block6d", "train", 0), ("block6d", "validation", 0), ("block6d", "test", 0),
    }  # fmt: skip
    suffix = LITE0.multiply_adds * 2 / 18
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
