"""Estimates: from this backbone's runs, else from others', else from an assumption, and always said which."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.features.store import folder_of, key_of
from core.planning.decide import Decision, Plan
from core.planning.estimates import Estimator
from core.recipes.recipe import Cascade, Hyperparameters, Pattern, Recipe
from core.runs.values import Status
from tests.factories import (
    make_cost,
    make_dataset,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)

PHOTOS = make_photos(per_class=20)
DATASET = make_dataset(PHOTOS)
TRAIN = DATASET.split_sizes["train"]
NUMBERS = Hyperparameters(epochs=10, views=1)


def a_plan(backbone="efficientnet_lite0", **changes):
    recipe = changes.pop("recipe", None) or Recipe(backbone=backbone, hyperparameters=NUMBERS)
    values = {"dataset_id": DATASET.id, "recipe": recipe, "fingerprint": "f", "decision": Decision.NEW, "because": ""}
    return Plan(**values | changes)


@pytest.fixture
def estimated(registry, settings):
    registry.add_dataset(DATASET, PHOTOS)

    def estimated(plan):
        return Estimator(registry, settings).estimate(plan, DATASET)

    return estimated


def measure(registry, *, features, training, fixed=5.0, reused=0.0, recipe=None):
    """Puts one finished run into the registry that took exactly this."""
    recipe = recipe or Recipe(backbone="efficientnet_lite0", hyperparameters=NUMBERS)
    number = 1 + len(registry.runs())
    run = make_run(number, dataset=DATASET, recipe=recipe, status=Status.SCHEDULED)
    registry.add_run(run)
    claimed = registry.claim("cpu", "token")
    for epoch in range(1, 11):
        registry.record_epoch(run.id, claimed.attempt, an_epoch(epoch, claimed.attempt))
    paid = features + training + fixed
    stages = {"Computing features": features, "Training": training}
    cost = make_cost(wall_seconds=paid, alone_wall_seconds=paid + reused, stages=stages)
    evaluation, model = make_evaluation(DATASET.class_names), make_model(run)
    registry.finish(run.id, claimed.attempt, evaluation=evaluation, cost=cost, model=model, best_epoch=1)


def an_epoch(number, attempt):
    return replace(make_epochs(1)[0], number=number, attempt=attempt)


def test_before_anything_was_measured_the_estimate_says_it_is_assumed(estimated):
    plan = estimated(a_plan())
    assert plan.estimate_seconds > 0 and "assumed" in plan.estimate_source


def test_the_same_again_is_estimated_to_take_what_it_took(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    plan = estimated(a_plan())
    assert plan.estimate_seconds == pytest.approx(53.0)
    assert "this backbone" in plan.estimate_source


def test_features_that_a_run_reused_still_count_for_one_that_cannot(estimated, registry):
    measure(registry, features=0.0, training=8.0, reused=40.0)
    assert estimated(a_plan()).estimate_seconds == pytest.approx(53.0)


def test_an_extension_counts_only_the_epochs_that_are_left(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    plan = estimated(a_plan(decision=Decision.EXTENDED, first_epoch=9))
    assert plan.estimate_seconds == pytest.approx(40.0 + 5.0 + 8.0 * 2 / 10)


def test_another_backbone_is_scaled_by_its_multiply_adds(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    plan = estimated(a_plan("resnet50"))
    factor = get("resnet50").multiply_adds / get("efficientnet_lite0").multiply_adds
    assert factor > 5 and plan.estimate_seconds == pytest.approx(13.0 + 40.0 * factor)
    assert "other backbones" in plan.estimate_source


def test_what_is_reused_takes_nothing(estimated):
    assert estimated(a_plan(decision=Decision.REUSED, first_epoch=None)).estimate_seconds == 0


# --- every pattern ---


def tuning(**numbers):
    numbers = {"epochs": 10, "views": 1, "depth": 2} | numbers
    return Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.FINE_TUNING, hyperparameters=Hyperparameters(**numbers)
    )


def test_the_same_fine_tuning_again_is_estimated_to_take_what_it_took(estimated, registry):
    measure(registry, features=40.0, training=80.0, recipe=tuning())
    assert estimated(a_plan(recipe=tuning())).estimate_seconds == pytest.approx(125.0)


def test_deeper_fine_tuning_takes_longer_per_epoch_and_less_for_features(estimated, registry):
    measure(registry, features=40.0, training=80.0, recipe=tuning())
    assert estimated(a_plan(recipe=tuning(depth=4))).estimate_seconds == pytest.approx(5.0 + 40.0 * 14 / 16 + 160.0)


def test_what_runs_of_heads_cannot_know_of_trained_blocks_is_assumed(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    plain = estimated(a_plan()).estimate_seconds
    assert estimated(a_plan(recipe=tuning(epochs=100))).estimate_seconds > plain


def test_a_solver_takes_its_features_and_what_is_fixed(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    recipe = Recipe(backbone="efficientnet_lite0", pattern=Pattern.STANDALONE_EXTRACTOR)
    plan = estimated(a_plan(recipe=recipe, first_epoch=None))
    assert plan.estimate_seconds == pytest.approx(45.0)


def test_a_run_that_continues_saves_its_epochs(estimated, registry):
    measure(registry, features=40.0, training=8.0)
    plan = estimated(a_plan(decision=Decision.RESUMED, first_epoch=6))
    assert plan.saves_seconds == pytest.approx(4.0) and plan.saves_source == "estimated"


def test_nothing_is_saved_where_nothing_is_known(estimated):
    plan = estimated(a_plan())
    assert (plan.saves_seconds, plan.saves_source, plan.features_stored) == (0.0, "", False)
    assert plan.disk_bytes > 0 and plan.memory_bytes > 500e6


def test_what_others_computed_is_saved(estimated, registry, settings):
    measure(registry, features=40.0, training=8.0)
    for split in DATASET.split_sizes:
        folder = folder_of(key_of(DATASET, get("efficientnet_lite0"), split), settings)
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text("{}")
    plan = estimated(a_plan())
    assert plan.features_stored and plan.disk_bytes == 0
    assert plan.estimate_seconds == pytest.approx(13.0) and plan.saves_seconds == pytest.approx(40.0)


def test_a_model_built_on_a_run_does_not_make_its_network_look_slow(estimated, registry):
    """Alone it would have had to train its parent too; that is no speed of features."""
    measure(registry, features=40.0, training=8.0)
    parent = registry.runs()[0]
    stacked = Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=(parent.id,),
        hyperparameters=NUMBERS,
    )  # fmt: skip
    measure(registry, features=0.0, training=8.0, reused=10_000.0, recipe=stacked)
    assert estimated(a_plan()).estimate_seconds == pytest.approx(53.0)


def test_combining_runs_takes_a_moment(estimated):
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    plan = estimated(a_plan(recipe=recipe, first_epoch=None))
    assert plan.estimate_seconds < 5 and "nothing is trained" in plan.estimate_source
