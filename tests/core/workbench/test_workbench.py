"""The front door: grids of every pattern, plans that say what is saved, runs done again, lineage."""

from dataclasses import replace

import numpy as np
import pytest

from core import jobs
from core.errors import Conflict, InvalidInput, NotFound
from core.files.home import run_folder
from core.models.lineage import run_name
from core.planning.decide import Decision
from core.recipes.defaults import reasons
from core.recipes.program import depths
from core.recipes.recipe import RELEVANT, Cascade, Hyperparameters, Pattern, Recipe, Schedule
from core.runs.predictions import read_predictions
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.factories import fill, make_epochs, make_run

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


@pytest.fixture
def filled(settings, registry, monkeypatch):
    monkeypatch.setattr(jobs, "ensure_supervisor", lambda settings: None)
    return fill(registry, settings, runs=8, per_class=12)


@pytest.fixture
def bench(settings, filled):
    return Workbench.open(settings)


@pytest.fixture
def dataset(filled):
    return filled.dataset.id


@pytest.fixture
def finished(filled):
    return filled.with_status(Status.FINISHED)


def first(bench, dataset, recipe, **how):
    (plan,) = bench.plan(dataset, [recipe], **how)
    return plan


# --- grids ---


def test_a_grid_is_every_network_in_every_pattern(bench, dataset):
    patterns = [pattern for pattern in Pattern if pattern is not Pattern.CASCADE]
    grid = bench.grid(dataset, [LITE0, LITE1], patterns)
    assert [(recipe.backbone, recipe.pattern) for recipe in grid] == [(b, p) for b in (LITE0, LITE1) for p in patterns]
    assert all(plan.decision is Decision.NEW for plan in bench.plan(dataset, grid) if plan.recipe.is_trained)


def test_depths_multiply_only_the_patterns_in_which_depth_means_something(bench, dataset):
    grid = bench.grid(dataset, [LITE0], [Pattern.FINE_TUNING, Pattern.FROM_SCRATCH], depths=[1, 3])
    found = [(recipe.pattern, recipe.hyperparameters.depth) for recipe in grid]
    assert found[:2] == [(Pattern.FINE_TUNING, 1), (Pattern.FINE_TUNING, 3)] and len(found) == 3


def test_a_depth_sweep_covers_every_cut_of_the_network(bench, dataset):
    tuned = bench.grid(dataset, [LITE0], [Pattern.FINE_TUNING], depths="all")
    assert [recipe.hyperparameters.depth for recipe in tuned] == list(range(1, 19))
    extracted = bench.grid(dataset, [LITE1], [Pattern.INTEGRATED_EXTRACTOR], depths="all")
    assert [recipe.hyperparameters.depth for recipe in extracted] == list(range(23))
    assert all(plan.decision is not Decision.REFUSED for plan in bench.plan(dataset, tuned + extracted))


def test_repetitions_are_seeds_from_the_chosen_one_on_where_chance_plays_a_part(bench, dataset):
    numbers = {Pattern.INTEGRATED_EXTRACTOR: Hyperparameters(seed=7)}
    patterns = [Pattern.INTEGRATED_EXTRACTOR, Pattern.CLASSIFIER]
    grid = bench.grid(dataset, [LITE0], patterns, repeat=3, hyperparameters=numbers)
    assert [recipe.hyperparameters.seed for recipe in grid if recipe.is_trained] == [7, 8, 9]
    assert sum(recipe.pattern is Pattern.CLASSIFIER for recipe in grid) == 1
    with pytest.raises(InvalidInput, match="Received: 0"):
        bench.grid(dataset, [LITE0], patterns, repeat=0)


def test_defaults_know_the_pattern_and_the_network(bench, dataset):
    assert bench.defaults(dataset, Pattern.FINE_TUNING, LITE0).depth == 2
    assert tuple(reasons(Pattern.FINE_TUNING)) == RELEVANT[Pattern.FINE_TUNING]
    assert depths(Pattern.FINE_TUNING, bench.backbone(LITE0).blocks) == range(1, 19)


def test_a_run_on_a_model_of_ones_own_says_what_came_after_what(bench, finished):
    first = bench.registry.run(finished[0].id)
    assert (
        run_name(Recipe(backbone=first.id), bench.registry, bench.settings) == f"{first.name}, then feature extraction"
    )


