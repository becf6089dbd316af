"""MCP below ``/mcp``: the tools of ``core.api.tools`` over streamable HTTP, without sessions.

``core.api.gate`` stands in front. A token sees the tools of its scope only.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import ValidationError
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from core.api.bodies import sentence_of
from core.api.gate import PERSON, TOKEN
from core.api.limits import MOST_TOOL_BYTES
from core.api.problems import problem_response
from core.api.tools import TOOLS, Verb
from core.api.verbs import Illustrated
from core.errors import GraftError, InvalidInput, NotFound
from core.output.finite import finite
from core.people.acting import Person, acting_as
from core.registry.tokens import AccessToken, Scope
from core.settings import VERSION
from core.workbench import Workbench

TOOLS_AT_ONCE = 8
"""Calls that have a thread; the others wait without one."""

INSTRUCTIONS = (
    "Graft compares transfer-learning models on a person's own photos. Import photos, look at backbones, plan runs "
    "with train (dry_run), launch them, wait with get_run until the status is FINISHED, compare them with "
    "compare_runs, and predict new photos. Say 'not distinguishable' where compare_runs does."
)


class McpApplication:
    """The ASGI application.

    Args:
        workbench: of this process; called in a thread.
    """

    def __init__(self, workbench: Callable[[], Workbench]) -> None:
        self._workbench = workbench
        self._calls = anyio.CapacityLimiter(TOOLS_AT_ONCE)
        self._lock = asyncio.Lock()
        self._manager: StreamableHTTPSessionManager | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":  # there are no sessions to listen to or to end
            refusal = problem_response(405, "MCP requests are sent with POST here.", {"Allow": "POST"})
            await refusal(scope, receive, send)
            return
        manager = await self._started()
        await manager.handle_request(scope, receive, send)

    async def _started(self) -> StreamableHTTPSessionManager:
        """The manager, which runs in a task of its own until the server ends."""
        async with self._lock:
            if self._manager is None or self._running is None or self._running.done():
                ready = asyncio.Event()
                server: Server[Any] = Server(
                    "graft",
                    version=VERSION,
                    title="Graft",
                    instructions=INSTRUCTIONS,
                    on_list_tools=self._list,
                    on_call_tool=self._call,
                )
                manager = StreamableHTTPSessionManager(
                    server, json_response=True, stateless=True, max_request_body_size=MOST_TOOL_BYTES
                )
                self._running = asyncio.create_task(_run(manager, ready))
                await ready.wait()
                self._manager = manager
        return self._manager

    async def _list(self, context: ServerRequestContext[Any], params: Any) -> types.ListToolsResult:
        token = _token_of(context)
        return types.ListToolsResult(tools=[_described(verb) for verb in TOOLS if token.scope.allows(verb.scope)])

    async def _call(
        self, context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        token, person = _token_of(context), _person_of(context)
        try:
            with acting_as(person):  # the library may have begun the task elsewhere
                result = await anyio.to_thread.run_sync(
                    lambda: self._done(token, params.name, params.arguments or {}), limiter=self._calls
                )
        except GraftError as error:
            return _told({"error": " ".join(str(error).split())}, failed=True)
        if isinstance(result, Illustrated):
            return _told(finite(result.result), pictures=result.pictures, media_type=result.media_type)
        return _told(finite(result))

    def _done(self, token: AccessToken, name: str, arguments: dict[str, Any]) -> dict | Illustrated:
        verb = next((one for one in TOOLS if one.name == name), None)
        if verb is None:
            raise NotFound(f"There is no tool {name[:80]!r}. There are: {', '.join(one.name for one in TOOLS)}.")
        if not token.scope.allows(verb.scope):
            raise InvalidInput(
                f"{name} needs a token of scope {verb.scope}; {token.name!r} has the scope {token.scope}."
            )
        try:
            asked = verb.asked.model_validate(arguments)
        except ValidationError as error:
            raise InvalidInput(sentence_of(error)) from None
        return verb.act(self._workbench(), asked, f"token {token.name}")


async def _run(manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
    async with manager.run():
        ready.set()
        await asyncio.Event().wait()


def _token_of(context: ServerRequestContext[Any]) -> AccessToken:
    """Of the HTTP request, which the gate has let in."""
    request: Any = context.request
    token: AccessToken = request.scope[TOKEN]
    return token


def _person_of(context: ServerRequestContext[Any]) -> Person:
    request: Any = context.request
    person: Person = request.scope[PERSON]
    return person


def _described(verb: Verb) -> types.Tool:
    hints = types.ToolAnnotations(
        read_only_hint=verb.scope is not Scope.TRAIN, destructive_hint=verb.destroys, open_world_hint=False
    )
    schema = verb.asked.model_json_schema()
    return types.Tool(name=verb.name, description=verb.does, input_schema=schema, annotations=hints)


def _told(
    result: dict, *, failed: bool = False, pictures: Sequence[bytes] = (), media_type: str = ""
) -> types.CallToolResult:
    text = types.TextContent(type="text", text=json.dumps(result))
    images = [types.ImageContent(data=b64encode(picture).decode(), mime_type=media_type) for picture in pictures]
    return types.CallToolResult(content=[text, *images], structured_content=result, is_error=failed)
