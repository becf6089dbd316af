"""Every route x every role, from the routers themselves: a route that nobody has thought of fails here.

Routes of the assembled server (ours and Streamlit's), verbs of REST, tools of MCP. Who may is written down below; what
is found in a router and not there, or the other way round, is a failure.
"""

from collections.abc import Iterator
from unittest.mock import MagicMock

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from streamlit.web.server.starlette.starlette_app import create_streamlit_routes

from core.api.routes import router
from core.api.tools import TOOLS
from core.jobs import background_imports
from core.people.acting import Role
from core.registry.tokens import Scope
from core.web.server import application
from core.web.server.visits import COOKIE, visits
from tests.core.web.server.conftest import ADDRESS, ROLES

OPEN, TOKEN, NOBODY = "open", "token", "nobody"
VIEWER, TRAINER, ADMIN = Role.VIEWER, Role.TRAINER, Role.ADMIN

SERVER: dict[str, dict[str, object]] = {
    "/healthz": {"GET": OPEN},
    "/readyz": {"GET": OPEN},
    "/login": {"GET": OPEN, "POST": OPEN},
    "/welcome": {"GET": OPEN, "POST": OPEN},
    "/second-step": {"GET": OPEN, "POST": OPEN},
    "/password-strength": {"POST": OPEN},
    "/second-factor": {"GET": VIEWER, "POST": VIEWER},
    "/openid": {"GET": OPEN},
    "/openid-callback": {"GET": OPEN},
    "/openid-sign-out": {"GET": OPEN},
    "/assets/x": {"GET": OPEN},
    "/predict": {"GET": VIEWER},
    "/tb": {"GET": VIEWER},
    "/tb/x": {"GET": VIEWER, "POST": VIEWER},
    "/account": {"GET": VIEWER, "POST": VIEWER},
    "/account-data": {"GET": VIEWER},
    "/logout": {"POST": VIEWER},
    "/api/v1/uploads": {"POST": TRAINER, "OPTIONS": TRAINER},
    "/api/v1/uploads/x": dict.fromkeys(("PATCH", "DELETE", "POST", "OPTIONS"), TRAINER),
    "/api/v1/x": {"GET": TOKEN, "POST": TOKEN},
    "/metrics": {"GET": TOKEN, "POST": TOKEN},
    "/mcp": {"GET": TOKEN, "POST": TOKEN},
    "/_stcore/health": {"GET": VIEWER, "OPTIONS": VIEWER},
    "/_stcore/metrics": {"GET": NOBODY, "OPTIONS": NOBODY},
    "/_stcore/host-config": {"GET": VIEWER},
    "/_stcore/stream": {"WEBSOCKET": VIEWER},
    "/_stcore/upload_file/x/x": {"PUT": VIEWER, "DELETE": VIEWER, "OPTIONS": VIEWER},
    "/_stcore/bidi-components/x": {"GET": VIEWER, "OPTIONS": VIEWER},
    "/_stcore/agent/interact": dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), NOBODY),
    "/_stcore/agent/openapi.json": dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), NOBODY),
    "/_stcore/agent/mcp": dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), NOBODY),
    "/media/x": {"GET": VIEWER, "OPTIONS": VIEWER},
    "/component/x": {"GET": VIEWER, "OPTIONS": VIEWER},
    "/auth/login": {"GET": NOBODY},
    "/auth/logout": {"GET": NOBODY},
    "/oauth2callback": {"GET": NOBODY},
    "/x": {"GET": VIEWER, "POST": ADMIN},  # Streamlit's pages
}
"""Path, with x for every parameter and below every mount: who may, by method."""

