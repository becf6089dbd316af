"""Reports of trainers on other machines: one of every attempt, the last one counts."""

import time

import pytest

from core.registry.leases import lease_of_run
from tests.factories import make_dataset, make_photos, make_run


@pytest.fixture
def run(registry):
    photos = make_photos()
    registry.add_dataset(make_dataset(photos), photos)
    return registry.add_run(make_run(1))


def test_the_last_report_of_an_attempt_replaces_the_one_before(registry, run):
    registry.report(run.id, 1, progress={"stage": "Training"}, log="one")
    registry.report(run.id, 1, progress={"stage": "Saving"}, exit={"code": 0}, log="one\ntwo")
    found = registry.report_of(run.id, 1)
    assert (found.progress, found.exit, found.log) == ({"stage": "Saving"}, {"code": 0}, "one\ntwo")
    assert abs(found.at - time.time()) < 60
    assert registry.report_of(run.id, 2) is None


def test_every_attempt_has_its_own_and_the_newest_is_the_last(registry, run):
    registry.report(run.id, 2, log="second")
    registry.report(run.id, 1, log="late")
    assert registry.last_reports([run.id, "r-unknown"]) == {run.id: registry.report_of(run.id, 2)}
    assert registry.report_of(run.id, 1).log == "late"


def test_a_report_of_a_deleted_run_is_dropped(registry, run):
    registry.report(run.id, 1, log="one")
    registry.delete_runs([run.id])
    registry.report(run.id, 1, log="two")
    assert registry.report_of(run.id, 1) is None


def test_a_deleted_run_leaves_no_lease(registry, run):
    registry.take(lease_of_run(run.id), "its trainer", token=1)
    registry.take(lease_of_run("r-other"), "another", token=1)
    registry.delete_runs([run.id])
    assert [lease.name for lease in registry.held_leases()] == ["run/r-other"]
