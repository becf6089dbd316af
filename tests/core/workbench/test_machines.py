"""Machines: slots, what trains in them, and what is known while a cluster is away."""

from dataclasses import asdict, replace

import pytest

from core.errors import NotFound
from core.jobs.machine import facts_of_this_machine
from core.workbench import Workbench
from tests.factories import make_dataset, make_photos, make_run
from tests.fake_ray import TOKEN, FakeRay
from tests.fake_slurm import FakeSlurm


@pytest.fixture
def ray(monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    monkeypatch.setenv("GRAFT_RAY_TOKEN_FILE", str(token))
    with FakeRay() as ray:
        yield ray


@pytest.fixture
def clustered(ray, settings, registry):
    registry.add_dataset(make_dataset(), make_photos())
    for number in (1, 2):
        registry.add_run(make_run(number, id=f"r-{number}"))
    return Workbench(replace(settings, launcher=f"ray:{ray.address}"), registry)


def describe(bench, name, node, **facts):
    found = replace(facts_of_this_machine(bench.settings, node), **facts)
    bench.registry.note_node(name, asdict(found))


def slots(overview):
    return {slot.name: slot.run.id if slot.run else None for machine in overview.machines for slot in machine.slots}


def test_what_trains_in_each_slot(clustered, ray):
    describe(clustered, "n1", ray.add_node("n1", cpus=8, gpus=2))
    clustered.registry.claim("n1/gpu1", "me")
    overview = clustered.machines()
    assert slots(overview) == {"n1/gpu0": None, "n1/gpu1": "r-1"}
    assert (len(overview.slots), overview.busy, overview.elsewhere) == (2, 1, ())
    assert overview.machines[0].can_train


def test_while_the_cluster_is_away_what_trains_is_shown(clustered, ray):
    describe(clustered, "n1", ray.add_node("n1"))
    clustered.registry.claim("n1/cpu", "me")
    clustered.registry.claim("n9/cpu", "me")
    ray.shut_down()
    overview = clustered.machines()
    assert "does not answer" in overview.problem
    assert slots(overview) == {"n1/cpu": "r-1"}
    assert [run.id for run in overview.elsewhere] == ["r-2"]
    assert overview.machines[0].there is None


def test_without_a_token_it_says_so(clustered, monkeypatch):
    monkeypatch.delenv("GRAFT_RAY_TOKEN_FILE")
    assert "GRAFT_RAY_TOKEN_FILE is not set" in clustered.machines().problem


def test_the_supervisor_that_acts(clustered):
    assert clustered.machines().supervisor == ""
    clustered.registry.take("supervisor", "process 7 of 'web1'")
    assert clustered.machines().supervisor == "process 7 of 'web1'"


def test_a_machine_that_is_not_there(clustered):
    with pytest.raises(NotFound, match="no machine 'n7' in the registry. Known: none"):
        clustered.ask_machine_again("n7")


def test_one_machine(settings, registry, monkeypatch):
    monkeypatch.setenv("GRAFT_GPUS", "none")
    overview = Workbench(settings, registry).machines()
    assert overview.launcher == "local" and slots(overview) == {"cpu": None}


# --- Slurm ---


@pytest.fixture
def slurm(monkeypatch, tmp_path):
    slurm = FakeSlurm(tmp_path / "slurm")
    for name, value in slurm.environ.items():
        monkeypatch.setenv(name, value)
    return slurm


@pytest.fixture
def of_slurm(slurm, settings, registry):
    return Workbench(replace(settings, launcher="slurm"), registry)


def test_a_machine_that_is_drained_says_why(of_slurm, slurm):
    describe(of_slurm, "n1", slurm.add_node("n1", cpus=8, gpus=2))
    describe(of_slurm, "n2", slurm.add_node("n2", state="IDLE+DRAIN", reason="its fan is broken"))
    first, second = of_slurm.machines().machines
    assert first.can_train and [slot.title for slot in first.slots] == ["n1 a100 0", "n1 a100 1"]
    assert not second.can_train and second.there
    assert second.problem == "Slurm calls it IDLE+DRAIN: its fan is broken."


def test_slurm_that_cannot_be_asked(of_slurm, slurm, monkeypatch):
    slurm.shut_down()
    assert "Unable to contact slurm controller" in of_slurm.machines().problem
    monkeypatch.setenv("PATH", "/nowhere")
    assert "needs Slurm's command sbatch" in of_slurm.machines().problem
