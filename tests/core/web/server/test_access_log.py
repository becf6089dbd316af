"""The access log: a line for every request, the refused ones too, and in no line a secret."""

import json
import os
import stat

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.api.tracing import HEADER
from core.errors import InvalidInput
from core.files.locks import try_acquire
from core.web.server import access_log
from core.web.server.access_log import LoggedRequests, RotatedFile, asked_bytes, asked_target
from core.web.server.access_log import access_log as access_log_of_process
from core.web.server.visits import COOKIE
from tests.core.web.server.conftest import ADDRESS, PASSWORD


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def lines(home):
    """What the log of a server with a login has, by the middleware of the whole server."""

    def lines() -> list[dict]:
        return [json.loads(line) for line in (home / "access.log").read_text().splitlines()]

    return lines


def test_a_request_of_a_person_is_one_line_with_the_name(client_of, lines):
    answer = client_of("vera").get("/account")
    (line,) = lines()
    assert answer.status_code == 200
    assert line | {"time": "", "ms": 0} == {
        "time": "",
        "method": "GET",
        "route": "/account",
        "status": 200,
        "ms": 0,
        "bytes": len(answer.content),
        "who": "vera",
        "address": "testclient",
        "id": answer.headers[HEADER],
    }
    assert line["time"].endswith("Z") and line["ms"] > 0


def test_a_request_with_a_token_has_its_name_and_the_pattern_of_its_route(guarded, accounts, lines):
    _, secret = accounts.create_token("notebook", "train", owner="tom")
    _, nobodys = accounts.create_token("old", "read")
    program = TestClient(guarded, base_url=ADDRESS)
    program.get("/api/v1/runs/r-1?fields=all", headers={"Authorization": f"Bearer {secret}"})
    program.get("/metrics", headers={"Authorization": f"Bearer {nobodys}"})
    program.post("/api/v1/uploads", headers={"Authorization": f"Bearer {secret}"})
    assert [(line["route"], line["status"], line["who"]) for line in lines()] == [
        ("/api/v1/runs/{run}", 404, "tom (token notebook)"),
        ("/metrics", 200, "token old"),
        ("/api/v1/uploads", 412, "tom (token notebook)"),
    ]


def test_refused_requests_are_logged_with_the_reason(guarded, accounts, client_of, lines):
    viewer, nobody = client_of("vera"), client_of(None)
    viewer.post("/api/v1/uploads")
    nobody.get("/tb/")
    nobody.get("/api/v1/runs", headers={"Authorization": "Bearer graft_wrong"})
    nobody.get("/healthz", headers={"host": "evil.example"})
    viewer.post("/account", headers={"origin": "http://evil.example"})
    _, secret = accounts.create_token("reader", "read", owner="tom")
    nobody.delete("/api/v1/runs/r-1", headers={"Authorization": f"Bearer {secret}"})
    with pytest.raises(WebSocketDisconnect), nobody.websocket_connect("/_stcore/stream"):
        pass
    found = [(line["method"], line["route"], line["status"], line["refused"], line["who"]) for line in lines()]
    assert found == [
        ("POST", "/api/v1/uploads", 403, "not_allowed", "vera"),
        ("GET", "/tb/*", 401, "not_signed_in", ""),
        ("GET", "/api/v1/*", 401, "not_signed_in", ""),
        ("GET", "/healthz", 421, "unknown_host", ""),
        ("POST", "/account", 403, "not_allowed", ""),
        ("DELETE", "/api/v1/*", 403, "not_allowed", "tom (token reader)"),
        ("WEBSOCKET", "/*", 403, "not_allowed", ""),
    ]


def test_no_secret_of_a_request_is_in_the_log(guarded, accounts, home, client_of):
    """Token, cookie, password, one-time code, what an OpenID provider answers, and values of paths and queries."""
    code = accounts.new_link("vera")
    _, token = accounts.create_token("notebook", "train", owner="tom")
    _, session = accounts.open_session("ada", address="::1", agent="secret-agent", how="password")
    nobody = client_of(None)
    nobody.get(f"/welcome?code={code}")
    nobody.post("/welcome", data={"code": code, "password": PASSWORD})
    nobody.get(f"/{code}")
    nobody.get("/openid-callback?code=secret-answer&state=secret-state")
    nobody.post("/login", data={"name": "secret-name", "password": PASSWORD})
    nobody.get("/account", headers={"cookie": f"{COOKIE}={session}", "user-agent": "secret-agent"})
    nobody.get(f"/api/v1/runs/secret-run?token={token}", headers={"Authorization": f"Bearer {token}"})
    nobody.get(f"/media/{session}.png")
    text = (home / "access.log").read_text()
    assert len(text.splitlines()) == 8
    for secret in (code, token, session, PASSWORD, "secret", "?"):
        assert secret not in text


