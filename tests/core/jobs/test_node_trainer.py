"""A trainer on a machine of a cluster: what is checked before it starts, and what it is started with."""

import json
import sys
from dataclasses import replace

import pytest

from core.errors import Conflict, InvalidInput
from core.files.locks import is_held, try_acquire
from core.jobs import node_trainer
from core.jobs.node_trainer import GIVEN_UP, NOT_STARTED, environment_of_job, is_wanted, lock_of, slot_of_job
from core.jobs.protocol import code_version
from core.jobs.slots import CPU
from core.runs.values import Status
from tests.jobs_home import FAKE_DRIVER, FAKE_TRAINER, Home, eventually


@pytest.fixture
def started(settings, registry, monkeypatch):
    """A claimed run, and the arguments of its trainer on a machine whose folder is the home."""
    home = Home(settings, registry)
    run = home.add(epochs=1)
    registry.claim("n1/cpu", "me")
    monkeypatch.setenv("GRAFT_CACHE", str(settings.home))
    monkeypatch.setenv("GRAFT_TRAINER", " ".join(FAKE_TRAINER))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield home, run
    home.kill_everything()


def arguments(run, *, attempt=1, version=None):
    return [
        run.id, "--attempt", str(attempt), "--job", f"{run.id}-1", "--machine", "n1", "--version",
        version or code_version(), "--cpus", "3",
    ]  # fmt: skip


def test_it_becomes_the_trainer(started, monkeypatch):
    import subprocess

    home, run = started
    done = subprocess.run([sys.executable, "-m", "core.jobs.node_trainer", *arguments(run)], timeout=60)
    assert done.returncode == 0
    [start] = home.starts(run)
    assert start["gpu"] == "-1" and start["attempt"] == 1
    assert json.loads((home.folder(run) / "exit.json").read_text())["code"] == 0
    eventually(lambda: not is_held(home.lock(run)))
    assert home.registry.node_records()[0].name == "n1"


def test_another_version_is_refused(started, capsys):
    home, run = started
    assert node_trainer.main(arguments(run, version="other")) == NOT_STARTED
    assert f"has another version of Graft ({code_version()}) than" in capsys.readouterr().err
    assert home.starts(run) == []


def test_an_attempt_that_nobody_wants(started, capsys):
    home, run = started
    assert node_trainer.main(arguments(run, attempt=2)) == GIVEN_UP
    home.registry.end(run.id, 1, Status.KILLED)
    assert not is_wanted(home.registry, run.id, 1)
    assert node_trainer.main(arguments(replace(run, id="gone"))) == GIVEN_UP


def test_one_that_still_runs_there(started, capsys):
    home, run = started
    with try_acquire(home.lock(run)), pytest.raises(Conflict, match="An earlier attempt"):
        lock_of(run.id, 1, home.settings, patience=0.1)


def test_the_cpu(settings):
    for environ in ({}, {"CUDA_VISIBLE_DEVICES": ""}, {"CUDA_VISIBLE_DEVICES": "-1"}):
        assert slot_of_job(environ) == CPU
    environment = environment_of_job(CPU, settings, cpus=4)
    assert environment["OMP_NUM_THREADS"] == "4" and environment["CUDA_VISIBLE_DEVICES"] == "-1"


def test_all_threads(settings, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert "OMP_NUM_THREADS" not in environment_of_job(CPU, settings, cpus=0)


def test_numbers_of_gpus_become_their_uuids(tmp_path, monkeypatch):
    (tmp_path / "pynvml.py").write_text(FAKE_DRIVER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    assert slot_of_job({"CUDA_VISIBLE_DEVICES": "1"}).environment["CUDA_VISIBLE_DEVICES"] == "GPU-1"
    assert slot_of_job({"CUDA_VISIBLE_DEVICES": "GPU-0"}).name == "GPU-0"
    assert slot_of_job({"CUDA_VISIBLE_DEVICES": "0,1"}).environment["CUDA_VISIBLE_DEVICES"] == "GPU-0,GPU-1"
    with pytest.raises(InvalidInput, match=r"gives GPU 7 of .* has: 0 \(GPU-0\), 1 \(GPU-1\)"):
        slot_of_job({"CUDA_VISIBLE_DEVICES": "7"})
    monkeypatch.delitem(sys.modules, "pynvml")
