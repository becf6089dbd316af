"""Grids of every pattern, names of runs, and trained models as backbones."""

import sqlite3
from contextlib import closing

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.files.home import registry_file
from core.models.lineage import run_name
from core.planning.decide import Decision
from core.planning.presets import Preset
from core.recipes.defaults import reasons
from core.recipes.hyperparameters import RELEVANT, Hyperparameters
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.recipes.program import depths
from core.recipes.recipe import Recipe
from core.runs.values import Status
from tests.choices import cascade, launch, recipes
from tests.factories import fill

LITE0, LITE1 = "efficientnet_lite0", "efficientnet_lite1"


def first(bench, dataset, recipe, **how):
    (plan,) = bench.plan(dataset, [recipe], **how)
    return plan


def test_a_grid_is_every_network_in_every_pattern(bench, dataset):
    patterns = list(OF_A_BACKBONE)
    grid = recipes(bench, dataset, [LITE0, LITE1], patterns)
    assert [(recipe.backbone, recipe.pattern) for recipe in grid] == [(b, p) for b in (LITE0, LITE1) for p in patterns]
    assert all(plan.decision is Decision.NEW for plan in bench.plan(dataset, grid) if plan.recipe.is_trained)


def test_depths_multiply_only_the_patterns_in_which_depth_means_something(bench, dataset):
    grid = recipes(
        bench, dataset, [LITE0], [Pattern.FINE_TUNING, Pattern.FROM_SCRATCH], depths={Pattern.FINE_TUNING: (1, 3)}
    )
    found = [(recipe.pattern, recipe.hyperparameters.depth) for recipe in grid]
    assert found[:2] == [(Pattern.FINE_TUNING, 1), (Pattern.FINE_TUNING, 3)] and len(found) == 3


def test_a_depth_sweep_covers_every_cut_of_the_network(bench, dataset):
    sweep = dict.fromkeys(Pattern, "all")
    tuned = recipes(bench, dataset, [LITE0], [Pattern.FINE_TUNING], depths=sweep)
    assert [recipe.hyperparameters.depth for recipe in tuned] == list(range(1, 19))
    extracted = recipes(bench, dataset, [LITE1], [Pattern.INTEGRATED_EXTRACTOR], depths=sweep)
    assert [recipe.hyperparameters.depth for recipe in extracted] == list(range(23))
    assert all(plan.decision is not Decision.REFUSED for plan in bench.plan(dataset, tuned + extracted))


def test_repetitions_are_seeds_from_the_chosen_one_on_where_chance_plays_a_part(bench, dataset):
    numbers = {Pattern.INTEGRATED_EXTRACTOR: {"seed": 7}}
    patterns = [Pattern.INTEGRATED_EXTRACTOR, Pattern.CLASSIFIER]
    grid = recipes(bench, dataset, [LITE0], patterns, repetitions=3, settings=numbers)
    assert [recipe.hyperparameters.seed for recipe in grid if recipe.is_trained] == [7, 8, 9]
    assert sum(recipe.pattern is Pattern.CLASSIFIER for recipe in grid) == 1
    with pytest.raises(InvalidInput, match="Received: 0"):
        recipes(bench, dataset, [LITE0], patterns, repetitions=0)


def test_defaults_know_the_pattern_and_the_network(bench, dataset):
    assert bench.defaults(dataset, Pattern.FINE_TUNING, LITE0).depth == 2
    assert tuple(reasons(Pattern.FINE_TUNING)) == RELEVANT[Pattern.FINE_TUNING]
    assert depths(Pattern.FINE_TUNING, bench.backbone(LITE0).blocks) == range(1, 19)


def test_a_run_on_a_model_of_ones_own_says_what_came_after_what(bench, finished_runs):
    first = bench.registry.run(finished_runs[0].id)
    assert run_name(Recipe(backbone=first.id), bench.registry) == f"{first.name}, then feature extraction"


