"""What a machine says about itself, and how it gets into the registry."""

import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.jobs import machine
from core.jobs.machine import MachineFacts, facts_of_this_machine, problem_of, register, settings_of_node
from core.jobs.protocol import code_version
from core.settings import VERSION

DRIVER = """
class NVMLError(Exception): pass
class Memory: used = 0; total = 80 * 10**9
def nvmlInit(): pass
def nvmlShutdown(): pass
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return index
def nvmlDeviceGetUUID(handle): return f"GPU-{handle}"
def nvmlDeviceGetName(handle): return b"A100"
def nvmlDeviceGetMemoryInfo(handle): return Memory
def nvmlDeviceGetUtilizationRates(handle): raise NVMLError
"""


def test_facts(settings):
    facts = facts_of_this_machine(settings, node="n")
    assert (facts.node, facts.release, facts.version) == ("n", VERSION, code_version())
    assert facts.cpus >= 1 and facts.memory_bytes > 10**8 and facts.disk_free_bytes > 0
    assert facts.cache == str(settings.home)


def test_a_gpu_with_its_memory(settings, tmp_path, monkeypatch):
    (tmp_path / "pynvml.py").write_text(DRIVER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    [gpu] = facts_of_this_machine(settings).gpus
    assert (gpu.name, gpu.title, gpu.memory_bytes) == ("GPU-0", "A100", 80 * 10**9)
    monkeypatch.delitem(sys.modules, "pynvml")


def test_it_is_noted_in_the_registry(settings, registry):
    facts = register("n1", "id", settings, registry)
    [record] = registry.node_records()
    assert record.name == "n1" and MachineFacts.from_json(record.facts) == facts and facts.problem == ""


def test_facts_of_another_version_are_read_as_far_as_they_are_known():
    facts = MachineFacts.from_json({"version": "x", "colour": "red"})
    assert (facts.version, facts.gpus) == ("x", ())


def test_a_folder_that_cannot_be_made(settings, tmp_path):
    (tmp_path / "file").touch()
    nowhere = replace(settings, cache=tmp_path / "file" / "cache")
    assert "cannot be made" in problem_of(facts_of_this_machine(nowhere), nowhere)


def test_artifacts_that_it_cannot_read(settings, tmp_path):
    away = replace(settings, artifacts=(tmp_path / "away").as_uri())
    problem = problem_of(facts_of_this_machine(away), away)
    assert problem.startswith("It cannot read the artifacts: ") and "away" in problem
    (tmp_path / "away").mkdir()
    assert problem_of(facts_of_this_machine(away), away) == ""


def test_a_full_disk(settings):
    facts = replace(facts_of_this_machine(settings), disk_free_bytes=10**6)
    assert "1 MB of free space" in problem_of(facts, settings)


def test_the_home_of_a_machine_is_its_cache(tmp_path):
    settings = settings_of_node({"GRAFT_CACHE": str(tmp_path), "GRAFT_HOME": "/elsewhere"})
    assert settings.home == settings.cache == tmp_path
    with pytest.raises(InvalidInput, match="GRAFT_CACHE is not set on"):
        settings_of_node({})


def test_the_command(tmp_path, monkeypatch, registry, capsys):
    monkeypatch.setenv("GRAFT_CACHE", str(registry.database.path.parent))
    assert machine.main(["n1", "--node", "id"]) == 0
    assert registry.node_records()[0].facts["node"] == "id"
    monkeypatch.delenv("GRAFT_CACHE")
    assert machine.main(["n1"]) == 1
    assert "GRAFT_CACHE is not set" in capsys.readouterr().err
    assert Path(asdict(facts_of_this_machine(settings_of_node({"GRAFT_CACHE": str(tmp_path)})))["cache"]) == tmp_path
