"""Whether the server works and should get requests now, and who is told why not."""

import os

import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.errors import Unavailable
from core.files.home import registry_file
from core.jobs.lease_holder import holder_name
from core.people.acting import SERVER, acting_as
from core.registry import Registry
from core.registry.leases import SUPERVISOR
from core.registry.schema import HEAD
from core.settings import Settings
from core.web.server import application, health
from core.web.server.health import look
from core.web.server.state import workbench
from tests.core.web.server.conftest import ADDRESS
from tests.factories import fill


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home", low_space_bytes=0)


@pytest.fixture
def registry(settings):
    registry = Registry.open(registry_file(settings))
    yield registry
    registry.close()


def problems(settings, registry) -> dict[str, str]:
    return look(settings, lambda: registry).problems


def test_a_new_home_is_ready_and_needs_no_supervisor(settings, registry):
    found = look(settings, lambda: registry)
    assert found.problems == {}
    assert found.good == {"registry": "ok", "home": "ok", "space": "ok", "supervisor": "not needed"}


def test_a_registry_that_another_version_has_migrated_is_not_ready(settings, registry):
    with registry.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    told = problems(settings, registry)["registry"]
    assert "the schema 9999 of another version" in told and f"this one has {HEAD}" in told


def test_while_the_registry_cannot_be_opened_nobody_knows_who_starts_runs(settings):
    settings.home.mkdir()

    def away() -> Registry:
        raise Unavailable("The registry is away.")

    found = look(settings, away)
    assert found.problems["registry"] == "The registry is away."
    assert set(found.problems) == {"registry", "supervisor"} and found.good["home"] == "ok"


def test_a_home_that_cannot_be_written_is_named(settings, registry, monkeypatch):
    """As root every folder can be written, so the error is that of a read-only disk."""

    def refuse(**_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(health.tempfile, "TemporaryFile", refuse)
    told = problems(settings, registry)["home"]
    assert told == f"The home {settings.home} cannot be written (Read-only file system)."


def test_looking_leaves_no_file_in_the_home(settings, registry):
    look(settings, lambda: registry)
    before = sorted(os.listdir(settings.home))
    look(settings, lambda: registry)
    assert sorted(os.listdir(settings.home)) == before


def test_a_disk_without_room_is_not_ready(tmp_path, registry):
    full = Settings(home=tmp_path / "home", low_space_bytes=10**18)
    assert "stay free" in problems(full, registry)["space"]


def test_runs_that_wait_without_a_supervisor_are_a_problem_until_one_has_the_lease(settings, registry):
    fill(registry, settings, runs=6)
    assert problems(settings, registry) == {"supervisor": "Runs wait and no supervisor starts them: python -m core run"}
    registry.take(SUPERVISOR, holder_name(settings, "of another machine"))
    found = look(settings, lambda: registry)
    assert found.problems == {} and found.good["supervisor"] == "elsewhere"


# --- the route ---


@pytest.fixture
def client(tmp_path, monkeypatch) -> TestClient:
    """Without a login."""
    monkeypatch.setenv("GRAFT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GRAFT_FREE_GB", "0")
    monkeypatch.setattr(health, "KEEP_SECONDS", 0.0)
    return TestClient(Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE), base_url=ADDRESS)


def test_health_is_json_and_names_registry_and_supervisor(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    health = answer.json()
    assert health["status"] == "ok"
    assert health["registry"] == "ok"
    assert {"version", "supervisor"} <= set(health)
    assert "rss_bytes" not in health


def test_health_in_detail_says_what_the_process_holds(client):
    detail = client.get("/healthz?detail").json()
    assert detail["rss_bytes"] > 1e6 and detail["models_bytes"] >= 0


def test_a_broken_registry_is_not_healthy(client, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "registry.db").write_bytes(b"this is no database" * 500)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failing"


def test_who_needs_no_login_is_told_each_check(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready" and answer.json()["checks"]["registry"] == "ok"
    assert answer.headers["cache-control"] == "no-store"


def test_a_server_that_is_not_ready_answers_503_with_the_reason(client, monkeypatch):
    monkeypatch.setenv("GRAFT_FREE_GB", "1000000000")
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["failing"] == ["space"]
    assert "GRAFT_FREE_GB" in answer.json()["checks"]["space"]


def test_whoever_is_not_signed_in_learns_what_fails_and_no_path_of_the_server(client_of, monkeypatch, tmp_path):
    monkeypatch.setattr(health, "KEEP_SECONDS", 0.0)
    with acting_as(SERVER), workbench().registry.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = client_of(None).get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "failing": ["registry", "supervisor"]}
    assert "checks" in client_of("vera").get("/readyz").json()


def test_asking_often_looks_once_a_second(client, monkeypatch):
    looks = []
    monkeypatch.setattr(health, "KEEP_SECONDS", 60.0)
    monkeypatch.setattr(health, "look", lambda *given: looks.append(given) or health.Readiness(good={}, problems={}))
    for _ in range(3):
        assert client.get("/readyz").status_code == 200
    assert len(looks) == 1
