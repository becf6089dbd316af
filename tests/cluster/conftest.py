"""Everything a cluster needs, started once: PostgreSQL, an S3 server, Ray on two machines."""

import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from core.registry import Registry
from core.settings import Settings
from core.workbench import Workbench
from tests.cluster.__main__ import INSIDE
from tests.cluster.machines import RayCluster
from tests.cluster.services import Database, environment_of, start_s3

FAKE = Path(__file__).with_name("fake_trainer.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get(INSIDE) != "1":
        reason = "`make test-cluster` starts what these tests need"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def place():
    """A short path, because Ray makes sockets below it."""
    folder = Path(tempfile.mkdtemp(prefix="gc-", dir="/tmp"))
    yield folder
    if not os.environ.get("GRAFT_CLUSTER_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(place):
    """Ray on both machines; what all machines have in their environment is in ``cluster.environment``."""
    cluster = RayCluster(place, secrets.token_hex(16), {})
    cluster.notes = place / "notes.txt"
    cluster.environment |= {"GRAFT_FAKE_NOTES": str(cluster.notes), "GRAFT_LEASE_SECONDS": "18"}
    database = Database(place)
    s3 = start_s3(place / "s3.log", "graft")
    cluster.environment |= environment_of(database, place)
    for machine in (cluster.head, cluster.second):
        machine.environment = {**cluster.environment, **machine.environment}
    cluster.database = database
    began = time.monotonic()
    cluster.start_head()
    cluster.start_second()
    print(f"\nthe cluster was up after {time.monotonic() - began:.0f} s")
    yield cluster
    cluster.end()
    s3.kill()
    database.end()


@pytest.fixture
def both(cluster):
    """Both machines are up, also after a test that killed one."""
    if "second" not in cluster.alive() or cluster.second.process is None:
        cluster.second.kill()
        cluster.start_second()
    yield cluster


@pytest.fixture
def settings(both, tmp_path, monkeypatch) -> Settings:
    """Those of the machine with the pages and the supervisor, also in the environment."""
    for name, value in both.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GRAFT_RAY_TOKEN_FILE", str(both.token_file))
    monkeypatch.setenv("GRAFT_TRAINER", f"{sys.executable} {FAKE}")
    settings = Settings(
        home=tmp_path / "home",
        registry=both.database.new(),
        artifacts="s3://graft/" + secrets.token_hex(4),
        launcher=f"ray:{both.address}",
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


@pytest.fixture
def bench(settings):
    return Workbench.open(settings)
