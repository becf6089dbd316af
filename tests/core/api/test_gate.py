"""Who may ask: tokens, scopes, rates and sizes, with one sentence for whoever may not."""

import logging
import time

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core.api.gate import TOKEN, Gate, Rules
from core.api.limits import FAILURES_AT_ONCE, TokenBuckets
from core.api.mounting import api_routes
from core.errors import Forbidden
from core.people.acting import Person, Role, acting_as
from core.registry.tokens import Scope


async def echo(request: Request) -> PlainTextResponse:
    body = await request.body()
    return PlainTextResponse(f"{request.scope[TOKEN].name} {len(body)}")


async def public(request: Request) -> PlainTextResponse:
    return PlainTextResponse("public")


@pytest.fixture
def gate(bench):
    inner = Starlette(routes=[Route("/echo", echo, methods=["GET", "POST"]), Route("/open", public)])
    rules = Rules(
        scope=lambda method, path: Scope.READ if method == "GET" else Scope.TRAIN,
        most_bytes=lambda method, path: 1000,
        open_paths=("/open",),
    )
    return Gate(inner, lambda: bench, rules)


@pytest.fixture
def client(gate):
    return TestClient(Starlette(routes=[Mount("/api", gate)]), base_url="http://testserver/api")


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "graft_x"])
def test_without_a_token_nothing_is_answered_but_the_open_path(client, header):
    answer = client.get("/echo", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"].startswith("A token is needed. Send the header: Authorization: Bearer TOKEN.")
    assert client.get("/open").text == "public"
    assert client.post("/open").status_code == 401


def test_a_wrong_a_revoked_and_an_expired_token_say_what_they_are(client, registry, monkeypatch):
    _, secret = registry.create_token("laptop", "train", 1)
    assert client.get("/echo", headers=bearer(secret)).text == "laptop 0"
    wrong = client.get("/echo", headers=bearer(secret + "x"))
    assert wrong.status_code == 401 and wrong.json()["detail"].startswith("There is no such token.")
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_401)
    expired = client.get("/echo", headers=bearer(secret))
    assert expired.status_code == 401 and "'laptop' expired 20" in expired.json()["detail"]
    registry.revoke_token("laptop")
    revoked = client.get("/echo", headers=bearer(secret))
    assert revoked.status_code == 401 and "'laptop' was revoked" in revoked.json()["detail"]


def test_a_scope_that_is_too_small_is_named(client, registry):
    _, secret = registry.create_token("phone", "predict")
    assert client.get("/echo", headers=bearer(secret)).status_code == 200
    answer = client.post("/echo", headers=bearer(secret), content=b"x")
    assert answer.status_code == 403
    assert answer.json()["detail"] == "This needs a token of scope train; 'phone' has the scope predict."
    assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="train"'


def test_a_body_may_have_so_many_bytes_announced_or_not(client, registry):
    _, secret = registry.create_token("phone", "train")
    assert client.post("/echo", headers=bearer(secret), content=b"x" * 1000).text == "phone 1000"
    for body in (b"x" * 1001, iter([b"x" * 600, b"x" * 600])):
        answer = client.post("/echo", headers=bearer(secret), content=body)
        assert answer.status_code == 413 and "may have 1.0 kB" in answer.json()["detail"]
        assert answer.headers["connection"] == "close"
    odd = client.post("/echo", headers=bearer(secret) | {"Content-Length": "1e3"}, content=b"")
    assert odd.status_code == 413
    assert client.post("/echo", headers=bearer(secret), content=b"x").text == "phone 1", "the server keeps answering"