REST: dict[tuple[str, str], Scope] = {
    ("GET", "/datasets"): Scope.READ,
    ("GET", "/datasets/{dataset}"): Scope.READ,
    ("GET", "/datasets/{dataset}/aliases"): Scope.READ,
    ("GET", "/datasets/{dataset}/combination"): Scope.READ,
    ("GET", "/collections"): Scope.READ,
    ("GET", "/machines"): Scope.READ,
    ("GET", "/datasets/{dataset}/labels"): Scope.READ,
    ("POST", "/datasets/{dataset}/labels"): Scope.TRAIN,
    ("POST", "/datasets/{dataset}/labels/order"): Scope.TRAIN,
    ("DELETE", "/datasets/{dataset}/labels/order"): Scope.TRAIN,
    ("GET", "/datasets/{dataset}/labels/photos"): Scope.READ,
    ("POST", "/datasets/{dataset}/labels/photos"): Scope.TRAIN,
    ("GET", "/datasets/{dataset}/photos/{digest}"): Scope.READ,
    ("POST", "/datasets/{dataset}/labels/version"): Scope.TRAIN,
    ("GET", "/forecasts"): Scope.READ,
    ("POST", "/datasets/{dataset}/collections"): Scope.TRAIN,
    ("GET", "/datasets/{dataset}/shortlist"): Scope.READ,
    ("POST", "/datasets/{dataset}/shortlist"): Scope.TRAIN,
    ("GET", "/datasets/{dataset}/search"): Scope.READ,
    ("POST", "/datasets/{dataset}/search"): Scope.TRAIN,
    ("DELETE", "/datasets/{dataset}/search"): Scope.TRAIN,
    ("GET", "/runs"): Scope.READ,
    ("GET", "/runs/{run}"): Scope.READ,
    ("GET", "/runs/{run}/smaller"): Scope.READ,
    ("GET", "/models"): Scope.READ,
    ("GET", "/models/{model}/exports"): Scope.READ,
    ("GET", "/compare"): Scope.READ,
    ("GET", "/backbones"): Scope.READ,
    ("GET", "/backbones/{backbone}"): Scope.READ,
    ("GET", "/queue"): Scope.READ,
    ("GET", "/health"): Scope.READ,
    ("GET", "/imports"): Scope.READ,
    ("GET", "/imports/{job}"): Scope.READ,
    ("GET", "/models/{model}/exports/{format}/file"): Scope.PREDICT,
    ("POST", "/models/{model}/predict"): Scope.PREDICT,
    ("POST", "/models/{model}/explanations"): Scope.PREDICT,
    ("POST", "/datasets"): Scope.TRAIN,
    ("POST", "/imports/{job}/answer"): Scope.TRAIN,
    ("DELETE", "/imports/{job}"): Scope.TRAIN,
    ("POST", "/runs"): Scope.TRAIN,
    ("POST", "/runs/{run}/cancel"): Scope.TRAIN,
    ("POST", "/runs/{run}/resume"): Scope.TRAIN,
    ("POST", "/runs/{run}/shrink"): Scope.TRAIN,
    ("POST", "/models/{model}/exports/{format}"): Scope.TRAIN,
    ("DELETE", "/runs/{run}"): Scope.TRAIN,
    ("DELETE", "/datasets/{dataset}"): Scope.TRAIN,
    ("PUT", "/datasets/{dataset}/aliases/{alias}"): Scope.TRAIN,
    ("DELETE", "/datasets/{dataset}/aliases/{alias}"): Scope.TRAIN,
}
"""The scope of each verb. A viewer's token reads and predicts, whatever its scope."""

CHANGING_TOOLS = {
    "import_photos", "answer_import", "end_import", "train", "shrink", "export_model", "cancel_run", "resume_run",
    "delete_run", "delete_dataset", "set_alias", "make_shortlist", "start_search", "stop_search", "make_collection",
    "order_labels", "set_labels", "make_labelled_version", "add_unlabelled", "end_labelling",
}  # fmt: skip


def routes() -> list[BaseRoute]:
    """Of the whole server, as ``st.App`` puts them together."""
    return [*application.ROUTES, *create_streamlit_routes(MagicMock())]


def found_in_the_router() -> Iterator[tuple[str, str]]:
    """(path, method) of every route."""
    for route in routes():
        if isinstance(route, Mount):
            yield f"{route.path}/x", "GET"
            continue
        assert isinstance(route, Route | WebSocketRoute), f"who may use {route}?"
        path = "/".join("x" if part.startswith("{") else part for part in route.path.split("/"))
        methods = ["WEBSOCKET"] if isinstance(route, WebSocketRoute) else route.methods or ["GET", "POST"]
        yield from ((path, method) for method in sorted(methods) if method != "HEAD")


def test_somebody_has_decided_who_may_use_every_route():
    found = {}
    for path, method in found_in_the_router():
        found.setdefault(path, set()).add(method)
    assert found.keys() == SERVER.keys()
    missing = {path: methods - SERVER[path].keys() for path, methods in found.items()}
    assert {path: methods for path, methods in missing.items() if methods} == {}


def test_somebody_has_decided_who_may_use_every_verb_and_tool():
    found = {(method, route.path) for route in router.routes for method in route.methods}
    assert found == REST.keys()
    assert {verb.name for verb in TOOLS if verb.scope is Scope.TRAIN} == CHANGING_TOOLS


@pytest.fixture
def cookies(accounts) -> dict[str, str]:
    found = {name: accounts.open_session(name, address="::1", agent="x", how="password")[1] for name in ROLES} | {
        "nobody": "wrong",
        "": "",
    }
    visits().forget()
    return found


@pytest.fixture
def gate(guarded, accounts) -> TestClient:
    """The middleware in front of an application that only says that a request has arrived."""

    async def arrived(scope, receive, send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4000})
        else:
            await PlainTextResponse("arrived", 299)(scope, receive, send)

    app = Starlette(routes=[Mount("", arrived)], middleware=application.MIDDLEWARE)
    return TestClient(app, base_url=ADDRESS, follow_redirects=False)


