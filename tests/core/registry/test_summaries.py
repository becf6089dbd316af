"""What is said of thousands of runs is what counting them one by one would say."""

from collections import Counter
from dataclasses import replace

import pytest

from core.errors import NotFound
from core.recipes.recipe import Hyperparameters, Pattern, Recipe
from core.runs.values import Status
from tests.factories import fill, make_cost, make_dataset, make_evaluation, make_model, make_photos, make_run


def test_every_dataset_has_its_number_of_runs_in_each_status(registry):
    one, other = fill(registry, runs=9), fill(registry, name="fruit", runs=2)
    assert registry.run_counts() == {
        one.dataset.id: Counter(run.status for run in one.runs),
        other.dataset.id: {Status.FINISHED: 2},
    }


def finished(registry, number: int, right: float, **changes) -> str:
    run = make_run(number, **changes)
    results = {"evaluation": make_evaluation(right=right), "cost": make_cost(), "model": make_model(run)}
    return registry.add_finished(run, **results).id


@pytest.fixture
def dataset(registry):
    registry.add_dataset(make_dataset(), make_photos())


def test_the_most_accurate_runs_share_the_highest_accuracy_and_none_of_them_is_archived(registry, dataset):
    other = make_dataset(id="d-other", name="other")
    registry.add_dataset(other, make_photos())
    finished(registry, 1, 1.0, archived=True)
    best, worse, equal = (finished(registry, number, right) for number, right in ((2, 0.9), (3, 0.8), (4, 0.9)))
    elsewhere = finished(registry, 5, 0.5, dataset=other)
    finished(registry, 7, 0.9, archived=True)
    registry.add_run(make_run(6))
    assert [run.id for run in registry.most_accurate()] == [best, equal, elsewhere]
    assert worse not in (best, equal)


def test_a_family_is_every_run_whose_recipe_differs_in_the_seed_alone(registry, dataset):
    recipe = Recipe(backbone="efficientnet_lite0", hyperparameters=Hyperparameters(seed=1))
    seeds = [replace(recipe, hyperparameters=Hyperparameters(seed=seed)) for seed in (1, 2, 3)]
    another = replace(recipe, hyperparameters=Hyperparameters(dropout=0.5))
    runs = [registry.add_run(make_run(n, recipe=made)) for n, made in enumerate((*seeds, another))]
    other = registry.dataset(make_dataset().id)
    registry.add_dataset(replace(other, id="d-other", name="other"), make_photos())
    registry.add_run(make_run(9, recipe=recipe, dataset=registry.dataset("d-other")))
    assert registry.family_of(runs[1].id) == runs[:3]
    assert registry.family_of(runs[3].id) == [runs[3]]
    with pytest.raises(NotFound):
        registry.family_of("r-nobody")


def test_reproductions_are_found_by_what_they_do_again(registry, dataset):
    run = registry.add_run(make_run(1))
    again = [registry.add_run(make_run(number, reproduces=run.id)) for number in (2, 3)]
    assert registry.reproductions_of(run.id) == again
    assert registry.reproductions_of(again[0].id) == []


def test_networks_to_build_on_are_the_starred_and_the_newest_that_learned_something(registry, dataset):
    classifier = Recipe(backbone="efficientnet_lite0", pattern=Pattern.CLASSIFIER)
    starred = finished(registry, 1, 0.9, starred=True)
    old, new, newest = (finished(registry, number, 0.9) for number in (2, 3, 4))
    finished(registry, 5, 0.9, archived=True)
    finished(registry, 6, 0.9, recipe=classifier)
    assert [model.run_id for model in registry.networks(3)] == [newest, new, starred]
    assert [model.run_id for model in registry.networks(9)] == [newest, new, old, starred]
