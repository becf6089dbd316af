"""Bodies have limits; those of heads are tested on a running server (tests/browser/test_server.py)."""

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from uvicorn import Config

from core.web.server.limits import LimitedBodies, LimitedHttp, limit_heads


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def client():
    inner = Starlette(routes=[Route("/", length, methods=["GET", "POST"])])
    return TestClient(Starlette(routes=[Mount("/tb", LimitedBodies(inner, most=100))]))


def test_a_body_up_to_the_limit_arrives_whole(client):
    assert client.post("/tb/", content=b"x" * 100).text == "100"
    assert client.post("/tb/", content=(b"x" * 10 for _ in range(10))).text == "100"
    assert client.get("/tb/").text == "0"


def test_a_larger_body_is_refused_whether_or_not_it_is_announced(client):
    for content in (b"x" * 101, (b"x" * 10 for _ in range(11))):
        answer = client.post("/tb/", content=content)
        assert answer.status_code == 413
        assert "100 bytes" in answer.text


def test_a_length_that_is_no_number_is_refused(client):
    assert client.post("/tb/", content=b"x", headers={"Content-Length": "many"}).status_code == 413


def test_a_server_made_afterwards_limits_heads():
    limit_heads()
    config = Config(PlainTextResponse("hello"))
    config.load()
    assert config.http_protocol_class is LimitedHttp
