"""How runs are related: same path, same family, reproductions, used as backbone or member."""

from dataclasses import replace

import pytest

from core.errors import NotFound
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from tests.core.registry.databases import ON_SQLITE, plans_of
from tests.factories import make_cost, make_dataset, make_ensemble, make_evaluation, make_model, make_photos, make_run

RESULTS = {"evaluation": make_evaluation(), "cost": make_cost()}


def test_a_run_knows_which_one_it_reproduces_until_that_is_deleted(flowers):
    first = flowers.add_run(make_run(1))
    again = flowers.add_run(make_run(2, reproduces=first.id))
    assert flowers.run(again.id).reproduces == first.id
    flowers.delete_runs([first.id])
    assert flowers.run(again.id).reproduces is None
    with pytest.raises(NotFound, match="to reproduce"):
        flowers.add_run(make_run(3, reproduces=first.id))


def test_runs_that_use_a_run_as_backbone_or_member_are_found(flowers):
    run = flowers.add_run(make_run(1))
    on_it = flowers.add_run(make_run(2, recipe=Recipe(backbone=run.id)))
    flowers.add_run(make_run(3))
    of_it = make_ensemble(4, "r-a", run.id)
    flowers.add_finished(of_it, model=make_model(of_it), **RESULTS)
    assert [user.id for user in flowers.runs_using(run.id)] == [of_it.id, on_it.id]
    assert flowers.runs_using(on_it.id) == []


def test_runs_that_use_a_backbone_are_found_by_its_name(flowers):
    recipe = Recipe(backbone="tiny", hyperparameters=Hyperparameters())
    alone = flowers.add_run(make_run(8, recipe=recipe))
    fused = Recipe(backbone="efficientnet_lite0", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("tiny",))
    fusion = flowers.add_run(make_run(9, recipe=fused))
    flowers.add_run(make_run(10))
    assert [user.id for user in flowers.runs_using("tiny")] == [fusion.id, alone.id]


def test_a_family_is_every_run_whose_recipe_differs_in_the_seed_alone(flowers):
    recipe = Recipe(backbone="efficientnet_lite0", hyperparameters=Hyperparameters(seed=1))
    seeds = [replace(recipe, hyperparameters=Hyperparameters(seed=seed)) for seed in (1, 2, 3)]
    another = replace(recipe, hyperparameters=Hyperparameters(dropout=0.5))
    runs = [flowers.add_run(make_run(n, recipe=made)) for n, made in enumerate((*seeds, another))]
    other = flowers.dataset(make_dataset().id)
    flowers.add_dataset(replace(other, id="d-other", name="other"), make_photos())
    flowers.add_run(make_run(9, recipe=recipe, dataset=flowers.dataset("d-other")))
    assert flowers.family_of(runs[1].id) == runs[:3]
    assert flowers.family_of(runs[3].id) == [runs[3]]
    with pytest.raises(NotFound):
        flowers.family_of("r-nobody")


def test_reproductions_are_found_by_what_they_do_again(flowers):
    run = flowers.add_run(make_run(1))
    again = [flowers.add_run(make_run(number, reproduces=run.id)) for number in (2, 3)]
    assert flowers.reproductions_of(run.id) == again
    assert flowers.reproductions_of(again[0].id) == []


def test_runs_of_the_same_path_are_found_by_their_fingerprint(flowers):
    runs = [flowers.add_run(make_run(number)) for number in (0, 1)]
    longer = replace(runs[0].recipe, hyperparameters=replace(runs[0].recipe.hyperparameters, epochs=50))
    again = flowers.add_run(make_run(2, recipe=longer))
    assert flowers.find_runs(runs[0].fingerprint) == [again, runs[0]]
    assert flowers.find_runs("none") == []
    several = [runs[1].fingerprint, "none", runs[0].fingerprint]
    assert flowers.find_runs_of(several) == {several[0]: [runs[1]], "none": [], several[2]: [again, runs[0]]}


@ON_SQLITE
def test_runs_that_use_a_run_are_looked_up_among_those_that_use_any(flowers):
    plans = plans_of(flowers, lambda: flowers.runs_using("r-a", "r-b"))
    assert [line for line in plans if line.startswith(("SCAN runs", "SEARCH runs"))] == [
        "SCAN runs USING INDEX runs_on_models"
    ]
