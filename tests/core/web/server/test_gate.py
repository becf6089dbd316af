"""The one gate: what is open, what needs a session, and that a session that ends closes its WebSockets."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit import config

from core.people.acting import Role, acting
from core.web.server import gate as module
from core.web.server.gate import Free, SignedInOnly, needed
from core.web.server.visits import COOKIE, visits


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/", Role.VIEWER),
        ("GET", "/login", Free.OPEN),
        ("GET", "/login/", Role.VIEWER),
        ("GET", "//login", Role.VIEWER),
        ("GET", "/loginx", Role.VIEWER),
        ("GET", "/assets/login.css", Free.OPEN),
        ("GET", "/assets", Role.VIEWER),
        ("GET", "/tb/data/runs", Role.VIEWER),
        ("POST", "/tb/data/plugin/timeseries/timeSeries", Role.VIEWER),
        ("POST", "/tbx", Role.ADMIN),
        ("POST", "/api/v1/uploads", Free.TRAINER_OR_TOKEN),
        ("PATCH", "/api/v1/uploads/abc", Free.TRAINER_OR_TOKEN),
        ("POST", "/api/v1/uploadsx", Free.TOKEN),
        ("GET", "/api/v1/datasets", Free.TOKEN),
        ("GET", "/api/v1x", Role.VIEWER),
        ("POST", "/mcp", Free.TOKEN),
        ("POST", "/mcp\n", Role.ADMIN),
        ("GET", "/_stcore/stream", Role.VIEWER),
        ("PUT", "/_stcore/upload_file/s/f", Role.VIEWER),
        ("POST", "/_stcore/agent", Role.ADMIN),
        ("DELETE", "/anything", Role.ADMIN),
    ],
)
def test_what_nobody_thought_of_is_closed(method, path, need):
    assert needed(method, path) is need


def test_a_browser_is_sent_to_the_sign_in_page_and_comes_back(client_of):
    nobody = client_of(None)
    html = {"Accept": "text/html"}
    answer = nobody.get("/runs?run=r-1", headers=html)
    assert (answer.status_code, answer.headers["location"]) == (303, "login?next=%2Fruns%3Frun%3Dr-1")
    assert nobody.get("/tb/data/runs", headers=html).headers["location"].startswith("../../login?next=")
    assert nobody.get("/media/x.png").status_code == 401
    assert nobody.post("/tb/data", headers=html).status_code == 401


def test_below_a_base_path_nothing_else_is_open(client_of, monkeypatch):
    inner = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: "graft" if name == "server.baseUrlPath" else inner(name))
    nobody, vera = client_of(None), client_of("vera")
    assert nobody.get("/graft/login").status_code == 200 == nobody.get("/graft/assets/login.css").status_code
    for path in ("/graft/tb", "/graft/account", "/tb", "/graft/graft/login", "/graft/api/v1/uploads/x"):
        assert nobody.get(path).status_code == 401, path
    assert vera.get("/graft/account").status_code == 200


def test_health_says_the_status_alone_to_whoever_is_not_signed_in(client_of):
    assert client_of(None).get("/healthz?detail").json() == {"status": "ok"}
    assert "rss_bytes" not in client_of("vera").get("/healthz?detail").json()
    assert "supervisor" in client_of("vera").get("/healthz").json()
    assert "rss_bytes" in client_of("ada").get("/healthz?detail").json()


def test_without_a_login_nothing_is_asked(tmp_path, monkeypatch):
    def never() -> None:
        raise AssertionError("a session was looked for")

    monkeypatch.setattr(module, "visits", never)
    app = SignedInOnly(PlainTextResponse("here"), required=lambda: False)
    assert TestClient(app).get("/").text == "here"


def test_a_handler_acts_as_the_visitor(client_of, guarded):
    guarded.router.routes.insert(0, Route("/who", lambda request: PlainTextResponse(acting().label)))
    assert client_of("tom").get("/who").text == "tom"
    guarded.router.routes.pop(0)


def test_a_disabled_account_and_an_ended_session_are_refused(client_of, accounts):
    tom = client_of("tom")
    assert tom.get("/account").status_code == 200
    accounts.disable_user("tom")
    visits().forget()
    assert tom.get("/account").status_code == 401
    vera = client_of("vera")
    accounts.end_sessions("vera")
    visits().forget()
    assert vera.get("/account").status_code == 401


def test_what_another_process_ended_is_seen_after_two_seconds(client_of, accounts, monkeypatch):
    vera = client_of("vera")
    assert vera.get("/account").status_code == 200
    accounts.end_sessions("vera")
    assert vera.get("/account").status_code == 200
    monkeypatch.setattr("core.web.server.visits.KEEP_SECONDS", 0)
    assert vera.get("/account").status_code == 401


# --- WebSockets ---


async def _echo(websocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{text} {acting().label}")


@pytest.fixture
def sockets(guarded, accounts, monkeypatch):
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.05)
    return TestClient(Starlette(routes=[WebSocketRoute("/_stcore/stream", _echo)], middleware=guarded.user_middleware))


def connected(sockets, accounts, name: str):
    session, secret = accounts.open_session(name, address="::1", agent="x", how="password")
    headers = {"cookie": f"{COOKIE}={secret}", "host": "127.0.0.1:8501"}
    return session, sockets.websocket_connect("/_stcore/stream", headers=headers)


def test_a_websocket_without_a_session_is_refused(sockets):
    with (
        pytest.raises(WebSocketDisconnect),
        sockets.websocket_connect("/_stcore/stream", headers={"host": "127.0.0.1:8501"}),
    ):
        pass


def test_the_websocket_of_an_ended_session_is_closed_and_others_stay(sockets, accounts):
    session, vera = connected(sockets, accounts, "vera")
    _, tom = connected(sockets, accounts, "tom")
    with vera, tom:
        vera.send_text("hello")
        assert vera.receive_text().startswith("hello")
        accounts.end_session(session.id)
        with pytest.raises(WebSocketDisconnect) as closed:
            vera.receive_text()
        assert closed.value.code == 1008
        tom.send_text("still")
        assert tom.receive_text().startswith("still")


def test_the_websocket_of_a_session_that_needs_a_second_factor_now_is_closed(sockets, accounts, monkeypatch):
    _, tom = connected(sockets, accounts, "tom")
    _, ada = connected(sockets, accounts, "ada")
    with ada, tom:
        ada.send_text("hello")
        assert ada.receive_text().startswith("hello")
        monkeypatch.setenv("GRAFT_SECOND_FACTOR", "admins")
        with pytest.raises(WebSocketDisconnect) as closed:
            ada.receive_text()
        assert closed.value.code == 1008
        tom.send_text("still")
        assert tom.receive_text().startswith("still")
    visits().forget()
    _, again = connected(sockets, accounts, "ada")
    with pytest.raises(WebSocketDisconnect), again:
        pass


def test_the_application_behind_a_closed_websocket_ends_too(guarded, accounts, monkeypatch):
    """Otherwise Streamlit would keep the page of an ended session, and what it does."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.01)
    session, secret = accounts.open_session("vera", address="::1", agent="x", how="password")
    got, sent = [], []

    async def application(scope, receive, send) -> None:
        while not got or got[-1]["type"] != "websocket.disconnect":
            got.append(await receive())

    async def silent():
        await asyncio.Event().wait()

    async def send(message) -> None:
        sent.append(message)

    async def talk() -> None:
        scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "headers": [(b"cookie", f"{COOKIE}={secret}".encode())],
        }
        running = asyncio.create_task(SignedInOnly(application, required=lambda: True)(scope, silent, send))
        await asyncio.sleep(0.05)
        accounts.end_session(session.id)
        await asyncio.wait_for(running, 10)

    asyncio.run(talk())
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "The session has ended."}]
    assert [message["type"] for message in got] == ["websocket.disconnect"]


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/auth/login", "/oauth2callback", "/_stcore/agent/openapi.json"])
def test_what_graft_does_not_use_of_streamlit_is_closed_without_a_login_too(path):
    app = SignedInOnly(PlainTextResponse("here"), required=lambda: False)
    assert TestClient(app).get(path).status_code == 404