def test_a_token_has_a_rate(client, gate, registry):
    gate._requests = TokenBuckets(0.001, 3)
    _, secret = registry.create_token("phone", "read")
    _, other = registry.create_token("laptop", "read")
    answers = [client.get("/echo", headers=bearer(secret)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 100 and "'phone' may make" in answers[-1].json()["detail"]
    assert client.get("/echo", headers=bearer(other)).status_code == 200


def test_failures_are_limited_and_lock_out_nobody_who_was_let_in(client, gate, registry):
    _, secret = registry.create_token("phone", "read")
    assert client.get("/echo", headers=bearer(secret)).status_code == 200
    codes = [client.get("/echo", headers=bearer("graft_wrong")).status_code for _ in range(FAILURES_AT_ONCE + 5)]
    assert codes[:FAILURES_AT_ONCE] == [401] * FAILURES_AT_ONCE and codes[-1] == 429
    assert client.get("/echo").status_code == 429
    assert client.get("/echo", headers=bearer(secret)).status_code == 200
    registry.revoke_token("phone")
    assert client.get("/echo", headers=bearer(secret)).status_code in (401, 429)


def test_the_use_of_a_token_is_written_and_no_log_has_it(client, registry, caplog):
    caplog.set_level(logging.DEBUG)
    _, secret = registry.create_token("phone", "read")
    client.get("/echo", headers=bearer(secret))
    client.post("/echo", headers=bearer(secret))
    assert registry.tokens()[0].used_at == pytest.approx(time.time(), abs=60)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert secret not in str(ours)


def test_a_websocket_is_refused(gate):
    app = Starlette(routes=[Mount("/api", gate)])
    with pytest.raises(WebSocketDisconnect), TestClient(app).websocket_connect("/api/echo"):
        pass


def test_a_registry_that_cannot_be_read_is_a_problem_not_a_crash(client, registry):
    registry.database.path.write_bytes(b"this is no database" * 500)
    answer = client.get("/echo", headers=bearer("graft_x"))
    assert answer.status_code == 503 and "registry" in answer.json()["detail"]


# --- owners of tokens ---


@pytest.fixture
def token_of(registry, app):
    """A client with a token of scope *train*, whose owner has a role now."""

    def token_of(role: str, later: str = "") -> TestClient:
        registry.add_user(role, role)
        _, secret = registry.create_token(f"of-{role}", "train", owner=role)
        if later:
            registry.set_role(role, later)
        client = TestClient(app, base_url="http://127.0.0.1:8501/api/v1", raise_server_exceptions=False)
        client.headers["Authorization"] = f"Bearer {secret}"
        return client

    return token_of


@pytest.fixture
def app(bench):
    return Starlette(routes=api_routes(lambda: bench))


def test_a_token_never_exceeds_the_role_that_its_owner_has_now(token_of):
    answer = token_of("trainer", later="viewer").delete("/runs/r-1")
    assert answer.status_code == 403 and "has the scope predict" in answer.json()["detail"]
    assert token_of("admin").delete("/runs/r-1").status_code == 404


def test_the_token_of_a_disabled_account_is_refused(token_of, registry):
    client = token_of("viewer")
    registry.disable_user("viewer")
    answer = client.get("/datasets")
    assert answer.status_code == 401 and "disabled" in answer.json()["detail"]


def test_one_makes_no_token_above_ones_role_or_for_somebody_else(registry):
    registry.add_user("vera", "viewer")
    with acting_as(Person(name="vera", role=Role.VIEWER)):
        with pytest.raises(Forbidden, match="needs the role trainer"):
            registry.create_token("a", "train")
        with pytest.raises(Forbidden, match="needs the role admin"):
            registry.create_token("a", "read", owner="ada")
        registry.create_token("mine", "predict")
        assert [token.owner for token in registry.tokens()] == ["vera"]
    registry.create_token("others", "read")
    with acting_as(Person(name="vera", role=Role.VIEWER)):
        assert [token.name for token in registry.tokens()] == ["mine"]
        with pytest.raises(Forbidden, match="not yours"):
            registry.revoke_token("others")
        registry.revoke_token("mine")


def test_answers_of_json_are_files_to_a_browser_and_others_are_not(client, registry):
    _, secret = registry.create_token("reader", "read")
    refused = client.post("/echo", headers=bearer(secret))
    assert refused.status_code == 403
    assert refused.headers["content-disposition"] == 'attachment; filename="graft.json"'
    assert "content-disposition" not in client.get("/echo", headers=bearer(secret)).headers
