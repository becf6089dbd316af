"""A shortlist against what was trained since."""

from dataclasses import replace

import pytest

from core.advising.regret import key_of_recipe, latest_shortlist, regret_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.core.advising.test_values import make_shortlist
from tests.factories import fill, make_cost, make_evaluation, make_model, make_run


@pytest.fixture
def dataset(registry):
    return fill(registry, runs=0).dataset


@pytest.fixture
def trained(registry, dataset):
    """A finished run of a backbone with about this accuracy on 40 test photos."""
    made = []

    def trained(backbone, right, pattern=Pattern.STANDALONE_EXTRACTOR, **hp):
        recipe = Recipe(backbone=backbone, pattern=pattern, hyperparameters=Hyperparameters(**hp))
        made.append(backbone)
        run = make_run(len(made), dataset=dataset, recipe=recipe, name=f"{backbone} {len(made)}")
        registry.add_run(run)
        attempt = registry.claim("cpu", "test").attempt
        evaluation = replace(make_evaluation(), accuracy=right)
        model = make_model(run)
        registry.finish(run.id, attempt, evaluation=evaluation, cost=make_cost(), model=model, best_epoch=1)
        return run

    return trained


def test_before_anything_is_trained_the_regret_is_not_known(registry, dataset):
    found = regret_of(make_shortlist(dataset.id), registry)
    assert found.runs == 0 and found.shortlist.regret is None and "not known" in found.verdict


def test_the_regret_is_against_the_best_candidate_that_was_trained(registry, dataset, trained):
    trained("efficientnet_lite1", 0.85, depth=1, input_size=352)
    best = trained("mobilenet_v1", 0.9)
    trained("efficientnet_lite2", 0.8, pattern=Pattern.INTEGRATED_EXTRACTOR)
    found = regret_of(make_shortlist(dataset.id), registry)
    assert (found.runs, found.best) == (3, best.name)
    assert found.shortlist.regret == pytest.approx(0.05) and found.shortlist.is_whole
    assert found.by_published.regret == pytest.approx(0.1)
    assert found.by_parameters.regret == pytest.approx(0.0)
    assert "did not beat" in found.verdict


def test_it_beat_the_controls_where_its_regret_is_the_smallest(registry, dataset, trained):
    trained("efficientnet_lite1", 0.95, depth=1, input_size=352)
    trained("efficientnet_lite2", 0.8)
    trained("mobilenet_v1", 0.9)
    assert regret_of(make_shortlist(dataset.id), registry).verdict == "It beat both controls."


def test_where_not_everything_was_trained_nobody_has_won(registry, dataset, trained):
    trained("efficientnet_lite1", 0.95, depth=1, input_size=352)
    found = regret_of(make_shortlist(dataset.id), registry)
    assert (found.shortlist.trained, found.shortlist.named) == (1, 2)
    assert found.by_published.regret is None and "Train what it named" in found.verdict


def test_another_depth_or_size_is_another_recipe_and_the_best_repetition_counts(registry, dataset, trained):
    trained("efficientnet_lite1", 0.99, depth=2, input_size=352)
    trained("efficientnet_lite1", 0.6, depth=1, input_size=352)
    trained("efficientnet_lite1", 0.7, depth=1, input_size=352, seed=1)
    found = regret_of(make_shortlist(dataset.id), registry)
    assert found.shortlist.accuracy == pytest.approx(0.7) and found.runs == 2


def test_a_fine_tuned_run_that_is_better_is_named(registry, dataset, trained):
    trained("efficientnet_lite2", 0.8)
    better = trained("efficientnet_lite2", 0.97, pattern=Pattern.FINE_TUNING, depth=2, head_epochs=1)
    assert regret_of(make_shortlist(dataset.id), registry).beyond == (better.name, pytest.approx(0.97))
    assert key_of_recipe(better.recipe) is None


def test_the_latest_that_this_version_can_read(registry, dataset):
    assert latest_shortlist(dataset.id, registry) is None
    one = make_shortlist(dataset.id)
    registry.add_shortlist(dataset.id, {}, one.to_json(), 1.0)
    registry.add_shortlist(dataset.id, {}, {"method": 0}, 1.0)
    found, made_at, who = latest_shortlist(dataset.id, registry)
    assert found == one and made_at > 0 and who == "local"