def passes(gate: TestClient, method: str, path: str, cookie: str) -> bool:
    headers = {"cookie": f"{COOKIE}={cookie}"} if cookie else {}
    if method == "WEBSOCKET":
        try:
            with gate.websocket_connect(path, headers=headers | {"host": "127.0.0.1:8501"}) as socket:
                socket.receive_text()
        except WebSocketDisconnect as closed:
            return closed.code == 4000
    answer = gate.request(method, path, headers=headers)
    assert answer.status_code in (299, 401, 403, 404), (method, path, answer.status_code)
    return answer.status_code == 299


@pytest.mark.parametrize("path", SERVER)
def test_each_role_passes_where_it_may_and_nowhere_else(gate, cookies, path):
    for method, who in SERVER[path].items():
        for name, cookie in cookies.items():
            role = Role(ROLES[name]) if name in ROLES else None
            allowed = who in (OPEN, TOKEN) or (role is not None and who != NOBODY and role.allows(who))
            assert passes(gate, method, path, cookie) is allowed, (method, path, name or "without a cookie")


def test_whoever_lacks_a_second_factor_passes_nowhere_but_to_set_it_up(gate, cookies, monkeypatch):
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "everybody")
    visits().forget()
    passed = {
        (path, method)
        for path, methods in SERVER.items()
        for method, who in methods.items()
        if who not in (OPEN, TOKEN) and passes(gate, method, path, cookies["ada"])
    }
    assert passed == {("/second-factor", "GET"), ("/second-factor", "POST"), ("/logout", "POST")}


# --- REST and MCP ---


@pytest.fixture
def tokens(accounts) -> dict[str, str]:
    """A token of scope *train* of each account, whose role decides what it may; none; a wrong one; one of nobody."""
    found = {name: accounts.create_token(f"of-{name}", "train", owner=name)[1] for name in ("tom", "ada")}
    accounts.set_role("vera", "trainer")
    found["vera"] = accounts.create_token("of-vera", "train", owner="vera")[1]
    accounts.set_role("vera", "viewer")
    return found | {"": "", "wrong": "graft_wrong", "nobody's": accounts.create_token("old", "train")[1]}


def test_each_verb_of_rest_is_for_those_whose_token_and_role_allow_it(guarded, tokens, cookies):
    program = TestClient(guarded, base_url=f"{ADDRESS}/api/v1", raise_server_exceptions=False)
    for (method, pattern), scope in REST.items():
        path = "/".join("x" if part.startswith("{") else part for part in pattern.split("/"))
        for name, secret in tokens.items():
            headers = {"Authorization": f"Bearer {secret}"} if secret else {"cookie": f"{COOKIE}={cookies['ada']}"}
            status = program.request(method, path, headers=headers).status_code
            if name in ("", "wrong"):  # an admin's cookie is no token
                assert status in (401, 429), (method, path, name, status)
            elif name == "vera" and scope is Scope.TRAIN:
                assert status == 403, (method, path, name, status)
            else:
                assert status not in (401, 403, 429, 500), (method, path, name, status)


def test_uploads_are_for_tokens_of_trainers_too_and_a_session_adds_nothing_to_a_token(guarded, tokens, cookies):
    program = TestClient(guarded, base_url=ADDRESS)
    for path, methods in SERVER.items():
        for method in methods if path.startswith("/api/v1/uploads") else ():
            for name, secret in tokens.items():
                headers = {"Authorization": f"Bearer {secret}", "cookie": f"{COOKIE}={cookies['ada']}"}
                status = program.request(method, path, headers=headers).status_code
                refused = {"": 401, "wrong": 401, "vera": 403}.get(name)
                assert status == refused or (refused is None and status not in (401, 403)), (method, path, name, status)


def test_each_tool_of_mcp_is_for_those_whose_token_and_role_allow_it(guarded, tokens):
    async def refused(secret: str) -> set[str]:
        transport = httpx2.ASGITransport(app=guarded)
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            httpx2.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as http,
            Client(streamable_http_client(f"{ADDRESS}/mcp", http_client=http)) as client,
        ):
            listed = {tool.name for tool in (await client.list_tools()).tools}
            told = set()
            for verb in TOOLS:
                found = await client.call_tool(verb.name, {"path": "/etc"})
                if "needs a token of scope" in found.content[0].text:
                    told.add(verb.name)
            assert listed == {verb.name for verb in TOOLS} - told
            return told

    assert anyio.run(refused, tokens["vera"]) == CHANGING_TOOLS
    assert anyio.run(refused, tokens["tom"]) == set()


def test_paths_of_the_server_are_read_for_admins_alone(guarded, tokens, monkeypatch):
    monkeypatch.setattr(background_imports, "start_process", lambda *arguments: None)
    program = TestClient(guarded, base_url=f"{ADDRESS}/api/v1", raise_server_exceptions=False)
    for name, status in (("tom", 403), ("nobody's", 403), ("ada", 202)):
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        answer = program.post("/datasets", json={"path": "/no/such/folder"}, headers=headers)
        assert answer.status_code == status, (name, answer.text)
