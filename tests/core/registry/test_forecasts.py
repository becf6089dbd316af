"""Forecasts: stored before an attempt starts, compared once when it finishes."""

from dataclasses import replace

import pytest

from core.errors import Forbidden
from core.people.acting import Person, Role, acting_as
from core.registry.forecasts import STOPPED_BY_HAND
from core.registry.schema import attempts
from core.runs.values import Cancel, Status
from tests.factories import make_cost, make_evaluation, make_forecast, make_model, make_run


@pytest.fixture
def queued(flowers):
    """Two runs that wait."""
    for number in (1, 2):
        flowers.add_run(replace(make_run(number), id=f"r-{number}", name=f"run {number}"))
    return flowers


def finish(registry, run_id, attempt=1, **changes):
    run = registry.run(run_id)
    registry.finish(
        run_id,
        attempt,
        evaluation=make_evaluation(),
        cost=make_cost(**changes),
        model=make_model(run, id=f"m-{run_id}"),
        best_epoch=None,
    )


def started_ago(registry, seconds):
    with registry.writing(least=None) as connection:
        connection.execute(attempts.update().values(started_at=attempts.c.started_at - seconds))


def test_what_a_run_took_is_noted_beside_what_was_expected_when_it_finishes(queued):
    queued.add_forecasts([make_forecast("r-1", seconds=100.0)])
    queued.claim("cpu", "me")
    started_ago(queued, 120.0)
    queued.record_spent("r-1", 1, {"wall_seconds": 118.0, "peak_rss_bytes": 7, "energy_joules": 9.0})
    finish(queued, "r-1", peak_rss_bytes=8)
    (found,) = queued.checked_forecasts()
    assert found.measured_seconds == pytest.approx(120.0, abs=5.0) and found.ratio == found.measured_seconds / 100
    assert (found.measured_memory_bytes, found.measured_energy_joules) == (7, 9.0)
    assert queued.forecasts_of(["r-1", "r-2"]) == {"r-1": [found]}


def test_a_forecast_that_was_compared_never_changes_again(queued):
    queued.add_forecasts([make_forecast("r-1")])
    queued.claim("cpu", "me")
    finish(queued, "r-1")
    before = queued.checked_forecasts()
    queued.add_forecasts([make_forecast("r-1", seconds=1.0)])
    assert queued.checked_forecasts() == before


def test_an_attempt_that_fails_says_nothing_and_its_successor_has_a_forecast_of_its_own(queued):
    queued.add_forecasts([make_forecast("r-1")])
    queued.claim("cpu", "me")
    queued.end("r-1", 1, Status.FAILED, "It broke.")
    assert queued.checked_forecasts() == []
    queued.requeue("r-1")
    queued.add_forecasts([make_forecast("r-1", attempt=2, seconds=50.0), make_forecast("r-1", attempt=2, seconds=40.0)])
    queued.claim("cpu", "me")  # r-2, which waits since before
    queued.claim("cpu", "me")
    finish(queued, "r-1", 2)
    assert [(one.attempt, one.seconds) for one in queued.checked_forecasts()] == [(2, 40.0)]
    assert [one.measured_at is None for one in queued.forecasts_of(["r-1"])["r-1"]] == [True, False]


def test_a_run_that_was_stopped_by_hand_does_not_count(queued):
    queued.add_forecasts([make_forecast("r-1")])
    queued.claim("cpu", "me")
    queued.request_cancel("r-1", Cancel.AFTER_EPOCH)
    finish(queued, "r-1")
    assert queued.checked_forecasts() == []
    assert queued.forecasts_of(["r-1"])["r-1"][0].left_out == STOPPED_BY_HAND


def test_forecasts_of_one_machine_the_newest_first(queued):
    queued.add_forecasts([make_forecast("r-1"), make_forecast("r-2", machine="another")])
    for run_id in ("r-1", "r-2"):
        queued.claim("cpu", "me")
        finish(queued, run_id)
    assert [one.run_id for one in queued.checked_forecasts()] == ["r-2", "r-1"]
    assert [one.run_id for one in queued.checked_forecasts("another")] == ["r-2"]
    assert [one.run_id for one in queued.checked_forecasts(limit=1)] == ["r-2"]


def test_a_run_without_a_forecast_finishes_and_a_forecast_goes_with_its_run(queued):
    queued.claim("cpu", "me")
    finish(queued, "r-1")
    assert queued.checked_forecasts() == []
    queued.add_forecasts([make_forecast("r-2"), make_forecast("r-gone")])
    assert list(queued.forecasts_of(["r-2", "r-gone"])) == ["r-2"]
    queued.delete_dataset(queued.run("r-1").dataset_id)
    assert queued.forecasts_of(["r-2"]) == {}


def test_a_viewer_adds_none(queued):
    with acting_as(Person(name="eve", role=Role.VIEWER)), pytest.raises(Forbidden):
        queued.add_forecasts([make_forecast("r-1")])
