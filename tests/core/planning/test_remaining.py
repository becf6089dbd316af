"""Time left of running and waiting runs."""

from dataclasses import replace

import pytest

from core.planning.remaining import StageTimes, TimeLeft, run_left, stage_left, stage_times
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Progress, Status
from tests.factories import fill, make_run

TIMES = StageTimes(usual={"Loading": 10.0, "Computing features": 20.0, "Saving": 4.0, "Measuring": 6.0})


def at(stage, *, done=0, total=0, eta=None, since=0.0) -> Progress:
    return Progress(
        stage=stage, done=done, total=total, unit="", eta_seconds=eta, updated_at=1000.0, started_at=1000.0 - since
    )


def test_a_stage_that_cannot_be_counted_is_measured_by_its_usual_time_and_never_stands_full():
    assert TIMES.fraction(at("Saving", since=1.0), 1000.0) == 0.25
    assert TIMES.left(at("Saving", since=1.0), 1000.0) == 3.0
    assert TIMES.fraction(at("Saving", since=400.0), 1000.0) == 0.95
    assert TIMES.left(at("Saving", since=400.0), 1000.0) is None


def test_a_stage_that_is_counted_is_measured_by_its_count():
    progress = at("Computing features", done=50, total=200, eta=30.0)
    assert TIMES.fraction(progress, 1000.0) == 0.25
    assert TIMES.left(progress, 1010.0) == 20.0
    assert TIMES.left(replace(progress, eta_seconds=None), 1010.0) is None


@pytest.mark.parametrize(
    ("progress", "seconds"),
    [
        (None, 60.0),  # nothing is known but the estimate
        (at("Loading", since=40.0), 60.0),
        (at("Computing features", done=1, total=10, eta=90.0), 100.0),  # slower than estimated
        (at("Training", done=0, total=10, eta=20.0), 60.0),
        (at("Training", done=5, total=10, eta=20.0), 45.0),  # half way: half measured, half estimated
        (at("Training", done=0, total=10, eta=200.0, since=120.0), 135.0),  # two minutes count as much as the estimate
        (at("Training", done=10, total=10, eta=0.0), 10.0),
        (at("Saving", since=1.0), 9.0),
        (at("Measuring", since=60.0), 1.0),
    ],
)
def test_the_more_is_measured_the_less_the_estimate_counts(progress, seconds):
    assert run_left(100.0, 40.0, progress, TIMES, 1000.0) == pytest.approx(seconds)


@pytest.mark.parametrize("done", [0, 1, 5, 9, 10])
@pytest.mark.parametrize("eta", [0.5, 20.0, 900.0])
@pytest.mark.parametrize("since", [0.0, 30.0, 4000.0])
@pytest.mark.parametrize("elapsed", [40.0, 99.0, 5000.0])
def test_what_training_has_left_and_the_stages_after_it_are_what_the_run_has_left(done, eta, since, elapsed):
    progress = at("Training", done=done, total=10, eta=eta, since=since)
    left = run_left(100.0, elapsed, progress, TIMES, 1003.0)
    assert stage_left(left, progress, TIMES, 1003.0) + TIMES.after("Training") == pytest.approx(left)


@pytest.mark.parametrize("stage", ["Loading", "Computing features", "Saving", "Measuring"])
@pytest.mark.parametrize(("eta", "since"), [(None, 0.0), (None, 2.0), (700.0, 5.0)])
def test_no_stage_has_more_left_than_its_run(stage, eta, since):
    progress = at(stage, eta=eta, since=since)
    left = run_left(100.0, 40.0, progress, TIMES, 1000.0)
    assert 0 < stage_left(left, progress, TIMES, 1000.0) <= left - TIMES.after(stage)


def test_a_stage_that_takes_longer_than_usual_has_no_time_left_to_tell():
    assert stage_left(30.0, at("Saving", since=400.0), TIMES, 1000.0) is None


def test_usual_times_are_medians_of_finished_runs(registry):
    assert stage_times(registry).usual["Saving"] > 0
    fill(registry, runs=9)
    usual = stage_times(registry).usual
    assert usual["Loading"] == 6.5 and usual["Training"] == 5.0


def test_the_queue_is_estimated_in_its_order(registry, settings):
    filled = fill(registry, settings)
    running, first = filled.with_status(Status.RUNNING), filled.with_status(Status.SCHEDULED)
    second = registry.add_run(make_run(50, dataset=filled.dataset))
    time_left = TimeLeft([*running, *first, second], registry, settings, slots=1)
    now = registry.running_attempts()[0].started_at
    left = time_left.of(running, registry.queue(), {}, now)
    assert 0 < left[running[0].id] < left[first[0].id] < left[second.id]
    assert time_left.done(running[0], 30.0, now + 10.0) == 0.25


def test_features_that_the_running_run_computes_are_not_counted_again(registry, settings):
    filled = fill(registry, settings)
    running = filled.with_status(Status.RUNNING)[0]
    same = registry.add_run(make_run(61, dataset=filled.dataset))
    other = registry.add_run(make_run(62, dataset=filled.dataset))
    assert running.recipe.backbone == same.recipe.backbone != other.recipe.backbone
    time_left = TimeLeft([running, same, other], registry, settings, slots=1)
    left = time_left.of([running], [same, other], {}, registry.running_attempts()[0].started_at)
    assert left[same.id] - left[running.id] < left[other.id] - left[same.id]


def test_what_the_running_run_has_in_memory_is_not_counted_again(registry, settings):
    filled = fill(registry, settings)
    head = Recipe(backbone="resnet50", pattern=Pattern.STANDALONE_EXTRACTOR)
    running = replace(filled.with_status(Status.RUNNING)[0], recipe=head)
    recipes = [replace(head, hyperparameters=Hyperparameters(seed=seed)) for seed in (5, 6)]
    first, second = (
        registry.add_run(make_run(61 + place, dataset=filled.dataset, recipe=recipe))
        for place, recipe in enumerate(recipes)
    )
    time_left = TimeLeft([running, first, second], registry, settings, slots=1)
    left = time_left.of([running], [first, second], {}, registry.running_attempts()[0].started_at)
    assert left[first.id] - left[running.id] == pytest.approx(left[second.id] - left[first.id])


def test_a_run_whose_backbone_is_gone_has_an_assumed_time(registry, settings, monkeypatch):
    from core.errors import NotFound

    filled = fill(registry, settings)
    waiting = filled.with_status(Status.SCHEDULED)

    def gone(*_):
        raise NotFound("There is no backbone.")

    monkeypatch.setattr("core.planning.estimates.Estimator.estimate", gone)
    left = TimeLeft(waiting, registry, settings, slots=1).of([], waiting, {}, 0.0)
    assert left[waiting[0].id] > 0
