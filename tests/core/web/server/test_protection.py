"""What every request must pass and every answer carries."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.errors import InvalidInput
from core.web.server.application import MIDDLEWARE
from core.web.server.protection import HEADERS, KnownHosts, asked_hsts, content_security_policy, host_name


async def hello(request):
    return PlainTextResponse("hello")


async def strict(request):
    return PlainTextResponse("hello", headers={"Content-Security-Policy": "default-src 'none'"})


async def talk(socket):
    await socket.accept()
    await socket.send_text("hello")
    await socket.close()


@pytest.fixture
def app():
    routes = [Route("/", hello, methods=["GET", "POST"]), Route("/strict", strict), WebSocketRoute("/ws", talk)]
    return Starlette(routes=routes, middleware=MIDDLEWARE)


@pytest.fixture
def client(app):
    return TestClient(app, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:9", "LOCALHOST", "[::1]:8501", "[::1]"])
def test_this_machines_names_are_served(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost.evil.example:8501", "[::2]"])
def test_other_names_are_refused(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 421


def test_a_name_from_the_environment_is_served(app, monkeypatch):
    monkeypatch.setenv("GRAFT_ALLOWED_HOSTS", "graft.example, Lab.Example:443")
    client = TestClient(app, base_url="http://graft.example")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"Host": "lab.example:443"}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


def test_a_websocket_to_another_name_is_refused(app):
    with pytest.raises(WebSocketDisconnect), TestClient(app).websocket_connect("ws://evil.example/ws"):
        pass


def test_a_websocket_to_this_machine_is_served(client):
    with client.websocket_connect("ws://127.0.0.1:8501/ws") as socket:
        assert socket.receive_text() == "hello"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:8501"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_our_own_pages_may_change_something(client, headers, status):
    assert client.post("/", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({}, True),
        ({"Origin": "http://127.0.0.1:8501"}, True),
        ({"Origin": "http://127.0.0.1:8501", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "http://127.0.0.1:8502"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "http://localhost:8501"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://127.0.0.1:8501", "Sec-Fetch-Site": "same-site"}, False),
    ],
)
def test_only_our_own_pages_may_open_a_websocket(client, headers, opens):
    headers = {"Host": "127.0.0.1:8501"} | headers
    if opens:
        with client.websocket_connect("ws://127.0.0.1:8501/ws", headers=headers) as socket:
            assert socket.receive_text() == "hello"
    else:
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("ws://127.0.0.1:8501/ws", headers=headers),
        ):
            pass


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("https://graft.example", "graft.example:443", 200),
        ("https://Graft.example:443", "graft.example", 200),
        ("https://graft.example", "graft.example:80", 403),
        ("http://graft.example:8080", "graft.example", 403),
    ],
)
def test_a_usual_port_may_be_left_out(app, monkeypatch, origin, host, status):
    monkeypatch.setenv("GRAFT_ALLOWED_HOSTS", "graft.example")
    client = TestClient(app, base_url="http://graft.example")
    assert client.post("/", headers={"Origin": origin, "Host": host}).status_code == status


def test_a_connection_over_the_network_is_refused_whatever_host_it_names(app):
    client = TestClient(app, base_url="http://192.168.1.4:8501")
    answer = client.get("/", headers={"Host": "127.0.0.1:8501"})
    assert answer.status_code == 403
    assert "Without a login" in answer.text


def test_with_a_login_the_address_that_was_reached_is_a_known_host_and_no_other(monkeypatch):
    monkeypatch.setenv("GRAFT_LOGIN", "required")
    client = TestClient(KnownHosts(PlainTextResponse("here")), base_url="http://192.168.1.4:8501")
    assert client.get("/").status_code == 200
    for host in ("192.168.1.5", "rebound.example", "192.168.1.4.rebound.example"):
        assert client.get("/", headers={"Host": f"{host}:8501"}).status_code == 421, host


def test_anybody_may_follow_a_link_to_us(client):
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_every_answer_is_protected(client):
    answer = client.get("/")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_a_refusal_is_protected_too(client):
    assert client.get("/", headers={"Host": "evil.example"}).headers["X-Content-Type-Options"] == "nosniff"


def test_a_policy_of_its_own_is_kept(client):
    assert client.get("/strict").headers["Content-Security-Policy"] == "default-src 'none'"


def test_inline_scripts_are_allowed_one_by_one():
    policy = content_security_policy("<html><script>alert(1)</script><script src=x></script></html>")
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe-inline" not in scripts
    assert policy.count("sha256-") == 1


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("A", "a"), ("[::1]:8501", "[::1]"), ("[::1]", "[::1]"), ("", "")]
)
def test_host_name_is_the_host_without_its_port(host, name):
    assert host_name(host) == name


def test_browsers_are_told_to_come_by_https_where_the_operator_asks_for_it(client, monkeypatch):
    name, secure = "Strict-Transport-Security", TestClient(client.app, base_url="https://127.0.0.1:8501")
    assert name not in secure.get("/").headers
    monkeypatch.setenv("GRAFT_HSTS_SECONDS", "31536000")
    assert secure.get("/").headers[name] == "max-age=31536000"
    assert name not in client.get("/").headers, "it means nothing over http"
    monkeypatch.setenv("GRAFT_HSTS_SECONDS", "a year")
    with pytest.raises(InvalidInput, match="GRAFT_HSTS_SECONDS must be .*Received: 'a year'"):
        asked_hsts()
