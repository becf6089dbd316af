"""How the server of pages mounts the API: late, below its path, and after the route of uploads."""

import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from core.api.mounting import LazyApplication
from core.settings import REPOSITORY
from core.web.server import application, base_path


def test_an_application_is_made_once_at_its_first_request():
    made = []
    lazy = LazyApplication(lambda: made.append(1) or PlainTextResponse("hello"))
    client = TestClient(lazy)
    assert made == []
    assert client.get("/").text == client.get("/").text == "hello"
    assert made == [1]


def test_the_server_of_pages_loads_neither_fastapi_nor_mcp():
    code = "import sys, core.web.server.application; sys.exit(bool({'fastapi', 'mcp'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120).returncode == 0


@pytest.fixture
def server(bench, monkeypatch):
    """The routes and middleware of the server of pages."""
    monkeypatch.setenv("GRAFT_HOME", str(bench.settings.home))
    app = Starlette(routes=application.ROUTES, middleware=application.MIDDLEWARE)
    return TestClient(app, base_url="http://127.0.0.1:8501")


def test_it_lies_beside_the_uploads_and_below_a_base_path(server, bench, monkeypatch):
    _, secret = bench.registry.create_token("a", "read")
    bearer = {"Authorization": f"Bearer {secret}"}
    unknown = server.delete("/api/v1/uploads/unknown", headers={"Tus-Resumable": "1.0.0"})
    assert unknown.json()["detail"].startswith("This upload is not known")
    assert server.get("/api/v1/datasets", headers=bearer).json() == {"datasets": []}
    assert server.get("/api/v1/datasets").status_code == 401
    assert server.get("/api/v1/datasets/a%0Ab", headers=bearer).json()["title"] == "Not Found"
    monkeypatch.setattr(base_path.config, "get_option", {"server.baseUrlPath": "/graft/"}.get)
    assert server.get("/graft/api/v1/datasets", headers=bearer).json() == {"datasets": []}
    assert server.post("/graft/mcp", json={}).status_code == server.post("/mcp", json={}).status_code == 401
    assert server.get("/graft/api/v1/openapi.json").json()["servers"][0]["url"] == "../v1"


def test_pages_of_other_sites_and_other_host_names_are_refused_before_it(server, bench):
    _, secret = bench.registry.create_token("a", "train")
    bearer = {"Authorization": f"Bearer {secret}"}
    other = server.post("/api/v1/runs", json={}, headers=bearer | {"Origin": "https://evil.example"})
    assert other.status_code == 403 and "another site" in other.text
    assert server.get("/api/v1/datasets", headers=bearer | {"Host": "evil.example"}).status_code == 421