def test_a_name_of_many_members_stays_readable(bench, dataset, finished):
    ensemble = bench.cascade(dataset, Cascade.ENSEMBLE, [run.id for run in finished])
    name = run_name(ensemble, bench.registry, bench.settings)
    assert name.startswith("Ensemble of EfficientNet") and len(name) <= 120


# --- models as backbones ---


def test_every_finished_network_is_a_backbone_after_those_of_the_catalogue(bench, finished):
    own = [backbone for backbone, _ in bench.backbones() if backbone.source.startswith("model:")]
    assert [backbone.name for backbone in own] == [run.id for run in reversed(finished)]
    assert own[0].top1 is None and own[0].blocks == bench.backbone(finished[-1].recipe.backbone).blocks


def test_a_recipe_on_a_model_of_ones_own_has_a_fingerprint_of_that_model(bench, dataset, finished):
    one, other = (first(bench, dataset, Recipe(backbone=run.id)) for run in finished[:2])
    assert one.decision is Decision.NEW and one.fingerprint != other.fingerprint
    with pytest.raises(NotFound, match="r-nothing"):
        bench.backbone("r-nothing")


def test_a_model_without_files_is_no_backbone_and_its_cell_says_so(bench, dataset, finished):
    bench.delete_weights([finished[0].id])
    plan = first(bench, dataset, Recipe(backbone=finished[0].id))
    assert plan.decision is Decision.REFUSED and "no model" in plan.because


def test_lineage_names_parents_children_and_the_lost(bench, dataset, finished):
    parent = finished[0]
    recipe = Recipe(backbone=parent.id, hyperparameters=Hyperparameters(batch_size=8))
    ((_, child),) = bench.plan_and_launch([(dataset, recipe)])
    assert [run.id for run in bench.lineage(child.id).parents] == [parent.id]
    assert [run.id for run in bench.lineage(parent.id).children] == [child.id]
    assert bench.preview_deletion([parent.id]).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        bench.delete_runs([parent.id])
    bench.cancel(child.id)
    bench.delete_runs([parent.id])
    assert bench.lineage(child.id).lost == (parent.id,)


def test_a_dataset_whose_models_others_wait_for_is_kept(bench, dataset, finished, settings, registry):
    other = fill(registry, settings, runs=1, name="other").dataset
    recipe = Recipe(backbone=finished[0].id, hyperparameters=Hyperparameters(batch_size=8))
    ((_, child),) = bench.plan_and_launch([(other.id, recipe)])
    for run in bench.registry.runs(dataset):
        if run.status is Status.RUNNING:
            registry.end(run.id, run.attempt, Status.KILLED)
    assert bench.preview_deletion(dataset=dataset).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        bench.delete_dataset(dataset)


# --- plans and launching ---


def test_a_known_answer_is_reused_and_says_what_that_saves(bench, dataset, finished):
    plan = first(bench, dataset, finished[0].recipe)
    assert (plan.decision, plan.run_id, plan.estimate_seconds) == (Decision.REUSED, finished[0].id, 0.0)
    assert (plan.saves_seconds, plan.saves_source) == (
        bench.registry.cost(finished[0].id).alone_wall_seconds,
        "measured",
    )


def test_an_extension_saves_the_epochs_that_were_run(bench, dataset, finished, settings):
    run = finished[0]
    (run_folder(settings, run.id).path / "checkpoints" / "00012").mkdir(parents=True)
    longer = replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, epochs=48))
    plan, anew = first(bench, dataset, longer), first(bench, dataset, replace(longer, backbone="resnet50"))
    assert (plan.decision, plan.first_epoch, plan.run_id) == (Decision.EXTENDED, 13, run.id)
    assert plan.saves_seconds > 0 and plan.saves_source == "estimated"
    assert (anew.saves_seconds, anew.saves_source) == (0.0, "")


def test_one_bad_cell_does_not_spoil_the_grid_but_cannot_be_launched(bench, dataset):
    grid = bench.grid(dataset, [LITE0], [Pattern.FINE_TUNING], depths=[1, 99])
    plans = bench.plan(dataset, grid)
    assert [plan.decision for plan in plans] == [Decision.NEW, Decision.REFUSED]
    before = len(bench.registry.runs())
    for launch in (lambda: bench.launch(plans), lambda: bench.plan_and_launch([(dataset, r) for r in grid])):
        with pytest.raises(InvalidInput, match="between 1 and 18"):
            launch()
    assert len(bench.registry.runs()) == before


