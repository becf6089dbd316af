"""A trainer of another machine: it lives as long as its lease, and nobody here signals it."""

import pytest

from core.jobs.leased_trainer import LeasedTrainer
from core.registry.leases import lease_of_run
from core.runs.values import Cancel, Status
from tests.jobs_home import Home


@pytest.fixture
def home(settings, registry):
    return Home(settings, registry)


@pytest.fixture
def running(home):
    """A run that is trained on another machine."""
    run = home.add()
    home.registry.claim("its GPU", "a supervisor there")
    home.registry.take(lease_of_run(run.id), "process 7 of 'gpu-2' (code c, place elsewhere)", token=1)
    return run


def test_a_run_of_another_machine_is_left_to_it_until_its_lease_ends(home, running):
    home.rewrite(running, code=4)
    supervisor = home.supervisor()
    supervisor.adopt()
    (trainer,) = supervisor.trainers
    assert isinstance(trainer, LeasedTrainer) and str(trainer) == "process 7 of 'gpu-2'"
    supervisor.round()
    assert home.status(running) is Status.RUNNING and home.starts(running) == []
    home.registry.release(home.registry.lease(lease_of_run(running.id)))
    home.works_until(supervisor, lambda: home.status(running).ended)
    assert [start["attempt"] for start in home.starts(running)] == [2]


def test_it_takes_no_slot_of_this_machine_and_is_cancelled_through_the_registry(home, running):
    here = home.add(code=4)
    supervisor = home.supervisor()
    supervisor.adopt()
    home.works_until(supervisor, lambda: home.status(here).ended)
    home.registry.request_cancel(running.id, Cancel.NOW)
    supervisor.round()
    assert supervisor.trainers[0].was_asked_to_stop and home.status(running) is Status.RUNNING
    home.registry.release(home.registry.lease(lease_of_run(running.id)))
    supervisor.round()
    assert home.status(running) is Status.KILLED


def test_it_is_followed_to_its_next_run(home, running):
    following = home.add()
    identity = {"pid": 7, "started": 1, "boot": "there"}
    home.registry.record_process(running.id, 1, identity)
    supervisor = home.supervisor(())
    supervisor.adopt()
    home.registry.end(running.id, 1, Status.KILLED)
    home.registry.claim_next(following.id, 0, "its GPU", "it", identity)
    home.registry.take(lease_of_run(following.id), "process 7 of 'gpu-2' (code c, place elsewhere)", token=1)
    supervisor.round()
    assert [(one.run_id, one.is_dead()) for one in supervisor.trainers] == [(following.id, False)]
