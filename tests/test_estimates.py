"""Estimates: from this backbone's runs, else from others', else from an assumption, and always said which."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.estimates import Estimator
from core.planning import Decision, Plan
from core.recipes import Hyperparameters, Recipe
from core.runs import Status
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
    recipe = Recipe(backbone=backbone, hyperparameters=NUMBERS)
    values = {"dataset_id": DATASET.id, "recipe": recipe, "fingerprint": "f", "decision": Decision.NEW, "because": ""}
    return Plan(**values | changes)


@pytest.fixture
def estimated(registry, settings):
    registry.add_dataset(DATASET, PHOTOS)

    def estimated(plan):
        return Estimator(registry, settings).estimate(plan, DATASET)

    return estimated


def measure(registry, *, backbone="efficientnet_lite0", features, training, fixed=5.0, reused=0.0):
    """Puts one finished run into the registry that took exactly this."""
    run = make_run(dataset=DATASET, recipe=Recipe(backbone=backbone, hyperparameters=NUMBERS), status=Status.SCHEDULED)
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
