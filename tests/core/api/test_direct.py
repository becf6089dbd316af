"""Predictions past FastAPI are as through it."""

from io import BytesIO

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from core.api import model_routes, verbs
from core.api.direct import DirectPredictions
from core.api.gate import Gate, Rules
from core.api.rest import rest_application
from core.api.rules import most_bytes, needed_scope
from core.api.tracing import TracedRequests, trace_of

FORM = "multipart/form-data; boundary=x"


@pytest.fixture
def photo() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (40, 30), (200, 30, 60)).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def asked(bench):
    """Sends a request past FastAPI and through it; (status, JSON, content type) of both, without the request's id."""
    _, secret = bench.registry.create_token("a", "predict")
    through = rest_application(lambda: bench)
    clients = []
    for app in (DirectPredictions(through, lambda: bench), through):
        gate = Gate(app, lambda: bench, Rules(scope=needed_scope, most_bytes=most_bytes))
        server = Starlette(routes=[Mount("/api/v1", gate)])
        clients.append(TestClient(server, base_url="http://127.0.0.1/api/v1", raise_server_exceptions=False))

    def ask(method: str, path: str, **request) -> list[tuple]:
        headers = {"Authorization": f"Bearer {secret}"} | request.pop("headers", {})
        found = [client.request(method, path, headers=headers, **request) for client in clients]
        for one in found:
            assert one.headers["content-disposition"] == 'attachment; filename="graft.json"'
        return [(one.status_code, one.json(), one.headers["content-type"]) for one in found]

    return ask


def test_a_prediction_is_the_same_and_does_not_reach_fastapi(asked, predicting, photo, monkeypatch):
    (status, row, kind), through = asked("POST", f"/models/{predicting}/predict", files={"photos": ("a.jpg", photo)})
    assert (status, kind) == (200, "application/json") and row["photos"][0]["answers"][0]["predictions"]
    for one in (row, through[1]):
        one["photos"][0]["answers"][0].pop("milliseconds")
    assert (status, row, kind) == through
    through_fastapi = []
    call = FastAPI.__call__
    monkeypatch.setattr(FastAPI, "__call__", lambda *given: through_fastapi.append(1) or call(*given))
    asked("POST", f"/models/{predicting}/predict", files={"photos": ("a.jpg", photo)})
    assert len(through_fastapi) == 1, "one of the two clients"


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("POST", "/models/none/predict", {"files": {"photos": ("a.jpg", b"x")}}),
        ("POST", "/models/RUN/predict", {"files": {"photos": ("a.txt", b"text")}}),
        ("POST", "/models/RUN/predict", {"files": {"other": ("a.txt", b"text")}}),
        ("POST", "/models/RUN/predict", {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
        ("POST", "/models/RUN/predict", {"content": b"broken", "headers": {"Content-Type": FORM}}),
        ("POST", "/models/RUN/predict", {"json": {"photos": []}}),
        ("POST", "/models/RUN/predict", {"content": b"{", "headers": {"Content-Type": "application/json"}}),
        ("POST", f"/models/{'x' * 401}/predict", {"files": {"photos": ("a.jpg", b"x")}}),
        ("POST", "/models/a%2Fb/predict", {}),
        ("GET", "/models/RUN/predict", {}),
        ("POST", "/models/RUN/predict/", {}),
    ],
)
def test_refusals_are_the_same(asked, predicting, method, path, request_):
    past, through = asked(method, path.replace("RUN", predicting), **request_)
    assert past == through and past[0] >= 400


def test_a_mistake_is_a_problem_document_and_a_traceback(asked, predicting, photo, monkeypatch):
    def fail(*given, **more):
        raise ZeroDivisionError

    monkeypatch.setattr(verbs, "predict", fail)
    past, through = asked("POST", f"/models/{predicting}/predict", files={"photos": ("a.jpg", photo)})
    assert past == through and past[0] == 500 and "ZeroDivisionError" in past[1]["detail"]


def test_the_access_log_has_the_pattern_of_the_route(bench, photo, predicting):
    seen = []

    class Watched:
        def __init__(self, app):
            self._app = app

        async def __call__(self, scope, receive, send):
            await self._app(scope, receive, send)
            if scope["type"] == "http":
                seen.append(trace_of(scope).route)

    _, secret = bench.registry.create_token("b", "predict")
    app = DirectPredictions(rest_application(lambda: bench), lambda: bench)
    gate = Gate(app, lambda: bench, Rules(scope=needed_scope, most_bytes=most_bytes))
    client = TestClient(TracedRequests(Watched(Starlette(routes=[Mount("/api/v1", gate)]))))
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.post(f"/api/v1/models/{predicting}/predict", files={"photos": photo}, headers=headers).is_success
    assert seen == ["/api/v1" + model_routes.PREDICT]