def test_what_is_launched_keeps_its_name_and_its_recipe(bench, dataset):
    (plan,) = bench.plan(dataset, bench.grid(dataset, [LITE0], [Pattern.FINE_TUNING]))
    (run,) = bench.launch([plan])
    assert (run.name, run.recipe, run.fingerprint) == (plan.name, plan.recipe, plan.fingerprint)
    assert run.status is Status.SCHEDULED and bench.launch([plan])[0].id == run.id


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
    launched = [
        run.recipe.hyperparameters.seed for _, run in bench.plan_and_launch([(dataset, recipe)] * 2, force=True)
    ]
    assert launched == seeds


def test_force_on_what_is_new_is_just_new(bench, dataset):
    plan = first(bench, dataset, Recipe(backbone="resnet50", hyperparameters=Hyperparameters(seed=3)), force=True)
    assert (plan.decision, plan.recipe.hyperparameters.seed) == (Decision.NEW, 3)
    assert "repetition" not in plan.because


def test_two_who_launch_the_same_get_one_run(bench, dataset):
    recipe = Recipe(backbone="resnet50")
    (_, one), (again, other) = bench.plan_and_launch([(dataset, recipe)] * 2)
    assert one.id == other.id and again.decision is Decision.REUSED


# --- again ---


def test_repetitions_of_a_recipe_are_its_other_seeds(bench, dataset, finished):
    run = finished[0]
    seed = replace(run.recipe, hyperparameters=replace(run.recipe.hyperparameters, seed=99))
    ((_, other),) = bench.plan_and_launch([(dataset, seed)])
    reproduced = bench.reproduce(run.id)
    found = [one.id for one in bench.repetitions(run.id)]
    assert run.id in found and found[-1] == other.id and reproduced.id not in found
    assert all(one.recipe.backbone == run.recipe.backbone for one in bench.repetitions(run.id))


def test_a_reproduction_is_the_same_run_once_more(bench, finished):
    run = finished[0]
    again = bench.reproduce(run.id)
    assert again.id != run.id and again.reproduces == run.id and again.extends is None
    assert (again.recipe, again.fingerprint, again.status) == (run.recipe, run.fingerprint, Status.SCHEDULED)


def test_only_a_finished_run_can_be_reproduced(bench, filled):
    failed = filled.with_status(Status.FAILED)[0]
    with pytest.raises(Conflict, match=f"{failed.id} is FAILED"):
        bench.reproduce(failed.id)


def test_a_run_ended_by_hand_is_reproduced_to_the_epoch_it_reached(bench, filled, registry):
    ended = ended_by_hand(registry, filled.dataset, Hyperparameters(epochs=30), done=4)
    assert bench.reproduce(ended.id).recipe.hyperparameters.epochs == 4
    falling = Hyperparameters(epochs=30, schedule=Schedule.COSINE, depth=1)
    ended = ended_by_hand(registry, filled.dataset, falling, done=4, pattern=Pattern.FINE_TUNING)
    with pytest.raises(Conflict, match="after epoch 4 of 30"):
        bench.reproduce(ended.id)


def ended_by_hand(registry, dataset, numbers, *, done, pattern=Pattern.INTEGRATED_EXTRACTOR):
    from tests.factories import make_cost, make_evaluation, make_model

    recipe = Recipe(backbone="resnet50", pattern=pattern, hyperparameters=numbers)
    run = registry.add_run(make_run(90 + len(registry.runs()), dataset=dataset, recipe=recipe))
    registry.move(run.id, before=registry.queue()[0].id)
    attempt = registry.claim("cpu", "test").attempt
    for epoch in make_epochs(done, attempt=attempt):
        registry.record_epoch(run.id, attempt, epoch)
    registry.request_cancel(run.id, Cancel.AFTER_EPOCH)
    figures = {"evaluation": make_evaluation(dataset.class_names), "cost": make_cost(), "model": make_model(run)}
    registry.finish(run.id, attempt, **figures, best_epoch=done, reason=f"Stopped after epoch {done} of 30.")
    return registry.run(run.id)


