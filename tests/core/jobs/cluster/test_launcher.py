"""The launcher of a cluster: slots, starting, what is found after a restart, and what it needs."""

from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.jobs.cluster.launcher import LAG_SECONDS, open_cluster_launcher
from core.jobs.exit_policy import ExitCode
from core.jobs.launchers import client_of
from core.jobs.machine import GpuFacts
from core.jobs.node_trainer import NOT_STARTED
from core.jobs.protocol import code_version
from core.jobs.ray.client import CPUS, TOKEN_FILE
from core.jobs.slots import Slot
from core.jobs.supervisor import Supervisor
from core.runs.needs import RunNeeds
from core.runs.values import Status


@pytest.fixture
def two(cluster):
    cluster.add_node("n1", cpus=8)
    cluster.add_node("n2", cpus=8, gpus=2)
    return cluster


def test_slots_of_all_machines(two):
    assert two.names() == ["n1/cpu", "n2/gpu0", "n2/gpu1"]


def test_a_run_that_needs_a_large_gpu_is_started_on_the_machine_that_has_one(cluster, ray):
    for name, gigabytes in (("small", 24), ("large", 80)):
        node = ray.add_node(name, cpus=4, gpus=1)
        gpu = GpuFacts(name=name, title="NVIDIA A10", memory_bytes=gigabytes * 10**9)
        cluster.describe(name, node, gpus=(gpu,))
    for run_id in ("r-1", "r-2"):
        cluster.registry.set_needs(run_id, RunNeeds(gpu_bytes=40 * 10**9))
    Supervisor(cluster.settings, cluster.registry, cluster.launcher).round()
    started = {run.id: run.slot for run in cluster.registry.runs(status=Status.RUNNING)}
    assert started == {"r-1": "large/gpu0", "r-3": "small/gpu0"}


def test_the_cluster_is_not_asked_at_every_round(two, ray):
    two.launcher.slots()
    asked = len(ray.requests)
    two.clock.now += 1
    two.launcher.slots()
    assert len(ray.requests) == asked


def test_no_slots_while_the_cluster_is_away(two, ray):
    assert len(two.names()) == 3
    ray.shut_down()
    assert two.names() == []


def test_a_job_says_what_it_needs(two, ray):
    two.launcher.slots()
    run = two.registry.claim("n2/gpu0", "me")
    trainer = two.launcher.start(run.id, run.attempt, Slot(name="n2/gpu0", title=""))
    request = ray.jobs[f"{run.id}-1"]["request"]
    assert trainer.job_id == f"{run.id}-1" and trainer.identity == {"job": f"{run.id}-1"}
    assert (request["entrypoint_num_cpus"], request["entrypoint_num_gpus"]) == (4, 1)
    assert request["entrypoint_label_selector"] == {"ray.io/node-id": ray.nodes[1]["node_id"]}
    assert (
        f"core.jobs.node_trainer {run.id} --attempt 1 --job {run.id}-1 --version {code_version()}"
        in (request["entrypoint"])
    )


def test_what_others_use_is_free_again_shortly_after_an_own_job(two, ray):
    trainer = two.started()
    node = ray.nodes[0]["node_id"]
    ray.used[node] = {"CPU": 8.0}
    assert "n1/cpu" in two.names()  # its own
    lease = two.take_lease(trainer)
    assert not trainer.is_dead()
    two.registry.release(lease)
    assert trainer.is_dead()
    two.clock.now += 2.1
    assert "n1/cpu" in [slot.name for slot in two.launcher.slots()]  # Ray counts it still
    two.clock.now += LAG_SECONDS
    assert "n1/cpu" not in [slot.name for slot in two.launcher.slots()]  # so it is another's


def test_a_run_whose_earlier_attempt_lives_is_not_started(two):
    slot = two.launcher.slots()[0]
    run = two.registry.claim(slot.name, "me")
    two.registry.take(f"run/{run.id}", "somebody", token=1)
    two.registry.requeue(run.id, 1)
    again = two.registry.claim(slot.name, "me")
    assert again.attempt == 2
    assert two.launcher.start(run.id, 2, slot) is None


