"""Whether a trainer lives is its lease; Ray is believed only about what never had one."""

import pytest

from core.jobs.cluster.client import JobRefused
from core.jobs.cluster.trainer import AWAY_SECONDS, START_SECONDS
from core.jobs.node_trainer import GIVEN_UP, NOT_STARTED
from core.jobs.ray.client import PENDING_SECONDS
from core.registry.schema import leases


@pytest.fixture
def trainer(cluster):
    cluster.add_node("n1")
    return cluster.started()


def lapse(registry, run_id):
    with registry.writing() as connection:
        connection.execute(leases.update().where(leases.c.name == f"run/{run_id}").values(expires_at=1.0))


def later(cluster, seconds=2.0):
    cluster.clock.now += seconds


def test_it_lives_while_its_lease_does_whatever_the_cluster_says(cluster, ray, trainer):
    assert not trainer.is_dead()
    lease = cluster.take_lease(trainer)
    ray.end(trainer.job_id, "FAILED", "The node died.")
    later(cluster)
    assert not trainer.is_dead()
    ray.jobs.clear()
    later(cluster)
    assert not trainer.is_dead()
    cluster.registry.release(lease)
    assert trainer.is_dead()
    assert trainer.not_started == "" and trainer.returncode is None


def test_the_cluster_is_not_asked_about_one_with_a_lease(cluster, ray, trainer):
    cluster.take_lease(trainer)
    ray.shut_down()
    later(cluster)
    assert not trainer.is_dead()


def test_it_is_dead_when_its_lease_has_lapsed(cluster, ray, trainer):
    cluster.take_lease(trainer)
    lapse(cluster.registry, trainer.run_id)
    ray.jobs[trainer.job_id]["status"] = "RUNNING"
    assert trainer.is_dead()


def test_a_refusal_before_the_lease_is_its_reason(cluster, ray, trainer):
    ray.end(trainer.job_id, "FAILED", "failed\nn1 has another version of Graft.", NOT_STARTED)
    later(cluster)
    assert trainer.is_dead() and trainer.was_refused
    assert trainer.not_started == "It was not started on n1: n1 has another version of Graft."


def test_one_that_was_given_up_is_no_fault_of_its_machine(cluster, ray, trainer):
    ray.end(trainer.job_id, "FAILED", "given up", GIVEN_UP)
    later(cluster)
    assert trainer.is_dead() and not trainer.was_refused


def test_it_does_not_wait_long_in_the_cluster(cluster, ray, trainer):
    later(cluster, PENDING_SECONDS - 1)
    assert not trainer.is_dead()
    later(cluster)
    assert trainer.is_dead()
    assert ray.stopped == [trainer.job_id]
    assert trainer.not_started == "There was no room on n1: other jobs of the cluster use it."


def test_one_that_runs_and_takes_no_lease_is_stopped(cluster, ray, trainer):
    ray.jobs[trainer.job_id]["status"] = "RUNNING"
    later(cluster)
    assert not trainer.is_dead()
    later(cluster, START_SECONDS + 1)
    assert trainer.is_dead() and ray.stopped == [trainer.job_id]


def test_a_job_that_the_cluster_has_forgotten(cluster, ray, trainer):
    ray.jobs.clear()
    later(cluster)
    assert trainer.is_dead() and "forgotten" in trainer.not_started


def test_a_cluster_that_is_away_is_waited_for(cluster, ray, trainer):
    ray.shut_down()
    later(cluster, AWAY_SECONDS - 1)
    assert not trainer.is_dead()
    later(cluster)
    assert trainer.is_dead() and "does not answer" in trainer.not_started


def test_stop_asks_once_and_again_after_the_grace(cluster, ray, trainer):
    for seconds in (0, 5, 6):
        later(cluster, seconds)
        trainer.stop(10)
    assert ray.stopped == [trainer.job_id] * 2 and trainer.was_asked_to_stop
    ray.shut_down()
    later(cluster, 20)
    trainer.stop(10)  # the cancellation is in the registry too


def test_it_follows_to_its_next_run(cluster, ray, trainer):
    cluster.take_lease(trainer)
    following = cluster.registry.claim_next("r-2", 0, trainer.slot, "t", trainer.identity)
    assert cluster.registry.run_of_process(trainer.identity) == ("r-2", following.attempt)
    trainer.stop(10)
    trainer.follow("r-2", following.attempt)
    assert trainer.stopped_by_mistake and not trainer.was_asked_to_stop
    ray.jobs[trainer.job_id]["status"] = "RUNNING"
    assert not trainer.is_dead()  # between two leases
    lease = cluster.take_lease(trainer)
    assert not trainer.is_dead()
    cluster.registry.release(lease)
    assert trainer.is_dead()


def test_how_long_it_lingers(cluster, trainer):
    assert not trainer.lingers(60)
    later(cluster, 61)
    assert trainer.lingers(60)


def test_a_job_that_the_cluster_refuses_is_no_fault_of_the_run(cluster, ray, monkeypatch):
    def refuse(_request):
        raise JobRefused("Invalid account.")

    cluster.add_node("n1")
    monkeypatch.setattr(cluster.launcher._client, "submit", refuse)
    trainer = cluster.started()
    assert trainer.is_dead() and trainer.was_refused
    assert trainer.not_started == "It was not started on n1: Invalid account."
