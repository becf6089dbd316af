"""Ensembles and confidence cascades are combined at once, without the queue; how well, is in ``test_combining``."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from core import jobs
from core.errors import Conflict, InvalidInput
from core.files.home import run_folder
from core.planning.decide import Decision
from core.planning.plan import Planner
from core.planning.presets import Preset
from core.recipes.patterns import Cascade, Pattern
from core.runs.values import Status
from core.workbench import Workbench
from tests.choices import cascade, launch
from tests.factories import fill, make_cost, make_evaluation, make_model


@pytest.fixture
def started(monkeypatch):
    """How often a supervisor was asked for."""
    calls = []
    monkeypatch.setattr(jobs, "ensure_supervisor", calls.append)
    return calls


@pytest.fixture
def bench(settings, registry, started, monkeypatch):
    filled = fill(registry, settings, runs=8, per_class=12)
    monkeypatch.setitem(sys.modules, "core.models.cascades.combine", SimpleNamespace(combine=combine))
    bench = Workbench.open(settings)
    bench.finished = [run.id for run in filled.with_status(Status.FINISHED)]
    bench.unfinished = filled.with_status(Status.FAILED)[0].id
    return bench


def combine(recipe, run, registry, settings):
    """Leaves what the real one leaves, without looking at anybody's answers."""
    folder = run_folder(settings, run.id).path / "model"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    names = registry.dataset(run.dataset_id).class_names
    model = replace(make_model(run), path=f"runs/{run.id}/model/card.json")
    registry.add_finished(run, evaluation=make_evaluation(names), cost=make_cost(), model=model)


def test_an_ensemble_is_finished_when_it_is_launched_and_nothing_is_started(bench, started):
    plan, run = bench.ensemble(bench.finished[:3])
    assert (plan.decision, run.status, started) == (Decision.NEW, Status.FINISHED, [])
    assert run.recipe.members == tuple(bench.finished[:3]) and run.name.startswith("Ensemble of ")
    assert [parent.id for parent in bench.lineage(run.id).parents] == bench.finished[:3]
    assert bench.stages(run.id) == [] and bench.repetitions(run.id) == [run]


def test_the_same_ensemble_again_is_reused(bench):
    _, run = bench.ensemble(bench.finished[:2])
    plan, again = bench.ensemble(bench.finished[:2])
    assert (plan.decision, again.id, plan.saves_source) == (Decision.REUSED, run.id, "measured")


def test_a_run_may_be_named_by_the_beginning_of_its_id(bench):
    _, run = bench.ensemble([run_id[:8] for run_id in bench.finished[:2]])
    assert run.recipe.members == tuple(bench.finished[:2])


def test_a_confidence_cascade_keeps_the_order_of_its_two(bench):
    _, run = bench.confidence(bench.finished[1], bench.finished[0])
    assert (run.recipe.cascade, run.recipe.members) == (Cascade.CONFIDENCE, (bench.finished[1], bench.finished[0]))
    assert run.name.startswith("Cascade of ")


def test_what_cannot_be_combined_leaves_nothing_behind(bench):
    before = len(bench.registry.runs())
    with pytest.raises(InvalidInput, match=bench.unfinished):
        bench.ensemble([bench.finished[0], bench.unfinished])
    with pytest.raises(InvalidInput, match="needs two to fifty"):
        bench.ensemble(bench.finished[:1])
    assert len(bench.registry.runs()) == before


def test_reproducing_an_ensemble_combines_it_again_and_forcing_it_does_the_same(bench, started):
    _, run = bench.ensemble(bench.finished[:2])
    again = bench.reproduce(run.id)
    assert (again.reproduces, again.status, started) == (run.id, Status.FINISHED, [])
    assert bench.reproduction(run.id).identical
    ((plan, forced),) = launch(bench, run.dataset_id, [run.recipe], force=True)
    assert plan.reproduces == run.id and forced.reproduces == run.id and forced.id not in (run.id, again.id)


def test_an_ensemble_is_no_backbone_but_its_answers_can_be_passed_on(bench):
    _, ensemble = bench.ensemble(bench.finished[:2])
    (cell,) = bench.plan(
        ensemble.dataset_id,
        [replace(bench.registry.run(bench.finished[0]).recipe, backbone=ensemble.id)],
    )
    assert cell.decision is Decision.REFUSED and "stacking" in cell.because
    assert ensemble.id not in [backbone.name for backbone, _ in bench.backbones()]
    numbers = {Pattern.CASCADE: {"batch_size": 8}}
    recipe = cascade(
        bench, ensemble.dataset_id, Cascade.STACKING, ["efficientnet_lite0", ensemble.id], settings=numbers
    )
    (plan,) = bench.plan(ensemble.dataset_id, [recipe])
    assert (plan.decision, plan.recipe.pattern) == (Decision.NEW, Pattern.CASCADE)


def test_a_member_others_wait_for_is_not_deleted(bench):
    member = bench.finished[0]
    recipe = cascade(
        bench,
        "flowers",
        Cascade.STACKING,
        ["efficientnet_lite0", member],
        settings={Pattern.CASCADE: {"batch_size": 8}},
    )
    ((_, waiting),) = launch(bench, "flowers", [recipe])
    with pytest.raises(Conflict, match=waiting.id):
        bench.delete_weights([member])


def test_recipes_that_several_choices_share_are_planned_once(bench, monkeypatch):
    planned = []
    plan = Planner.plan
    monkeypatch.setattr(Planner, "plan", lambda self, recipe: planned.append(recipe) or plan(self, recipe))
    dataset = bench.registry.datasets()[0].id
    together = bench.grid_plans(dataset, [*Preset])
    assert planned and len(planned) == len(set(planned))
    assert [[row.recipe for row in one.plans] for one in together] == [
        [row.recipe for row in bench.grid_plan(dataset, preset).plans] for preset in Preset
    ]