def finish_like(registry, settings, run, original, *, shift=0.0):
    """Ends a reproduction with the figures of the original, losses larger, answers less sure by ``shift``."""
    from tests.factories import make_cost, make_model

    registry.move(run.id, before=registry.queue()[0].id)
    attempt = registry.claim("cpu", "test").attempt
    for epoch in registry.epochs(original.id):
        registry.record_epoch(run.id, attempt, replace(epoch, attempt=attempt, loss=epoch.loss + shift))
    registry.finish(
        run.id, attempt, evaluation=registry.evaluation(original.id), cost=make_cost(), model=make_model(run),
        best_epoch=original.best_epoch,
    )  # fmt: skip
    run_folder(settings, run.id).path.mkdir(parents=True, exist_ok=True)
    with np.load(run_folder(settings, original.id).path / "test.npz") as stored:
        answers = dict(stored)
    surer = answers["probabilities"]
    answers["probabilities"] = surer + np.float32(shift) * (1 / surer.shape[1] - surer)  # less sure, and still shares
    np.savez(run_folder(settings, run.id).path / "test.npz", **answers)


def test_a_reproduction_that_agrees_is_identical_from_both_sides(bench, finished, registry, settings):
    original = finished[0]
    again = bench.reproduce(original.id)
    assert bench.reproduction(original.id).identical is None
    finish_like(registry, settings, again, original)
    for asked in (original.id, again.id):
        found = bench.reproduction(asked)
        assert (found.original.id, found.again.id) == (original.id, again.id)
        assert found.identical and found.photos_differing == 0
    names = [one.name for one in found.differences]
    assert names[:4] == ["test accuracy", "test loss", "best epoch", "seconds paid"] and len(names) == 8


def test_a_reproduction_that_differs_says_where_and_by_how_much(bench, finished, registry, settings):
    original = finished[0]
    finish_like(registry, settings, bench.reproduce(original.id), original, shift=0.25)
    found = bench.reproduction(original.id)
    assert found.identical is False and found.photos_differing == len(
        read_predictions(original.id, "test", bench.settings).labels
    )
    apart = {one.name.split(",")[0]: one.difference for one in found.differences}
    assert apart["training loss"] == pytest.approx(0.25) and apart["test accuracy"] == 0


def test_what_was_never_done_again_has_no_reproduction(bench, finished):
    assert bench.reproduction(finished[1].id) is None


# --- while it runs ---


def test_pause_and_resume(bench, filled):
    waiting = filled.with_status(Status.SCHEDULED)[0]
    assert bench.cancel(waiting.id).status is Status.KILLED
    assert bench.resume(waiting.id).status is Status.SCHEDULED


def test_stop_after_this_epoch_is_for_runs_that_are_in_one(bench, filled, registry, dataset):
    running, waiting = filled.with_status(Status.RUNNING)[0], filled.with_status(Status.SCHEDULED)[0]
    assert bench.stop_after_epoch(running.id).cancel is Cancel.AFTER_EPOCH
    with pytest.raises(Conflict, match="SCHEDULED"):
        bench.stop_after_epoch(waiting.id)
    solver = Recipe(backbone=LITE0, pattern=Pattern.STANDALONE_EXTRACTOR)
    ((_, run),) = bench.plan_and_launch([(dataset, solver)])
    registry.move(run.id, before=registry.queue()[0].id)
    registry.claim("cpu", "test")
    with pytest.raises(Conflict, match="no epochs"):
        bench.stop_after_epoch(run.id)


def test_stages_say_what_learned_when_and_from_where(bench, dataset):
    numbers = Hyperparameters(epochs=10, head_epochs=4, depth=2, schedule=Schedule.COSINE)
    recipe = Recipe(backbone=LITE0, pattern=Pattern.FINE_TUNING, hyperparameters=numbers)
    ((_, run),) = bench.plan_and_launch([(dataset, recipe)])
    head, top = bench.stages(run.id)
    assert (head.last_epoch, head.cut, head.epochs_done) == (4, "top", 0)
    assert (top.first_epoch, top.cut, top.trained) == (5, "block6d", ("head", "block7a"))


def test_a_finished_stage_counts_its_epochs(bench, finished):
    (stage,) = bench.stages(finished[0].id)
    assert stage.epochs_done == finished[0].epochs_done == stage.last_epoch


def test_what_trains_no_epochs_has_no_stages(bench, dataset):
    ((_, run),) = bench.plan_and_launch([(dataset, Recipe(backbone=LITE0, pattern=Pattern.STANDALONE_EXTRACTOR))])
    assert bench.stages(run.id) == []
