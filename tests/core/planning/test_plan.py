"""Plans say what is reused and saved, and launching does what the plan says."""

from dataclasses import replace

import pytest

from core import jobs
from core.errors import InvalidInput
from core.files.home import run_folder
from core.models.heads.mapping import mapped
from core.planning.decide import Decision
from core.planning.grid_plan import grid_plan
from core.planning.presets import Preset
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Status
from tests.choices import launch, recipes
from tests.factories import fill, make_cost, make_evaluation, make_model, make_run

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


@pytest.fixture
def filled(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    return fill(registry, settings, runs=8, per_class=12)


@pytest.fixture
def dataset(filled):
    return filled.dataset.id


@pytest.fixture
def finished(filled):
    return filled.with_status(Status.FINISHED)


def first(bench, dataset, recipe, **how):
    (plan,) = bench.plan(dataset, [recipe], **how)
    return plan


def test_a_known_answer_is_reused_and_says_what_that_saves(bench, dataset, finished):
    plan = first(bench, dataset, finished[0].recipe)
    assert (plan.decision, plan.run_id, plan.estimate_seconds) == (Decision.REUSED, finished[0].id, 0.0)
    assert (plan.saves_seconds, plan.saves_source) == (
        bench.registry.cost(finished[0].id).alone_wall_seconds,
        "measured",
    )


def test_a_classifier_that_read_the_class_names_otherwise_is_done_anew(bench, filled, dataset):
    (recipe,) = recipes(bench, dataset, [LITE0], [Pattern.CLASSIFIER])
    print_ = first(bench, dataset, recipe).fingerprint
    now = mapped(filled.dataset.class_names)
    for number, rows in ((1, now.to_dict()["mapping"]), (2, [{"synset": "n01443537", "class": "daisy"}])):
        run = make_run(number, id=f"r-map{number}", dataset=filled.dataset, recipe=recipe, fingerprint=print_)
        model = make_model(run, card={"choice": {"mapping": rows}}, id=f"m-map{number}")
        bench.registry.add_finished(run, evaluation=make_evaluation(), cost=make_cost(), model=model)
        run_folder(bench.settings, run.id).model.mkdir(parents=True)
        run_folder(bench.settings, run.id).card.write_text("{}")
    assert first(bench, dataset, recipe).run_id == "r-map1"
    bench.registry.delete_runs(["r-map1"])
    plan = first(bench, dataset, recipe)
    assert (plan.decision, plan.because) == (Decision.NEW, "It was done with another mapping of the class names.")


def test_an_extension_saves_the_epochs_that_were_run(bench, dataset, finished, settings):
    run = finished[0]
    (run_folder(settings, run.id).path / "checkpoints" / "00012").mkdir(parents=True)
    longer = replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, epochs=48))
    plan, anew = first(bench, dataset, longer), first(bench, dataset, replace(longer, backbone="resnet50"))
    assert (plan.decision, plan.first_epoch, plan.run_id) == (Decision.EXTENDED, 13, run.id)
    assert plan.saves_seconds > 0 and plan.saves_source == "estimated"
    assert (anew.saves_seconds, anew.saves_source) == (0.0, "")


def test_one_bad_cell_does_not_spoil_the_grid_but_cannot_be_launched(bench, dataset):
    grid = recipes(bench, dataset, [LITE0], [Pattern.FINE_TUNING], depths={Pattern.FINE_TUNING: (1, 99)})
    plans = bench.plan(dataset, grid)
    assert [plan.decision for plan in plans] == [Decision.NEW, Decision.REFUSED]
    with pytest.raises(InvalidInput, match="between 1 and 18"):
        launch(bench, dataset, grid[1:])
    before = len(bench.registry.runs())
    ((plan, run),) = launch(bench, dataset, grid)
    assert (plan.recipe, run.recipe) == (grid[0], grid[0]) and len(bench.registry.runs()) == before + 1


def test_what_is_launched_keeps_its_name_and_its_recipe(bench, dataset):
    (plan,) = bench.plan(dataset, recipes(bench, dataset, [LITE0], [Pattern.FINE_TUNING]))
    ((_, run),) = bench.launch_grid(grid_plan([plan], 1))
    assert (run.name, run.recipe, run.fingerprint) == (plan.name, plan.recipe, plan.fingerprint)
    assert run.status is Status.SCHEDULED and bench.launch_grid(grid_plan([plan], 1))[0][1].id == run.id


def test_force_takes_the_next_seed_nobody_has(bench, dataset, finished):
    recipe = next(run.recipe for run in finished if run.recipe.hyperparameters.seed == 0)
    used = {
        run.recipe.hyperparameters.seed
        for run in bench.registry.runs(dataset)
        if run.recipe.backbone == recipe.backbone
    }
    plans = bench.plan(dataset, [recipe, recipe], force=True)
    seeds = [plan.recipe.hyperparameters.seed for plan in plans]
    assert [plan.decision for plan in plans] == [Decision.NEW] * 2
    assert len(set(seeds)) == 2 and not set(seeds) & used
    assert "further repetition" in plans[0].because
    launched = [run.recipe.hyperparameters.seed for _, run in launch(bench, dataset, [recipe] * 2, force=True)]
    assert launched == seeds


def test_the_earlier_runs_of_a_whole_grid_are_looked_up_at_once(bench, dataset, monkeypatch):
    asked, alone, together = [], Registry.find_runs, Registry.find_runs_of
    monkeypatch.setattr(Registry, "find_runs", lambda self, one: asked.append(one) or alone(self, one))
    monkeypatch.setattr(Registry, "find_runs_of", lambda self, some: asked.append([*some]) or together(self, some))
    plans = bench.grid_plan(dataset, Preset.OVERNIGHT).launchable
    assert len(asked) == 1 and set(asked[0]) == {plan.fingerprint for plan in plans}


def test_force_on_what_is_new_is_just_new(bench, dataset):
    plan = first(bench, dataset, Recipe(backbone="resnet50", hyperparameters=Hyperparameters(seed=3)), force=True)
    assert (plan.decision, plan.recipe.hyperparameters.seed) == (Decision.NEW, 3)
    assert "repetition" not in plan.because


def test_two_who_launch_the_same_get_one_run(bench, dataset):
    recipe = Recipe(backbone="resnet50")
    (_, one), (again, other) = launch(bench, dataset, [recipe] * 2)
    assert one.id == other.id and again.decision is Decision.REUSED