def test_the_route_of_a_page_is_its_name_and_of_anything_else_nothing(home):
    page = PlainTextResponse("a page")

    def file(request) -> PlainTextResponse:
        return page

    lines: list[dict] = []
    routes = [Route("/_stcore/upload_file/{session}/{file}", file), Mount("/tb", page), Mount("", page)]
    app = Starlette(routes=routes, middleware=[Middleware(LoggedRequests, write=lines.append)])
    client = TestClient(app)
    for path in ("/", "/runs", "/runs?r=secret", "/_stcore/upload_file/a/b", "/tb/of/r-1/", "/static/js/x.js", "/.env"):
        client.get(path)
    found = [line["route"] for line in lines]
    assert found == ["/", "/runs", "/runs", "/_stcore/upload_file/{session}/{file}", "/tb/*", "/static/*", "/*"]


def test_a_websocket_is_one_line_when_it_ends(home):
    async def echo(websocket) -> None:
        await websocket.accept()
        await websocket.send_bytes(b"four")
        await websocket.close()

    async def fails(request):
        raise RuntimeError

    lines: list[dict] = []
    routes = [WebSocketRoute("/_stcore/stream", echo), Route("/fails", fails)]
    app = Starlette(routes=routes, middleware=[Middleware(LoggedRequests, write=lines.append)])
    client = TestClient(app, raise_server_exceptions=False)
    with client.websocket_connect("/_stcore/stream") as socket:
        assert socket.receive_bytes() == b"four"
    client.get("/fails")
    assert [(line["method"], line["status"], line["bytes"]) for line in lines[:1]] == [("WEBSOCKET", 101, 4)]
    assert lines[1]["status"] == 500


# --- the file ---


def test_the_file_is_begun_anew_beyond_its_size_and_three_old_ones_stay(home, monkeypatch, quick_hashes):
    monkeypatch.setenv("GRAFT_HOME", str(home))
    monkeypatch.setenv("GRAFT_ACCESS_LOG", "file")
    monkeypatch.setenv("GRAFT_ACCESS_LOG_MB", "0.001")
    home.mkdir()
    write = access_log_of_process()
    for number in range(100):
        write({"number": number})
    files = sorted(file.name for file in home.glob("access.log*"))
    assert files == ["access.log", "access.log.1", "access.log.2", "access.log.3"]
    assert all(file.stat().st_size <= 1000 for file in home.glob("access.log*"))
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in home.glob("access.log*"))
    assert json.loads((home / "access.log").read_text().splitlines()[-1])["number"] == 99


def test_a_second_process_on_the_same_home_has_a_file_of_its_own(home, monkeypatch):
    monkeypatch.setenv("GRAFT_HOME", str(home))
    monkeypatch.setenv("GRAFT_ACCESS_LOG", "file")
    with try_acquire(home / ".access.lock"):  # of the other one
        access_log_of_process()({"status": 200})
    assert not (home / "access.log").exists()
    assert json.loads((home / "access-2.log").read_text())["status"] == 200


def test_a_full_disk_is_told_once_and_stops_no_request(tmp_path, monkeypatch, caplog):
    handler = RotatedFile(tmp_path / "access.log", try_acquire(tmp_path / ".access.lock"), 10**6)
    handler.stream.close()
    handler.stream = open("/dev/full", "w")  # noqa: SIM115
    write = access_log._writer(handler)
    write({"status": 200})
    write({"status": 200})
    assert [record.getMessage() for record in caplog.records] == [
        "The access log cannot be written: [Errno 28] No space left on device"
    ]


def test_lines_go_to_standard_output_or_nowhere_where_that_is_asked_for(home, monkeypatch, capsys):
    monkeypatch.setenv("GRAFT_HOME", str(home))
    monkeypatch.setenv("GRAFT_ACCESS_LOG", "stdout")
    access_log_of_process()({"status": 201})
    assert json.loads(capsys.readouterr().out)["status"] == 201
    monkeypatch.setenv("GRAFT_ACCESS_LOG", "off")
    access_log_of_process()({"status": 202})
    assert capsys.readouterr().out == "" and not home.exists()


def test_without_a_login_there_is_no_log_unless_one_is_asked_for(monkeypatch):
    monkeypatch.delenv("GRAFT_ACCESS_LOG", raising=False)
    assert asked_target() == "off"
    monkeypatch.setenv("GRAFT_LOGIN", "required")
    assert asked_target() == "file"


@pytest.mark.parametrize(("name", "value"), [("GRAFT_ACCESS_LOG", "syslog"), ("GRAFT_ACCESS_LOG_MB", "0")])
def test_a_wrong_setting_is_refused_with_what_was_received(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=f"{name} .*Received: '{value}'"):
        asked_target(), asked_bytes()
    assert os.environ[name] == value
