"""What all routes of REST share: the workbench of a request, parameters, and how a response is described and sent."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from core.api.gate import TOKEN
from core.api.problems import PROBLEM_JSON
from core.output.finite import finite
from core.registry.tokens import AccessToken
from core.workbench import Workbench

Ref = Annotated[str, Path(max_length=400)]
"""Id or name in a path."""
Count = Annotated[int, Query(ge=0, le=2**31)]
DryRun = Annotated[bool, Query(description="Only say what would be deleted.")]


class FiniteJSON(JSONResponse):
    """JSON with null for NaN and infinity, as the command line prints it."""

    def render(self, content: Any) -> bytes:
        return super().render(finite(content))


class QuickJSON(JSONResponse):
    """As ``FiniteJSON``, 30 times as fast, of values that hold no types but those of JSON."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)  # which has null for NaN and infinity too


async def _workbench(request: Request) -> Workbench:
    """Of this process; see ``core.api.rest.rest_application``. Not a plain function, which would take a thread."""
    found: Workbench = request.app.state.workbench()
    return found


Bench = Annotated[Workbench, Depends(_workbench)]


def told(model: type[BaseModel], status: int = 200, planned: type[BaseModel] | None = None) -> dict[str, Any]:
    """What a route says about its responses; ``planned``: of status 200, where it only says what it would do."""
    also = {} if planned is None else {200: {"model": planned, "description": "Planned; nothing was launched."}}
    return {
        "status_code": status,
        "response_model": None,
        "responses": {status: {"model": model, "description": "Done."}} | also | refused(),
    }


def refused() -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": text, "content": content} for code, text in _REFUSALS.items()}


_REFUSALS = {
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The scope of the token is too small.",
    404: "There is no such thing.",
    409: "It exists already, is in use, or has ended.",
    413: "Too many bytes or photos.",
    415: "A body of this kind is not read here.",
    422: "A value or file is not acceptable.",
    429: "Too many requests.",
    503: "Something that is needed is not available now.",
    507: "The disk is full.",
}


def who_asks(request: Request) -> str:
    """For the history of an alias."""
    token: AccessToken | None = request.scope.get(TOKEN)
    return f"token {token.name}" if token else "API"
