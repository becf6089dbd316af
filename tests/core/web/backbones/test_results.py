"""What runs of this home reached with a backbone."""

from dataclasses import replace

import pytest

from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.settings import Settings
from core.web.backbones.results import _first, results_of
from core.workbench import Workbench
from tests.factories import fill, make_cost, make_evaluation, make_model, make_run


@pytest.fixture
def bench(tmp_path):
    bench = Workbench.open(Settings(home=tmp_path / "home"))
    yield bench
    bench.registry.close()


def test_the_best_run_on_every_dataset_with_the_verdict_on_it(bench):
    older, newer = (fill(bench.registry, bench.settings, name=name, runs=9) for name in ("flowers", "birds"))
    name = newer.runs[0].recipe.backbone
    found = results_of(bench, name)
    assert [result.dataset.id for result in found] == [newer.dataset.id, older.dataset.id]
    mine = [run for run in newer.with_status("FINISHED") if run.recipe.backbone == name]
    assert found[0].runs == len(mine)
    assert found[0].best.test_accuracy == max(run.test_accuracy for run in mine)
    verdict = bench.verdict(newer.dataset.id)
    assert found[0].verdict.best == verdict.best and verdict.standing(found[0].best.id) is not None


def test_of_equally_accurate_runs_the_recommended_one_stands_there_however_old(bench):
    verdict = bench.verdict(fill(bench.registry, bench.settings, runs=9).dataset.id)
    newest, older = (make_run(number, test_accuracy=0.9) for number in (1, 2))
    recommended = replace(verdict, recommended=replace(verdict.best, run_id=older.id))
    assert _first([newest, older], recommended) == older
    assert _first([replace(newest, test_accuracy=0.91), older], recommended) != older
    assert _first([newest, older], None) == newest


def test_the_fusions_that_a_backbone_is_part_of_count_for_each_of_their_backbones(bench):
    fill(bench.registry, bench.settings, runs=3)
    dataset = bench.registry.datasets()[0]
    recipe = Recipe(backbone="vgg19", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("vgg16",))
    run = make_run(20, dataset=dataset, recipe=recipe)
    results = {"evaluation": make_evaluation(dataset.class_names), "cost": make_cost()}
    bench.registry.add_finished(run, model=make_model(run), **results)
    for name in ("vgg16", "vgg19"):
        (found,) = results_of(bench, name)
        assert (found.best.id, found.runs) == (run.id, 1)


def test_a_backbone_without_runs_has_no_results(bench):
    fill(bench.registry, bench.settings, runs=3)
    assert results_of(bench, "vgg16") == []