def test_a_machine_that_left_between_claim_and_start(two, ray):
    run = two.registry.claim("gone/cpu", "me")
    trainer = two.launcher.start(run.id, run.attempt, Slot(name="gone/cpu", title=""))
    assert trainer.is_dead() and ray.jobs == {}
    record = two.launcher.traces(run.id, 1).record
    assert record.code == ExitCode.INTERRUPTED and "gone has left the cluster" in record.reason


def test_a_machine_that_refused_gets_no_further_run(two, ray):
    trainer = two.started()
    ray.end(trainer.job_id, "FAILED", "x\nn1 is full.", NOT_STARTED)
    two.clock.now += 2
    assert trainer.is_dead()
    record = two.launcher.traces(trainer.run_id, 1).record
    assert (record.code, record.reason) == (ExitCode.INTERRUPTED, "It was not started on n1: n1 is full.")
    assert "n1/cpu" not in two.names()
    assert two.registry.node_records()[0].facts["problem"] == "It was not started on n1: n1 is full."


def test_an_attempt_that_had_its_lease_was_started(two):
    trainer = two.started()
    two.take_lease(trainer)
    assert two.launcher.traces(trainer.run_id, trainer.attempt).record is None


def test_after_a_restart_it_finds_those_that_run_wait_or_idle(two, ray):
    runs = [two.started() for _ in range(3)]
    two.take_lease(runs[0])
    two.take_lease(runs[1])
    two.registry.end(runs[1].run_id, 1, Status.FINISHED)  # it waits for its next run
    another = two.another_launcher()
    found = {trainer.job_id: (trainer.run_id, trainer.attempt, trainer.slot) for trainer in another.adopt()}
    assert found == {one.job_id: (one.run_id, 1, one.slot) for one in runs}


def test_after_a_restart_those_that_have_ended_are_dead(two, ray):
    trainer = two.started()
    lease = two.take_lease(trainer)
    two.registry.release(lease)
    another = two.another_launcher()
    assert another.adopt() == []
    assert another.find(two.registry.running_attempts()[0]) is None


def test_a_trainer_of_this_machine_from_before_is_watched_by_its_lease(two):
    run = two.registry.claim("cpu", "me")
    two.registry.record_process(run.id, 1, {"pid": 1, "started": 2, "boot": "b"})
    two.registry.take(f"run/{run.id}", "local", token=1)
    [found] = two.another_launcher().adopt()
    assert (found.run_id, found.identity, found.is_dead()) == (run.id, None, False)


def test_slots_of_fewer_cpus(cluster):
    cluster.add_node("n1", cpus=8)
    slots = cluster.another_launcher({CPUS: "4"}).slots()
    assert [slot.name for slot in slots] == ["n1/cpu0", "n1/cpu1"]
    with pytest.raises(InvalidInput, match="GRAFT_RAY_CPUS must be a whole number"):
        cluster.another_launcher({CPUS: "-1"})


@pytest.mark.parametrize(("missing", "named"), [("registry", "GRAFT_REGISTRY"), ("artifacts", "GRAFT_ARTIFACTS")])
def test_what_all_machines_must_share(settings, registry, tmp_path, missing, named):
    token = tmp_path / "token"
    token.write_text("t")
    token.chmod(0o600)
    shared = replace(settings, launcher="ray:http://h:1", registry="postgresql://u@h/d", artifacts="file:///a")
    open_cluster_launcher(shared, registry, client_of, {TOKEN_FILE: str(token)})
    with pytest.raises(InvalidInput, match=f"Set {named}"):
        open_cluster_launcher(replace(shared, **{missing: ""}), registry, client_of, {TOKEN_FILE: str(token)})


def test_where_runs_may_wait_what_others_use_comes_last(two, ray, monkeypatch):
    ray.used[ray.nodes[0]["node_id"]] = {"CPU": 8.0}
    assert two.names() == ["n2/gpu0", "n2/gpu1"]
    monkeypatch.setattr(two.launcher._client, "offers_busy", True)
    assert two.names() == ["n2/gpu0", "n2/gpu1", "n1/cpu"]


def test_a_cluster_may_run_its_programs_through_one_of_its_own(two, ray, monkeypatch):
    monkeypatch.setattr(two.launcher._client, "runner", "its.own")
    trainer = two.started()
    assert "-m its.own core.jobs.node_trainer r-" in ray.jobs[trainer.job_id]["request"]["entrypoint"]
