"""What every request must pass before the application in front of it is even loaded: token, scope, rate, size.

Pure ASGI. A token is looked up by its SHA-256, in a thread where the registry must be read (``core.api.known_tokens``);
the event loop is never blocked.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.known_tokens import KnownTokens
from core.api.limits import (
    FAILURES_A_SECOND,
    FAILURES_AT_ONCE,
    MOST_JSON_BYTES,
    REQUESTS_A_SECOND,
    REQUESTS_AT_ONCE,
    TokenBuckets,
)
from core.api.problems import of_error, problem_response
from core.api.tracing import trace_of
from core.errors import GraftError
from core.people.acting import Person, Role, acting_as
from core.registry.tokens import AccessToken, TokenState, digest_of
from core.registry.tokens import Scope as TokenScope
from core.text.units import moment, size
from core.workbench import Workbench

TOKEN = "graft_token"
"""Key in the ASGI scope: the token of the request."""
PERSON = "graft_person"
"""Key in the ASGI scope: who acts with it."""
HOW = "Send the header: Authorization: Bearer TOKEN. Create one with: python -m core tokens create NAME --scope read"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the application behind a gate asks for, by method and path within the application.

    Args:
        scope: that a token must have. most_bytes: of the body. open_paths: that need no token to be read.
        ownerless: the role of tokens that belong to no account.
    """

    scope: Callable[[str, str], TokenScope]
    most_bytes: Callable[[str, str], int] = lambda method, path: MOST_JSON_BYTES
    open_paths: tuple[str, ...] = ()
    ownerless: Callable[[], Role] = lambda: Role.ADMIN


class Gate:
    """The gate in front of an application."""

    def __init__(self, app: ASGIApp, workbench: Callable[[], Workbench], rules: Rules) -> None:
        self._app, self._rules = app, rules
        self._requests = TokenBuckets(REQUESTS_A_SECOND, REQUESTS_AT_ONCE)
        self._failures = TokenBuckets(FAILURES_A_SECOND, FAILURES_AT_ONCE)
        self._known = KnownTokens(lambda: workbench().registry, ownerless=rules.ownerless)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # no websockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if path in self._rules.open_paths and scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, _as_file(send))
            return
        send = _as_file(send)
        found = await self._admitted(scope, path)
        if isinstance(found, JSONResponse):
            await found(scope, receive, send)
            return
        body = LimitedBody(receive, self._rules.most_bytes(scope["method"], path))
        if body.announces_too_much(Headers(scope=scope)):
            await body.refusal()(scope, receive, send)
            return
        token, person = found
        inner = {**scope, TOKEN: token, PERSON: person}
        with acting_as(person):
            await body.pass_to(self._app, inner, send)
        self._note_route(scope, inner)

    def _note_route(self, scope: Scope, inner: Scope) -> None:
        """The pattern of the application's own route, for the access log."""
        route = getattr(inner.get("route"), "path", "")
        if inner.get("route") is not scope.get("route") and route:
            trace_of(scope).route = scope.get("root_path", "") + route

    async def _admitted(self, scope: Scope, path: str) -> tuple[AccessToken, Person] | JSONResponse:
        """The token of the request, with the scope that its owner's role allows, and who acts; or the refusal."""
        secret = _secret_of(Headers(scope=scope).get("authorization", ""))
        address = (scope.get("client") or ("", 0))[0]
        if secret is None:
            return self._refused(address, f"A token is needed. {HOW}", "")
        digest = digest_of(secret)
        if digest not in self._known and (wait := self._failures.wait(address)):
            return _later(wait, "Too many requests without a valid token.")
        found: tuple[AccessToken, Role | None] | str | None = self._known.fresh(digest)
        if found is None:
            try:
                found = await asyncio.to_thread(self._find, secret)
            except GraftError as error:
                return of_error(error)
        if isinstance(found, str):
            return self._refused(address, found, 'error="invalid_token"')
        token, role = found
        if role is None:
            return self._refused(address, f"The account {token.owner} is disabled.", 'error="invalid_token"')
        token = token.limited_to(role)
        trace_of(scope).who = token.person(role).label
        if wait := self._requests.take(digest):
            return _later(wait, f"The token {token.name!r} may make {REQUESTS_A_SECOND} requests a second.")
        needed = self._rules.scope(scope["method"], path)
        if not token.scope.allows(needed):
            detail = f"This needs a token of scope {needed}; {token.name!r} has the scope {token.scope}."
            challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
            return problem_response(403, detail, {"WWW-Authenticate": challenge})
        return token, token.person(role)

    def _find(self, secret: str) -> tuple[AccessToken, Role | None] | str:
        """The token that can be used now with the role of its owner, or why there is none."""
        found = self._known.find(secret)
        if found is None:
            return f"There is no such token. {HOW}"
        token, role = found
        state = token.state()
        if state is TokenState.REVOKED:
            return f"The token {token.name!r} was revoked. Create another one."
        if state is TokenState.EXPIRED:
            return f"The token {token.name!r} expired {moment(token.expires_at)} UTC. Create another one."
        return token, role

    def _refused(self, address: str, detail: str, challenge: str) -> JSONResponse:
        if wait := self._failures.take(address):
            return _later(wait, "Too many requests without a valid token.")
        return problem_response(401, detail, {"WWW-Authenticate": f"Bearer {challenge}".strip()})


class LimitedBody:
    """The body of a request, of up to ``most`` bytes."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most = receive, most
        self._received, self._exceeded = 0, False

    def announces_too_much(self, headers: Headers) -> bool:
        announced = headers.get("content-length", "0")
        return not announced.isdecimal() or int(announced) > self._most

    def refusal(self) -> JSONResponse:
        detail = f"The body of this request may have {size(self._most)}. Send less at once."
        return problem_response(413, detail, {"Connection": "close"})

    async def pass_to(self, app: ASGIApp, scope: Scope, send: Send) -> None:
        """Call the application; where the body has more bytes than allowed, its answer is replaced by the refusal."""
        started = False

        async def send_unless_exceeded(message: Message) -> None:
            nonlocal started
            if self._exceeded and not started:
                return
            started = True
            await send(message)

        try:
            await app(scope, self._limited, send_unless_exceeded)
        except ClientDisconnect:
            if not self._exceeded:
                raise
        if self._exceeded and not started:
            await self.refusal()(scope, self._receive, send)

    async def _limited(self) -> Message:
        """To the application, a client that sends too much has gone."""
        message = {"type": "http.disconnect"} if self._exceeded else await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > self._most:
            self._exceeded = True
            return {"type": "http.disconnect"}
        return message


def _as_file(send: Send) -> Send:
    """Answers of JSON name a file, so that a browser which is led to one shows no page (ASVS 14.4.2)."""

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").partition(";")[0].endswith("json"):
                headers.setdefault("Content-Disposition", 'attachment; filename="graft.json"')
        await send(message)

    return send_named


def _secret_of(authorization: str) -> str | None:
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def _later(wait: float, detail: str) -> JSONResponse:
    seconds = max(1, math.ceil(wait))
    return problem_response(429, f"{detail} Try again in {seconds} s.", {"Retry-After": str(seconds)})
