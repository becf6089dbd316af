"""A real Slurm, started once, and PostgreSQL."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from core.registry import Registry
from core.settings import Settings
from tests.cluster import fake_trainer
from tests.postgresql import Server
from tests.slurm.__main__ import INSIDE
from tests.slurm.cluster import SlurmCluster


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(INSIDE) != "1":
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="`make test-slurm` starts what these tests need"))


@pytest.fixture(scope="session")
def place():
    """A short path, because of the sockets below it."""
    folder = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    yield folder
    if not os.environ.get("GRAFT_CLUSTER_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(place):
    """What its user has set on every machine is in the profile of the login shell."""
    cluster = SlurmCluster(place)
    cluster.notes = place / "notes.txt"
    (place / "home").mkdir()
    (place / "home" / ".profile").write_text(
        f"export HOME={place}/$SLURMD_NODENAME GRAFT_CACHE={place}/$SLURMD_NODENAME/cache\n"
        f"export GRAFT_FAKE_NOTES={cluster.notes} GRAFT_LEASE_SECONDS=18\n"
    )
    began = time.monotonic()
    cluster.start()
    print(f"\nthe cluster was up after {time.monotonic() - began:.0f} s")
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def database():
    server = Server.start()
    yield server
    server.end()


@pytest.fixture
def both(cluster):
    """Both machines are up and free, also after a test that killed one."""
    cluster.call("scancel", "--me")
    for machine in (cluster.first, cluster.second):
        if machine.process is None:
            machine.start()
    cluster.until(lambda: cluster.state("n1") == cluster.state("n2") == "IDLE", "both machines are free")
    return cluster


@pytest.fixture
def settings(both, place, database, tmp_path, monkeypatch) -> Settings:
    """Those of the machine with the pages and the supervisor, also in the environment."""
    for name, value in both.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRAFT_LEASE_SECONDS", "18")
    monkeypatch.setenv("GRAFT_TRAINER", f"{sys.executable} {fake_trainer.__file__}")
    (tmp_path / "shared").mkdir()
    settings = Settings(
        home=tmp_path / "home",
        registry=database.new_database(),
        artifacts=f"file://{tmp_path}/shared",
        launcher="slurm",
        cache=tmp_path / "cache",
    )
    for name, value in settings.variables().items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def registry(settings):
    registry = Registry.of(settings)
    yield registry
    registry.close()