def test_what_only_some_may_see_is_kept_nowhere(client_of, guarded):
    guarded.router.routes[:0] = [
        Route("/photo", lambda request: PlainTextResponse("x")),
        Route("/page", lambda request: PlainTextResponse("x", headers={"Cache-Control": "no-cache"})),
        Route("/code", lambda request: PlainTextResponse("x", headers={"Cache-Control": "public, max-age=9"})),
    ]
    vera = client_of("vera")
    kept = {path: vera.get(path).headers.get("cache-control") for path in ("/photo", "/page", "/code", "/account")}
    del guarded.router.routes[:3]
    assert kept == {"/photo": "no-store", "/page": "no-store", "/code": "public, max-age=9", "/account": "no-store"}
    assert vera.get("/api/v1/datasets").headers["cache-control"] == "no-store"
    assert "cache-control" not in client_of(None).get("/assets/login.css").headers


def test_one_person_may_make_so_many_requests_a_second_and_another_one_is_not_slowed(client_of, monkeypatch):
    taken: list[str] = []

    def take(self, key: str) -> float:
        taken.append(key)
        return 0.3 if key == "vera" and taken.count("vera") > 2 else 0.0

    monkeypatch.setattr(module.TokenBuckets, "take", take)
    vera, tom = client_of("vera"), client_of("tom")
    assert [vera.get("/account").status_code for _ in range(3)] == [200, 200, 429]
    assert vera.get("/account").headers["retry-after"] == "1"
    assert tom.get("/account").status_code == 200
