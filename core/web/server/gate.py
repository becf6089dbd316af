"""The one gate: what every request and WebSocket must pass where a login is required. Pure ASGI.

A path that nobody has thought of needs a session to be read and an admin to be written to. REST and MCP have a gate
with tokens of their own behind this one (``core.api.gate``).
"""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from urllib.parse import quote

from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.limits import REQUESTS_A_SECOND, REQUESTS_AT_ONCE, TokenBuckets
from core.api.tracing import trace_of
from core.errors import GraftError
from core.people.acting import SERVER, Role, acting_as
from core.settings import load_settings
from core.web.server.base_path import base_path
from core.web.server.state import workbench
from core.web.server.visits import Visit, Visits, cookie_of, login_required, visits

VISIT = "graft_visit"
"""Key in the ASGI scope: the visit of the request."""
WATCH_SECONDS = 2.0
"""Between two looks for ended sessions that have a WebSocket."""


class Free(Enum):
    """What is not decided by a role."""

    OPEN = "open to everybody"
    TOKEN = "needs a token"
    NOBODY = "not used by Graft"
    TRAINER_OR_TOKEN = "needs the session of a trainer, or a token"


OPEN_PATHS = (
    "/login",
    "/second-step",
    "/password-strength",  # asks for the form itself
    "/welcome",
    "/openid",
    "/openid-callback",
    "/openid-sign-out",
    "/healthz",
    "/readyz",
)
SET_UP = "/second-factor"
"""Where a second factor is set up."""
_WITHOUT_FACTOR = (SET_UP, "/login", "/logout")
"""What is left to whoever must have a second factor and has none; elsewhere it is as if nobody had signed in."""
OPEN_FOLDERS = ("/assets/",)
"""The style sheet of the sign-in page, icons and fonts."""
UNUSED = ("/_stcore/agent/", "/_stcore/metrics", "/auth/", "/oauth2callback")
"""Beginnings of Streamlit's paths that Graft does not use: nobody may, with and without a login. They are the API for
agents (switched off too), the sizes of Streamlit's caches (Graft has ``/metrics``), and ``st.login``."""
TOKEN_PATHS = ("/api/v1", "/mcp", "/metrics")
UPLOADS = "/api/v1/uploads"
"""For pages and for programs; ``core.web.server.uploads`` looks at the token where one is sent."""
_LIMITED: tuple[tuple[str, Role], ...] = (
    ("/account", Role.VIEWER),
    (SET_UP, Role.VIEWER),
    ("/logout", Role.VIEWER),
    ("/tb/", Role.VIEWER),  # TensorBoard is asked with POST, and changes nothing
    ("/_stcore/upload_file/", Role.VIEWER),  # photos to predict, kept with the page
)
"""Beginnings of paths, and who may use them with any method."""


def needed(method: str, path: str) -> Role | Free:
    """What a request needs.

    Args:
        method: of HTTP; GET for a WebSocket. path: as the router sees it, without the base path.
    """
    if path.startswith(UNUSED):
        return Free.NOBODY
    if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
        return Free.OPEN
    for beginning, role in _LIMITED:
        if path == beginning or (path.startswith(beginning) and beginning.endswith("/")):
            return role
    if path == UPLOADS or path.startswith(f"{UPLOADS}/"):
        return Free.TRAINER_OR_TOKEN
    if path in TOKEN_PATHS or path.startswith(tuple(f"{one}/" for one in TOKEN_PATHS)):
        return Free.TOKEN
    return Role.VIEWER if method in ("GET", "HEAD", "OPTIONS") else Role.ADMIN


