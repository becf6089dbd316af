"""What the server of pages mounts. FastAPI and the MCP library take 40 MB: they are loaded at the first request."""

import asyncio
import re
from collections.abc import Callable

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from core.api.document import document
from core.api.gate import Gate, Rules
from core.api.limits import MOST_TOOL_BYTES
from core.api.monitoring import MonitoringApplication
from core.api.rules import OPENAPI, most_bytes, needed_scope
from core.api.traffic import Traffic
from core.people.acting import Role
from core.registry.tokens import Scope
from core.workbench import Workbench


def api_routes(
    workbench: Callable[[], Workbench],
    ownerless: Callable[[], Role] = lambda: Role.ADMIN,
    traffic: Traffic | None = None,
) -> list[BaseRoute]:
    """REST below ``/api/v1``, MCP at ``/mcp``, figures for Prometheus at ``/metrics``.

    Args:
        workbench: of this process; called in a thread. ownerless: the role of tokens that belong to no account.
        traffic: what ``/metrics`` shows of the requests of this process.
    """

    def make_rest() -> ASGIApp:
        from core.api.direct import DirectPredictions
        from core.api.rest import rest_application

        app = rest_application(workbench)
        app.add_route(OPENAPI, lambda _: Response(document(), media_type="application/json"))
        return DirectPredictions(app, workbench)

    def make_mcp() -> ASGIApp:
        from core.api.mcp_server import McpApplication

        return McpApplication(workbench)

    rest = Rules(scope=needed_scope, most_bytes=most_bytes, open_paths=(OPENAPI,), ownerless=ownerless)
    mcp = Rules(
        scope=lambda method, path: Scope.READ,
        most_bytes=lambda method, path: MOST_TOOL_BYTES,
        ownerless=ownerless,
    )
    return [
        _mounted("/api/v1", Gate(LazyApplication(make_rest), workbench, rest)),
        Route(
            "/metrics",
            Gate(
                MonitoringApplication(workbench, traffic or Traffic()),
                workbench,
                Rules(scope=lambda method, path: Scope.READ, ownerless=ownerless),
            ),
        ),
        Route("/mcp", Gate(LazyApplication(make_mcp), workbench, mcp)),  # every tool checks the scope that it needs
    ]


def _mounted(path: str, app: ASGIApp) -> Mount:
    """Also for paths with a line break (%0A), which Starlette's pattern passes on to the pages."""
    mount = Mount(path, app)
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


class LazyApplication:
    """An application that is made in a thread at its first request, once."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._app: ASGIApp | None = None
        self._lock = asyncio.Lock()

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if self._app is None:
            async with self._lock:
                if self._app is None:
                    self._app = await asyncio.to_thread(self._make)
        await self._app(scope, receive, send)