def test_a_name_of_many_members_stays_readable(bench, dataset, finished_runs):
    ensemble = cascade(bench, dataset, Cascade.ENSEMBLE, [run.id for run in finished_runs])
    name = run_name(ensemble, bench.registry)
    assert name.startswith("Ensemble of Lite0") and len(name) <= 120


# --- models as backbones ---


def test_every_finished_network_is_a_backbone_after_those_of_the_catalogue(bench, finished_runs):
    own = [backbone for backbone, _ in bench.backbones() if backbone.source.startswith("model:")]
    assert [backbone.name for backbone in own] == [run.id for run in reversed(finished_runs)]
    assert own[0].top1 is None and own[0].blocks == bench.backbone(finished_runs[-1].recipe.backbone).blocks


def test_a_recipe_on_a_model_of_ones_own_has_a_fingerprint_of_that_model(bench, dataset, finished_runs):
    one, other = (first(bench, dataset, Recipe(backbone=run.id)) for run in finished_runs[:2])
    assert one.decision is Decision.NEW and one.fingerprint != other.fingerprint
    with pytest.raises(NotFound, match="r-nothing"):
        bench.backbone("r-nothing")


def test_a_model_without_files_is_no_backbone_and_its_cell_says_so(bench, dataset, finished_runs):
    bench.delete_weights([finished_runs[0].id])
    plan = first(bench, dataset, Recipe(backbone=finished_runs[0].id))
    assert plan.decision is Decision.REFUSED and "no model" in plan.because


def test_lineage_names_parents_children_and_the_lost(bench, dataset, finished_runs):
    parent = finished_runs[0]
    recipe = Recipe(backbone=parent.id, hyperparameters=Hyperparameters(batch_size=8))
    ((_, child),) = launch(bench, dataset, [recipe])
    assert [run.id for run in bench.lineage(child.id).parents] == [parent.id]
    assert [run.id for run in bench.lineage(parent.id).children] == [child.id]
    assert bench.preview_deletion([parent.id]).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        bench.delete_runs([parent.id])
    bench.cancel(child.id)
    bench.delete_runs([parent.id])
    assert bench.lineage(child.id).lost == (parent.id,)


def test_a_dataset_whose_models_others_wait_for_is_kept(bench, dataset, finished_runs, settings, registry):
    other = fill(registry, settings, runs=1, name="other").dataset
    recipe = Recipe(backbone=finished_runs[0].id, hyperparameters=Hyperparameters(batch_size=8))
    ((_, child),) = launch(bench, other.id, [recipe])
    for run in bench.registry.runs(dataset):
        if run.status is Status.RUNNING:
            registry.end(run.id, run.attempt, Status.KILLED)
    assert bench.preview_deletion(dataset=dataset).used_by == (child.id,)
    with pytest.raises(Conflict, match=child.id):
        bench.delete_dataset(dataset)


def test_a_preset_repeats_what_is_best_on_the_validation_photos_whatever_the_test_photos_say(bench):
    filled = fill(bench.registry, bench.settings, runs=20, name="more")
    finished = filled.with_status(Status.FINISHED)
    order = list(dict.fromkeys(run.recipe.backbone for run in finished))
    with closing(sqlite3.connect(registry_file(bench.settings))) as file:
        for run in finished:
            place = order.index(run.recipe.backbone)
            file.execute("UPDATE epochs SET val_accuracy = ? WHERE run_id = ?", (0.5 + place / 10, run.id))
            file.execute("UPDATE runs SET test_accuracy = ? WHERE id = ?", (0.9 - place / 10, run.id))
        file.commit()
    epochs = finished[0].recipe.hyperparameters.epochs
    found = [one for one in bench.recipes(filled.dataset.id, Preset.OVERNIGHT) if one.hyperparameters.epochs == epochs]
    assert [one.backbone for one in found][0] == order[-1] != order[0]
