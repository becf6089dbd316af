"""Figures of the whole registry."""

import time

import pytest

from core.registry.queue import INTERRUPTED
from core.runs.values import Status
from tests.factories import make_run


def test_an_empty_registry_has_figures(registry):
    found = registry.registry_figures()
    assert found.runs == dict.fromkeys(Status, 0) and found.oldest_wait == 0
    assert (found.datasets, found.dataset_bytes, found.models, found.model_bytes) == (0, 0, 0, 0)
    assert not found.finished and not found.attempts and not found.leases


def test_runs_by_status_and_the_time_of_finished_ones_by_pattern(bench, filled):
    registry = bench.registry
    found = registry.registry_figures()
    runs = registry.runs()
    assert found.runs == {status: sum(run.status is status for run in runs) for status in Status}
    seconds = [registry.cost(run.id).wall_seconds for run in runs if run.status is Status.FINISHED]
    timed = sum(number for number, _ in found.finished.values())
    assert timed == len(seconds) and sum(total for _, total in found.finished.values()) == pytest.approx(sum(seconds))
    assert set(found.finished) <= {str(run.recipe.pattern) for run in runs}
    assert sum(found.attempts.values()) == sum(run.attempt for run in runs) - found.runs[Status.RUNNING]
    assert (found.models, found.model_bytes) == registry.models_in_all()
    assert found.datasets == 1 and found.dataset_bytes == registry.datasets()[0].size_bytes


def test_a_run_waits_since_it_came_or_came_back(flowers):
    flowers.add_run(make_run(1, id="r-1", created_at=time.time() - 5000))
    assert flowers.registry_figures().oldest_wait == pytest.approx(5000, abs=60)
    flowers.claim("cpu", "me")
    flowers.requeue("r-1", 1)
    found = flowers.registry_figures()
    assert found.oldest_wait < 60 and found.attempts == {INTERRUPTED: 1}
    flowers.add_run(make_run(2, id="r-2", created_at=time.time() - 300))
    assert flowers.registry_figures().oldest_wait == pytest.approx(300, abs=60)


def test_leases_are_counted_by_kind_with_the_fewest_seconds_left(registry):
    registry.take("run/r-1", "a", 40)
    registry.take("run/r-2", "a", 20)
    registry.take("supervisor", "a", 30)
    registry.release(registry.take("features/x", "a", 30))
    found = registry.registry_figures().leases
    assert found == {"run": (2, pytest.approx(20, abs=5)), "supervisor": (1, pytest.approx(30, abs=5))}


def test_a_running_run_whose_lease_lapsed_or_was_released_is_told(flowers):
    for number in (1, 2):
        flowers.add_run(make_run(number, id=f"r-{number}"))
        flowers.claim("cpu", "me")
    held = flowers.take("run/r-1", "a", token=1)
    flowers.take("run/r-2", "b", -5, token=1)
    assert [(run.run_id, run.holder) for run in flowers.lapsed_runs()] == [("r-2", "b")]
    flowers.release(held)
    assert [run.seconds is None for run in flowers.lapsed_runs()] == [True, False]