class SignedInOnly:
    """The middleware.

    Args:
        required: whether a login is needed; asked once, at the first request, because Streamlit may read its settings
            after the middleware was made.
    """

    def __init__(self, app: ASGIApp, required: Callable[[], bool] = login_required) -> None:
        self._app, self._required = app, required
        self._on: bool | None = None
        self._rates = TokenBuckets(REQUESTS_A_SECOND, REQUESTS_AT_ONCE)
        self._sockets = OpenSockets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if self._on is None:
            self._on = self._required()
        path = inner_path(scope)
        need = needed(scope.get("method", "GET"), path)
        if need is Free.NOBODY:
            await _refuse(scope, receive, send, PlainTextResponse("There is nothing here.", 404))
            return
        if not self._on:
            await self._app(scope, receive, send)
            return
        if need is Free.TRAINER_OR_TOKEN:
            need = Free.TOKEN if has_token(scope) else Role.TRAINER
        try:
            visit = await visit_of(scope, visits())
        except GraftError as error:
            await _refuse(scope, receive, send, PlainTextResponse(str(error), 503))
            return
        lacks_factor = visit is not None and visit.lacks_factor and path not in _WITHOUT_FACTOR
        if visit is not None:
            scope = scope if lacks_factor else {**scope, VISIT: visit}
            trace_of(scope).who = visit.person.label
        if isinstance(need, Free):
            await self._app(scope, receive, _kept_nowhere(send) if need is Free.TOKEN else send)
        elif visit is None:
            await _refuse(scope, receive, send, _to_login(scope, path))
        elif lacks_factor:
            await _refuse(scope, receive, send, _to_page(scope, path, SET_UP[1:], 403, _SET_UP_FIRST))
        elif not visit.person.may(need):
            sentence = f"This needs the role {need}; {visit.user.name} is a {visit.user.role}."
            await _refuse(scope, receive, send, PlainTextResponse(sentence, 403))
        elif wait := self._rates.take(visit.user.name):
            sentence = f"One person may make {REQUESTS_A_SECOND} requests a second."
            later = PlainTextResponse(sentence, 429, {"Retry-After": str(max(1, math.ceil(wait)))})
            await _refuse(scope, receive, send, later)
        elif scope["type"] == "websocket":  # the threads of its scripts ask for the person themselves
            await self._sockets.run(self._app, scope, receive, send, visit)
        else:
            with acting_as(visit.person):
                await self._app(scope, receive, _kept_nowhere(send))


def _kept_nowhere(send: Send) -> Send:
    """What only some may see is not kept by browsers and proxies (ASVS 8.2.1): nobody finds it after a sign-out.

    What names a time for which it may be kept is the code of Streamlit and TensorBoard, the same for everybody.
    """

    async def send_marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("cache-control", "no-cache") == "no-cache":
                headers["Cache-Control"] = "no-store"
        await send(message)

    return send_marked


def has_token(scope: Scope) -> bool:
    """Whether a request comes with a token, right or wrong; its session does not count then."""
    return "authorization" in Headers(scope=scope)


def inner_path(scope: Scope) -> str:
    """The path as the router sees it, without the base path."""
    path, base = get_route_path(scope), base_path()
    return path.removeprefix(base) if base and path.startswith(f"{base}/") else path


async def visit_of(scope: Scope, known: Visits) -> Visit | None:
    """The visit of a request's cookie; looked up in a thread unless it was a moment ago."""
    secret = cookie_of(Headers(scope=scope))
    if not secret:
        return None
    fresh = known.fresh(secret)
    return fresh[0] if fresh is not None else await asyncio.to_thread(known.of, secret)


_SET_UP_FIRST = "Your role needs a second factor. Set it up first, on the page /second-factor."


def _to_login(scope: Scope, path: str) -> Response:
    asked = path + (f"?{scope['query_string'].decode('latin-1')}" if scope.get("query_string") else "")
    return _to_page(scope, path, f"login?next={quote(asked, safe='')}", 401, "Sign in first.")


def _to_page(scope: Scope, path: str, page: str, status: int, sentence: str) -> Response:
    """A person's browser is sent to the page; whatever else loads a file or asks for data gets the status."""
    if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "") and scope["method"] == "GET":
        up = "../" * max(0, path.count("/") - 1)
        return RedirectResponse(f"{up}{page}", 303, {"Cache-Control": "no-store"})
    return PlainTextResponse(sentence, status, {"Cache-Control": "no-store"})


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)


class OpenSockets:
    """The WebSockets of sessions; those whose session has ended, or lacks a second factor that it must have now, are
    closed within ``WATCH_SECONDS``."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Event, str] = {}
        self._watching: asyncio.Task[None] | None = None

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, visit: Visit) -> None:
        """Call the application; when the session ends, the client and the application are told that it is over."""
        ended = asyncio.Event()
        self._ends[ended] = visit.session.digest
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        over = asyncio.ensure_future(ended.wait())

        async def receive_until_ended() -> Message:
            message = asyncio.ensure_future(receive())
            await asyncio.wait((message, over), return_when=asyncio.FIRST_COMPLETED)
            if message.done():
                return message.result()
            message.cancel()
            with suppress(RuntimeError):  # the client has closed it at the same moment
                await send({"type": "websocket.close", "code": 1008, "reason": "The session has ended."})
            return {"type": "websocket.disconnect", "code": 1008}

        try:
            await app(scope, receive_until_ended, send)
        finally:
            self._ends.pop(ended, None)
            over.cancel()

    async def _watch(self) -> None:
        while self._ends:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(GraftError), acting_as(SERVER):
                open_ones = dict(self._ends)
                closed = await asyncio.to_thread(_closed, set(open_ones.values()))
                for event, digest in open_ones.items():
                    if digest in closed:
                        event.set()


def _closed(digests: set[str]) -> set[str]:
    return workbench().registry.closed_among(digests, load_settings().second_factor.roles) if digests else set()
