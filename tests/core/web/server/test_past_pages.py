"""Predictions go past Streamlit's layers, and nothing else does; no gate of Graft is left out."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Mount
from starlette.testclient import TestClient

from core.web.server import application
from core.web.server.past_pages import PastPages

SEEN = ("path", "root_path", "app_root_path", "path_params")


async def programs(scope, receive, send):
    await JSONResponse({name: scope.get(name) for name in SEEN})(scope, receive, send)


API = Mount("/api/v1", programs)


def asked(method: str, path: str, *, quick: bool, root_path: str = "") -> str:
    """What a server answers that has either the middleware and no route, or the route."""
    app = Starlette(middleware=[Middleware(PastPages, api=API)]) if quick else Starlette(routes=[API])
    return TestClient(app, root_path=root_path).request(method, path).text


@pytest.mark.parametrize("root_path", ["", "/graft"])
@pytest.mark.parametrize("model", ["r-1a2b3c4d", "flowers@champion", "flowers:2@champion"])
def test_a_prediction_reaches_its_application_as_through_the_router(model, root_path):
    path = f"{root_path}/api/v1/models/{model}/predict"
    quick, through = (asked("POST", path, quick=quick, root_path=root_path) for quick in (True, False))
    assert quick == through and f'"root_path":"{root_path}/api/v1"' in quick


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/models/r-1/predict"),
        ("POST", "/api/v1/models/r-1/predict/"),
        ("POST", "/api/v1/models/r-1/explanations"),
        ("POST", "/api/v1/models/a%2Fb/predict"),
        ("POST", "/api/v1/models/..%5Ca/predict"),
        ("POST", "/api/v1/models/a%0A/predict"),
        ("POST", "/api/v1/models/%20/predict"),
        ("POST", "/api/v1/runs"),
        ("POST", "/api/v2/models/r-1/predict"),
        ("POST", "/x/api/v1/models/r-1/predict"),
        ("POST", "/predict"),
    ],
)
def test_everything_else_takes_the_ordinary_way(method, path):
    assert asked(method, path, quick=True) == "Not Found"


def test_every_gate_stands_in_front(bench, monkeypatch):
    """On a server without any route: what answers is past its router."""
    monkeypatch.setenv("GRAFT_HOME", str(bench.settings.home))
    client = TestClient(Starlette(middleware=application.MIDDLEWARE), base_url="http://127.0.0.1:8501")

    def status(**headers: str) -> int:
        found = client.post("/api/v1/models/none/predict", headers=headers)
        assert found.headers["x-request-id"] and "default-src 'self'" in found.headers["content-security-policy"]
        return found.status_code

    token = f"Bearer {bench.registry.create_token('a', 'predict')[1]}"
    assert status() == 401 and status(authorization="Bearer graft_wrong") == 401
    assert status(authorization=f"Bearer {bench.registry.create_token('b', 'read')[1]}") == 403
    assert status(authorization=token, host="elsewhere.example") == 421
    assert status(authorization=token, **{"sec-fetch-site": "cross-site"}) == 403
    assert status(authorization=token) == 415, "let in: there is no body"
