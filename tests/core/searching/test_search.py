"""The search: ordinary runs, judged by validation, within a budget, however it is interrupted."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.advising.values import Shortlist
from core.errors import Cancelled, InvalidInput, NotFound, Unavailable
from core.files.home import search_job
from core.planning.plan import Planner
from core.planning.presets import Preset
from core.recipes.patterns import Pattern
from core.runs.values import Status
from core.searching import search as module
from core.searching.search import RecipeSearch
from core.searching.values import SearchQuestion, TrialState
from core.workbench import delete
from tests.core.advising.test_values import make_candidate, make_shortlist
from tests.core.searching.conftest import SECONDS
from tests.factories import make_dataset, make_photos


class Killed(BaseException):
    """As a kill: no code of the search handles it."""


def last(told):
    return told[-1]


def test_every_trial_is_an_ordinary_run_and_validation_decides(make_search, trainer, told, registry, dataset):
    """The test accuracies are the other way round."""
    trainer.reach = lambda recipe: 0.9 if recipe.backbone == "mobilenet_v1" else 0.5
    why = make_search(trials=6).run()
    assert why.startswith("All 6 trials are done")
    runs = {run.id: run for run in registry.runs(dataset.id)}
    assert {one.run_id for one in last(told).trials} == set(runs)
    best = last(told).best
    assert runs[best.run_id].recipe.backbone == "mobilenet_v1" and best.accuracy == pytest.approx(0.9, abs=0.05)
    assert runs[best.run_id].test_accuracy < 0.5
    assert last(told).spent == pytest.approx(6 * SECONDS)


def test_the_presets_recipes_on_features_come_first_then_optuna_proposes(make_search, told, registry, dataset):
    make_search(trials=14).run()
    proposed = [one.proposed for one in last(told).trials]
    patterns = [registry.run(one.run_id).recipe.pattern for one in last(told).trials[:13]]
    assert proposed == ["preset"] * 13 + ["Optuna"] and patterns[12] is Pattern.FINE_TUNING
    assert patterns.count(Pattern.INTEGRATED_EXTRACTOR) == patterns.count(Pattern.STANDALONE_EXTRACTOR) == 6


def test_what_the_shortlist_names_comes_before(make_search, told, registry, dataset):
    named = make_candidate(1, backbone="mobilenet_v1", pattern="multi_layer_probe")
    found: Shortlist = make_shortlist(dataset.id, candidates=(named,))
    registry.add_shortlist(dataset.id, {}, found.to_json(), 1.0)
    make_search(trials=1).run()
    (run,) = registry.runs(dataset.id)
    assert last(told).trials[0].proposed == "shortlist" and run.recipe.pattern is Pattern.MULTI_LAYER_PROBE


def test_a_finished_run_is_an_answer_for_free(make_search, told, registry, dataset, settings):
    make_search(trials=2).run()
    made = {run.id for run in registry.runs(dataset.id)}
    search_job(settings, dataset.id).study.unlink()
    make_search(trials=2).run()
    assert {run.id for run in registry.runs(dataset.id)} == made
    assert all(one.reused for one in last(told).trials) and last(told).spent == 0.0


def test_a_budget_below_every_forecast_is_one_sentence_and_starts_nothing(make_search, registry, dataset):
    with pytest.raises(InvalidInput, match="No recipe fits into 1 s of training: by its forecast, the quickest"):
        make_search(minutes=0.01).run()
    assert registry.runs(dataset.id) == []


def test_what_does_not_fit_into_the_rest_is_not_started(make_search, told, trainer, registry, dataset):
    trainer.seconds = 58.0
    why = make_search(minutes=1.0).run()
    assert len(registry.runs(dataset.id)) == 1 and "No further recipe fits into the 2 s that are left" in why
    assert last(told).left_out == module.PROPOSALS and last(told).spent == pytest.approx(58.0)


def test_a_run_that_outlives_the_budget_is_stopped_after_its_epoch_and_counts(
    make_search, told, trainer, registry, dataset, monkeypatch
):
    search = make_search(minutes=1.0)
    monkeypatch.setattr(search, "_seconds_of", lambda run: 61.0 if run.status is Status.RUNNING else 62.0)
    why = search.run()
    (run,) = registry.runs(dataset.id)
    assert run.status is Status.FINISHED and 0 < run.epochs_done < run.recipe.hyperparameters.epochs
    assert last(told).trials[0].state is TrialState.FINISHED and why.startswith("The budget is spent")


def test_a_curve_that_falls_behind_is_cancelled_as_a_person_would(make_search, trainer, told, registry, dataset):
    trainer.reach = lambda recipe: 0.3 if recipe.pattern is Pattern.FINE_TUNING else 0.9
    make_search(trials=14).run()
    tuned = next(run for run in registry.runs(dataset.id) if run.recipe.pattern is Pattern.FINE_TUNING)
    trial = next(one for one in last(told).trials if one.run_id == tuned.id)
    assert trial.state is TrialState.PRUNED and "fell behind the median" in trial.reason
    assert tuned.status is Status.KILLED and 0 < tuned.epochs_done < tuned.recipe.hyperparameters.epochs


def test_a_run_that_a_person_cancels_is_not_tried_again(make_search, trainer, told, registry, bench, dataset):
    def cancel_the_first():
        running = registry.runs(dataset.id, status=Status.RUNNING)
        if running and running[0].id == trainer.started[0] and running[0].cancel is None:
            bench.cancel(running[0].id)

    trainer.before.append(cancel_the_first)
    make_search(trials=3).run()
    first = last(told).trials[0]
    assert first.state is TrialState.FAILED and "cancelled by a person" in first.reason
    assert len(set(trainer.started)) == len(trainer.started) == 3


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_the_same_recipe_is_tried_once(make_search, trainer, told, registry, bench, dataset, is_cancelled):
    """Also when a person has cancelled it, and whatever is proposed again and again."""

    def cancel():
        for run in registry.runs(dataset.id, status=Status.RUNNING):
            if run.cancel is None:
                bench.cancel(run.id)

    trainer.before += [cancel] * is_cancelled
    recipe = next(one for one in bench.recipes(dataset.id, Preset.QUICK) if one.is_trained)
    search = make_search()
    search._space = SimpleNamespace(ask=lambda trial: recipe, answers=lambda recipe: None, backbones=())
    why = search.run()
    assert "40 proposals in a row were recipes that were tried or cannot be trained" in why
    assert len(registry.runs(dataset.id)) == len(last(told).trials) == len(trainer.started) == 1
    assert last(told).trials[0].state is (TrialState.FAILED if is_cancelled else TrialState.FINISHED)


def test_a_deleted_run_is_said_and_the_search_goes_on(make_search, trainer, told, registry, settings, dataset):
    def delete_what_waits():
        if not trainer.started and (waiting := registry.queue()):
            delete.delete_runs(settings, registry, [waiting[0].id])
            trainer.before.clear()

    trainer.before.append(delete_what_waits)
    make_search(trials=2).run()
    first, second = last(told).trials
    assert (first.state, first.reason) == (TrialState.FAILED, "Its run was deleted.")
    assert second.state is TrialState.FINISHED


def test_a_deleted_dataset_ends_it_with_a_sentence(make_search, trainer, registry, settings, dataset):
    trainer.before.append(lambda: delete.delete_dataset(settings, registry, dataset))
    with pytest.raises(NotFound, match="no dataset"):
        make_search(trials=2).run()


def test_somebody_elses_queue_is_waited_for_and_costs_nothing(make_search, trainer, told, bench, dataset, registry):
    recipe = next(one for one in bench.recipes(dataset.id, Preset.QUICK) if one.pattern is Pattern.STANDALONE_EXTRACTOR)
    planner = Planner(dataset, registry, bench.settings)
    bench.launch_grid(planner.grid([recipe], slots=1))
    make_search(trials=1).run()
    assert any(one.stage == "Waiting in the queue, 1 run before it" for one in told)
    assert last(told).spent == pytest.approx(SECONDS)


@pytest.mark.parametrize("steps", range(1, 9))
def test_a_killed_search_goes_on_without_launching_anything_twice(make_search, trainer, told, registry, dataset, steps):
    left = iter(range(steps))

    def killing(seconds):
        trainer(seconds)
        if next(left, None) is None:
            raise Killed

    with pytest.raises(Killed):
        make_search(trials=3, wait=killing).run()
    known = len(last(told).trials)
    make_search(trials=3 - known).run() if known < 3 else make_search(trials=1).run()
    runs = registry.runs(dataset.id)
    assert len(runs) == len(last(told).trials) == max(3, known + (known == 3))
    assert len({run.fingerprint for run in runs}) == len(runs) and len(trainer.started) == len(runs)
    assert all(one.state is TrialState.FINISHED for one in last(told).trials)
    assert last(told).spent == pytest.approx(len(runs) * SECONDS)


def test_killed_right_before_and_right_after_a_launch(make_search, told, registry, dataset, bench, monkeypatch):
    launch = bench.launch_grid
    for launched in (False, True):

        def killing(plan, launched=launched):
            if launched:
                launch(plan)
            raise Killed

        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(bench, "launch_grid", killing)
            make_search(trials=1).run()
        assert len(registry.runs(dataset.id)) == launched
    make_search(trials=1).run()
    assert {one.run_id for one in last(told).trials} == {run.id for run in registry.runs(dataset.id)}
    assert [(one.state, one.reused) for one in last(told).trials] == [(TrialState.FINISHED, False)] * 2
    assert last(told).spent == pytest.approx(2 * SECONDS)


def test_a_stopped_search_cancels_its_run_and_goes_on_with_the_same_one(make_search, trainer, told, registry, dataset):
    def stop_in_training(status):
        told.append(status)
        if status.stage == "Training":
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        make_search(trials=2, report=stop_in_training).run()
    (run,) = registry.runs(dataset.id)
    trainer(1.0)
    assert registry.run(run.id).status is Status.KILLED
    make_search(trials=1).run()
    assert registry.run(run.id).status is Status.FINISHED
    assert [one.state for one in last(told).trials] == [TrialState.FINISHED] * 2


def test_a_backbone_that_is_gone_is_named(make_search, bench, monkeypatch):
    make_search(trials=1).run()
    monkeypatch.setattr(bench, "backbone", bench.registry.added_backbone)  # of the catalogue nothing is left
    with pytest.raises(Unavailable, match="The search was begun with it, so start a new one."):
        make_search(trials=1)


def test_without_validation_photos_there_is_nothing_to_compare_by(bench, registry, tmp_path):
    photos = [replace(one, split="train") for one in make_photos()]
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)
    with pytest.raises(InvalidInput, match="has no validation photos"):
        RecipeSearch(dataset, SearchQuestion(minutes=1), bench=bench, path=tmp_path / "study.db", report=print)
