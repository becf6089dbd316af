"""The id of a request: in its response, in the log and in problem documents, so that a complaint finds its line.

What several layers learn of one request (who asks, which route it went to) is kept beside the id, because each layer
passes on a copy of the ASGI scope of its own.
"""

import logging
import re
import secrets
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
TRACE = "graft_trace"
"""Key in the ASGI scope: the ``Trace`` of the request."""

_SAFE = re.compile(r"[A-Za-z0-9._-]{8,80}", re.ASCII)

logger = logging.getLogger(__name__)
_current: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(kw_only=True)
class Trace:
    """What is known of a request while it runs.

    Args:
        who: label of the person, or the name of the token; "" while nobody is known.
        route: the pattern of its path, ``/api/v1/runs/{run}``; "" where the server's routes tell it.
    """

    id: str
    who: str = ""
    route: str = ""


def new_id() -> str:
    """16 random hexadecimal digits."""
    return secrets.token_hex(8)


def request_id() -> str:
    """The id of the request that this code runs for; "" elsewhere."""
    return _current.get()


def trace_of(scope: Scope) -> Trace:
    """Of a request; one that nobody reads where ``TracedRequests`` is not in front."""
    found: Trace | None = scope.get(TRACE)
    return found if found is not None else Trace(id="")


class TracedRequests:
    """Middleware that gives every request an id.

    Args:
        trusted: whether a request comes from a proxy whose id is taken over, where it is 8 to 80 letters, digits,
            ``.``, ``_`` and ``-``; whoever else sends one gets another.
    """

    def __init__(self, app: ASGIApp, trusted: Callable[[Scope], bool] = lambda scope: False) -> None:
        self._app, self._trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        trace = Trace(id=self._id(scope))

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = trace.id
            await send(message)

        before = _current.set(trace.id)
        try:
            await self._app({**scope, TRACE: trace}, receive, send_named)
        finally:
            _current.reset(before)
            error = sys.exception()
            if isinstance(error, Exception):  # uvicorn logs the traceback, without the id
                logger.error("Request %s failed: %s", trace.id, type(error).__name__)

    def _id(self, scope: Scope) -> str:
        sent = Headers(scope=scope).get(HEADER, "")
        return sent if _SAFE.fullmatch(sent) and self._trusted(scope) else new_id()
