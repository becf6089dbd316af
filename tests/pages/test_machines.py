"""Machines: this one, and those of a cluster."""

import platform
from dataclasses import asdict, replace

import pytest

from core.jobs.machine import facts_of_this_machine
from core.runs.values import Status
from tests.fake_ray import TOKEN, FakeRay
from tests.pages.conftest import first_line, text_of, visit


@pytest.fixture(autouse=True)
def cpu(monkeypatch):
    monkeypatch.setenv("GRAFT_GPUS", "none")


@pytest.fixture
def ray(monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with FakeRay() as ray:
        monkeypatch.setenv("GRAFT_LAUNCHER", f"ray:{ray.address}")
        monkeypatch.setenv("GRAFT_RAY_TOKEN_FILE", str(token))
        yield ray


def test_this_machine_and_its_free_slot(bench):
    at = visit("machines")
    assert first_line(at) == "This machine trains 1 run at a time: 0 of 1 slot busy."
    assert platform.node() in [one.value for one in at.header]
    assert "Can train" in text_of(at) and "free" in text_of(at)
    assert "No supervisor is running" in text_of(at)


def test_what_trains_on_this_machine(filled, bench):
    [running] = bench.registry.runs(status=Status.RUNNING)
    at = visit("machines")
    assert first_line(at) == "This machine trains 1 run at a time: 1 of 1 slot busy."
    assert any(running.name in one.proto.body for one in at.get("html"))


def test_the_machines_of_a_cluster_in_words(bench, ray, settings):
    good, old = ray.add_node("node1", cpus=8), ray.add_node("node2", gpus=2, cpus=8, kind="A100")
    ray.add_node("node3", state="DEAD")
    facts = facts_of_this_machine(settings)
    bench.registry.note_node("node1", asdict(replace(facts, node=good)))
    bench.registry.note_node("node2", asdict(replace(facts, node=old, version="other", release="0.7.0")))
    at = visit("machines")
    assert first_line(at) == "1 machine with 1 slot, 0 busy; 2 machines get no runs."
    [warning] = at.warning
    assert warning.value.replace("\\", "").startswith("It has another version of Graft (0.7.0, other)")
    assert "Gets no runs" in text_of(at) and "Not in the cluster" in text_of(at) and "A100 1" not in text_of(at)


def test_a_machine_is_asked_again(bench, ray, settings):
    node = ray.add_node("node1")
    facts = replace(facts_of_this_machine(settings), node=node, problem="Its disk is full.")
    bench.registry.note_node("node1", asdict(facts))
    at = visit("machines")
    next(button for button in at.button if button.label == "Check again").click().run()
    assert bench.registry.node_records() == []
    assert "Being asked" in text_of(at)


def test_a_cluster_that_does_not_answer(bench, ray, settings):
    bench.registry.note_node("node1", asdict(replace(facts_of_this_machine(settings), node="n")))
    ray.shut_down()
    at = visit("machines")
    assert first_line(at).startswith("The Ray cluster at ") and "does not answer" in first_line(at)
    assert first_line(at).endswith("Runs that train go on; none is started.")
    assert "Not known" in text_of(at) and not at.exception


def test_no_machine_has_answered_yet(bench, ray):
    ray.add_node("node1")
    at = visit("machines")
    assert first_line(at).startswith("No machine can train yet") and "Being asked" in text_of(at)
