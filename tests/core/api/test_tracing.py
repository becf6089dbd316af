"""Every request has an id, which is in its response, in problem documents and in the log."""

import logging
import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.api.problems import problem_response
from core.api.tracing import HEADER, TracedRequests, request_id, trace_of


async def named(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request_id()} {trace_of(request.scope).id}")


def in_a_thread(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request_id())


async def refused(request: Request) -> JSONResponse:
    return problem_response(404, "There is no such run.")


async def failing(request: Request) -> PlainTextResponse:
    raise RuntimeError("a secret")


@pytest.fixture
def client() -> TestClient:
    def trusted(scope) -> bool:
        return scope["client"][0] == "proxy"

    routes = [Route("/", named), Route("/thread", in_a_thread), Route("/refused", refused), Route("/failing", failing)]
    app = Starlette(routes=routes, middleware=[Middleware(TracedRequests, trusted=trusted)])
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def behind_proxy(client) -> TestClient:
    return TestClient(client.app, client=("proxy", 0))


def test_each_response_has_an_id_of_its_own_which_the_code_behind_it_knows(client):
    first, second = client.get("/"), client.get("/")
    assert re.fullmatch(r"[0-9a-f]{16}", first.headers[HEADER])
    assert first.text == f"{first.headers[HEADER]} {first.headers[HEADER]}"
    assert first.headers[HEADER] != second.headers[HEADER]
    threaded = client.get("/thread")
    assert threaded.text == threaded.headers[HEADER]
    assert request_id() == ""


def test_the_id_of_a_trusted_proxy_is_taken_over(behind_proxy):
    assert (
        behind_proxy.get("/", headers={HEADER: "0af7651916cd43dd.8448_eb-2"}).headers[HEADER]
        == "0af7651916cd43dd.8448_eb-2"
    )


@pytest.mark.parametrize(
    "sent", ["short", "x" * 81, "with space", 'a"quote"it', "línea-número", "{json:1}", "a/b/c/d/e"]
)
def test_an_id_of_another_form_is_replaced(behind_proxy, sent):
    answer = behind_proxy.get("/", headers={HEADER: sent.encode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers[HEADER])


def test_whoever_is_no_trusted_proxy_chooses_no_id(client):
    assert client.get("/", headers={HEADER: "0af7651916cd43dd"}).headers[HEADER] != "0af7651916cd43dd"


def test_a_problem_document_has_the_id(client):
    answer = client.get("/refused")
    assert answer.json()["request_id"] == answer.headers[HEADER]


def test_a_mistake_is_logged_with_the_id_and_without_what_it_says(behind_proxy, caplog):
    with caplog.at_level(logging.ERROR, logger="core.api.tracing"):
        TestClient(behind_proxy.app, client=("proxy", 0), raise_server_exceptions=False).get(
            "/failing", headers={HEADER: "0af7651916cd43dd"}
        )
    assert [record.getMessage() for record in caplog.records if record.name == "core.api.tracing"] == [
        "Request 0af7651916cd43dd failed: RuntimeError"
    ]


def test_outside_of_a_request_a_problem_has_no_id():
    assert b"request_id" not in problem_response(404, "There is no such run.").body
