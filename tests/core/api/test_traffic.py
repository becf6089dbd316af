"""Requests are counted by area, status and duration, and refusals by reason."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.api.traffic import BOUNDS, CountedRequests, Traffic, area_of
from core.text.prometheus import exposition


@pytest.fixture
def traffic() -> Traffic:
    return Traffic()


def counted(traffic: Traffic) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(exposition(traffic.metrics()))
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


async def answer(request: Request) -> PlainTextResponse:
    if request.query_params.get("fail"):
        raise RuntimeError("a mistake")
    await asyncio.sleep(float(request.query_params.get("seconds", "0")))
    return PlainTextResponse("", int(request.query_params.get("status", "200")))


async def socket(websocket: WebSocket) -> None:
    if websocket.query_params.get("refuse"):
        await websocket.close(1008)
        return
    await websocket.accept()
    await websocket.receive_text()


@pytest.fixture
def client(traffic) -> TestClient:
    routes = [WebSocketRoute("/_stcore/stream", socket), Route("/{rest:path}", answer)]
    app = Starlette(routes=routes, middleware=[Middleware(CountedRequests, traffic=traffic)])
    return TestClient(app, raise_server_exceptions=False)


def test_requests_are_counted_where_they_went(client, traffic):
    for path in ("/runs", "/api/v1/runs", "/api/v1/runs?status=404", "/runs?fail=1", "/mcp"):
        client.get(path)
    found = counted(traffic)
    assert found["graft_requests_total", "pages", "2xx"] == found["graft_requests_total", "pages", "5xx"] == 1
    assert found["graft_requests_total", "rest", "2xx"] == found["graft_requests_total", "rest", "4xx"] == 1
    assert found["graft_request_seconds_count", "rest"] == 2 and found["graft_request_seconds_count", "mcp"] == 1


def test_a_slow_request_lies_in_the_group_of_its_duration(client, traffic):
    client.get("/runs?seconds=0.12")
    found = counted(traffic)
    assert found["graft_request_seconds_sum", "pages"] >= 0.12
    assert found["graft_request_seconds_bucket", "pages", "0.1"] == 0
    assert found["graft_request_seconds_bucket", "pages", "+Inf"] == 1


def test_groups_take_their_upper_end(traffic):
    traffic.answered("pages", 200, BOUNDS[0])
    assert counted(traffic)["graft_request_seconds_bucket", "pages", str(BOUNDS[0])] == 1


@pytest.mark.parametrize(("status", "reason"), [(401, "not_signed_in"), (403, "not_allowed"), (429, "too_many")])
def test_refusals_are_counted_by_reason(client, traffic, status, reason):
    assert counted(traffic)["graft_refusals_total", reason] == 0, (
        "there before the first one, so that it can be watched"
    )
    client.get(f"/runs?status={status}")
    client.get("/runs?status=404")
    found = counted(traffic)
    assert found["graft_refusals_total", reason] == 1
    assert sum(value for name, value in found.items() if name[0] == "graft_refusals_total") == 1


def test_open_pages_are_counted_and_refused_ones_are_refusals(client, traffic):
    with client.websocket_connect("/_stcore/stream") as page:
        assert counted(traffic)["graft_websockets",] == 1
        page.send_text("")
    assert counted(traffic)["graft_websockets",] == 0
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream?refuse=1"):
        pass
    found = counted(traffic)
    assert found["graft_websockets",] == 0 and found["graft_refusals_total", "not_allowed"] == 1


def test_a_base_path_changes_no_area():
    assert area_of("/graft/api/v1/runs") == area_of("/api/v1/runs") == "rest"
    assert area_of("/") == area_of("/graft/runs") == "pages" and area_of("/healthz") == "monitoring"
