"""Machines are asked before they train, and again after they could not."""

from dataclasses import replace

import pytest

from core.jobs.cluster.client import JobRefused
from core.jobs.cluster.machines import ANSWER_SECONDS, ASK_AGAIN_SECONDS, why_not
from core.jobs.machine import MachineFacts
from core.jobs.protocol import code_version


def problem(cluster, name):
    return next(record.facts["problem"] for record in cluster.registry.node_records() if record.name == name)


def test_a_machine_is_asked_once_and_trains_when_it_has_answered(cluster, ray):
    node = ray.add_node("n1")
    assert cluster.names() == cluster.names() == []
    [job] = ray.asking()
    request = ray.jobs[job]["request"]
    assert f"core.jobs.machine n1 --node {node}" in request["entrypoint"]
    assert request["entrypoint_label_selector"] == {"ray.io/node-id": node}
    assert (request["entrypoint_num_cpus"], request["entrypoint_num_gpus"]) == (0, 0)
    cluster.describe("n1", node)
    assert cluster.names() == ["n1/cpu"]


def test_after_a_restart_of_ray_there_it_is_asked_again(cluster, ray):
    cluster.add_node("n1")
    assert cluster.names() == ["n1/cpu"]
    ray.nodes.clear()
    ray.add_node("other")
    ray.nodes[0] |= {"node_id": "f" * 56, "node_name": "n1"}
    assert cluster.names() == []
    assert len(ray.asking()) == 1


def test_a_dead_machine_has_no_slots_and_is_not_asked(cluster, ray):
    ray.add_node("n1", state="DEAD")
    assert cluster.names() == [] and ray.jobs == {}


def test_another_version_is_refused_and_asked_again_later(cluster, ray):
    node = ray.add_node("n1")
    cluster.describe("n1", node, version="old", release="0.7.0")
    assert cluster.names() == [] and ray.jobs == {}
    cluster.clock.now += ASK_AGAIN_SECONDS
    assert cluster.names() == []
    assert len(ray.asking()) == 1
    cluster.describe("n1", node)  # updated meanwhile
    assert cluster.names() == ["n1/cpu"]


def test_a_machine_without_graft_says_so(cluster, ray):
    ray.add_node("n1")
    assert cluster.names() == []
    ray.end(ray.asking()[0], "FAILED", "Job entrypoint command failed\nsh: cd: can't cd to /opt/graft\n", 2)
    assert cluster.names() == []
    assert problem(cluster, "n1") == "It could not describe itself: sh: cd: can't cd to /opt/graft"
    assert cluster.names() == [] and len(ray.asking()) == 1


def test_what_a_machine_says_itself_is_kept(cluster, ray):
    node = ray.add_node("n1")
    assert cluster.names() == []
    cluster.describe("n1", node, problem="It cannot read the artifacts.")
    ray.end(ray.asking()[0], "FAILED", "exit code 1", 1)
    assert cluster.names() == []
    assert problem(cluster, "n1") == "It cannot read the artifacts."


def test_a_machine_that_does_not_answer(cluster, ray):
    ray.add_node("n1")
    cluster.launcher.slots()
    cluster.clock.now += ANSWER_SECONDS - 1
    cluster.launcher.slots()
    assert cluster.registry.node_records() == []
    cluster.clock.now += 3
    cluster.launcher.slots()
    assert problem(cluster, "n1") == "It started no program within 180 seconds."


def test_a_forgotten_question_is_asked_again(cluster, ray):
    ray.add_node("n1")
    cluster.launcher.slots()
    [first] = ray.asking()
    ray.jobs.clear()  # the head was restarted
    cluster.names()
    cluster.names()
    assert ray.asking() and ray.asking() != [first]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (MachineFacts(version=code_version()), ""),
        (MachineFacts(version=code_version(), problem="Its disk is full."), "Its disk is full."),
        (MachineFacts(version="abc", release="0.7.0"), r"It has another version of Graft (0.7.0, abc)"),
    ],
)
def test_why_a_machine_cannot_train(facts, expected):
    assert why_not(facts).startswith(expected) and bool(why_not(facts)) == bool(expected)


def test_a_machine_that_cannot_start_jobs_now_is_not_asked(cluster, ray, monkeypatch):
    cluster.add_node("n1")
    client = cluster.launcher._client
    nodes = client.nodes()
    monkeypatch.setattr(client, "nodes", lambda: [replace(node, problem="It is drained.") for node in nodes])
    assert cluster.names() == []


def test_a_machine_without_room_for_a_question_is_asked_later(cluster, ray, monkeypatch):
    node = ray.add_node("n1", cpus=2)
    monkeypatch.setattr(cluster.launcher._client, "question_cpus", 1.0)
    ray.used[node] = {"CPU": 2.0}
    assert cluster.names() == [] and ray.asking() == []
    ray.used[node] = {"CPU": 1.0}
    assert cluster.names() == []
    [job] = ray.asking()
    assert ray.jobs[job]["request"]["entrypoint_num_cpus"] == 1


def test_a_question_that_is_refused_says_why(cluster, ray, monkeypatch):
    def refuse(_request):
        raise JobRefused("Invalid account.")

    ray.add_node("n1")
    monkeypatch.setattr(cluster.launcher._client, "submit", refuse)
    assert cluster.names() == []
    assert problem(cluster, "n1") == "Invalid account."
