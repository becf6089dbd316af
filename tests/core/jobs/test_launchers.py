"""Which launcher the settings name."""

import subprocess
import sys
from dataclasses import replace

import pytest

from core.errors import InvalidInput
from core.jobs.cluster.launcher import ClusterLauncher
from core.jobs.launchers import client_of, launcher_of
from core.jobs.local_launcher import LocalLauncher
from core.jobs.slots import CPU
from core.jobs.slurm.client import SlurmClient
from tests.fake_slurm import FakeSlurm


def test_without_a_setting_trainers_are_processes_of_this_machine(settings, registry, monkeypatch):
    monkeypatch.setenv("GRAFT_GPUS", "none")
    launcher = launcher_of(settings, registry)
    assert isinstance(launcher, LocalLauncher)
    assert launcher.slots() == (CPU,)


def test_a_cluster(settings, registry, monkeypatch, tmp_path):
    token = tmp_path / "token"
    token.write_text("t")
    token.chmod(0o600)
    monkeypatch.setenv("GRAFT_RAY_TOKEN_FILE", str(token))
    shared = replace(settings, launcher="ray:http://head:8265", registry="postgresql://u@h/d", artifacts="file:///a")
    assert isinstance(launcher_of(shared, registry), ClusterLauncher)
    with pytest.raises(InvalidInput, match="GRAFT_REGISTRY"):
        launcher_of(replace(shared, registry=""), registry)


def test_slurm(settings, registry, monkeypatch, tmp_path):
    shared = replace(settings, launcher="slurm", registry="postgresql://u@h/d", artifacts="file:///a")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidInput, match="needs Slurm's command sbatch"):
        launcher_of(shared, registry)
    for name, value in FakeSlurm(tmp_path / "slurm").environ.items():
        monkeypatch.setenv(name, value)
    assert isinstance(launcher_of(shared, registry), ClusterLauncher)
    assert isinstance(client_of("slurm"), SlurmClient)
    with pytest.raises(InvalidInput, match="GRAFT_LAUNCHER=slurm needs a registry that all machines reach"):
        launcher_of(replace(shared, registry=""), registry)


def test_one_machine_does_not_import_what_a_cluster_needs():
    code = "import core.jobs.service, sys; sys.exit('core.jobs.cluster.launcher' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
