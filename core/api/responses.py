"""What all routes of REST share: the workbench of a request, parameters, and how a response is described and sent."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from core.api.gate import TOKEN
from core.api.problems import PROBLEM_JSON
from core.exports.formats import Format
from core.output.finite import finite
from core.registry.tokens import AccessToken
from core.workbench import Workbench

_REF_LENGTH = 400
DatasetRef = Annotated[
    str,
    Path(max_length=_REF_LENGTH, description="Id, name (its newest version) or name:version.", examples=["flowers"]),
]
RunRef = Annotated[
    str,
    Path(
        max_length=_REF_LENGTH, description="Id, beginning of an id, or DATASET@ALIAS.", examples=["flowers@champion"]
    ),
]
ModelRef = Annotated[
    str,
    Path(
        max_length=_REF_LENGTH, description="Id of the model or of its run, or DATASET@ALIAS.", examples=["r-1a2b3c4d"]
    ),
]
AliasRef = Annotated[
    str,
    Path(max_length=_REF_LENGTH, description="Name of an alias; pages show `champion` first.", examples=["champion"]),
]
BackboneRef = Annotated[
    str, Path(max_length=_REF_LENGTH, description="`name` of a backbone.", examples=["efficientnet_lite0"])
]
ImportRef = Annotated[
    str, Path(max_length=_REF_LENGTH, description="Id of an import: its member `import`.", examples=["362ffa43"])
]
DigestRef = Annotated[str, Path(max_length=_REF_LENGTH, description="`digest` of a photo: SHA-256 of its stored file.")]
FormatRef = Annotated[
    str,
    Path(
        max_length=_REF_LENGTH,
        description="One of the formats that the list of exports has.",
        json_schema_extra={"enum": [str(one) for one in Format]},
    ),
]
Start = Annotated[int, Query(ge=0, le=2**31, description="How many to leave out at the beginning.")]
InDataset = Annotated[
    str | None,
    Query(max_length=_REF_LENGTH, description="Only of this dataset: id, name or name:version; all by default."),
]
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


def told(
    model: type[BaseModel],
    status: int = 200,
    planned: type[BaseModel] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """What a route says about its responses.

    Args:
        planned: of status 200, where it only says what it would do. headers: of a response, with what each says.
    """
    done = {"model": model, "description": _summary(model), "headers": _headers(headers or {})}
    also = {} if planned is None else {200: {"model": planned, "description": f"Only planned: {_summary(planned)}"}}
    return {"status_code": status, "response_model": None, "responses": {status: done} | also | refused()}


def binary(media: str, text: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """What a route says that responds with bytes; ``text``: what they are."""
    content = {media: {"schema": {"type": "string", "format": "binary"}}}
    done = {"description": text, "content": content, "headers": _headers(headers or {})}
    return {"response_class": Response, "responses": {200: done} | refused()}


def _summary(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def _headers(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()}


def refused() -> dict[int | str, dict[str, Any]]:
    content = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        code: {"description": text, "content": content, "headers": _headers(_REFUSAL_HEADERS.get(code, {}))}
        for code, text in _REFUSALS.items()
    }


_REFUSALS = {
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The scope of the token is too small.",
    404: "There is no such thing.",
    409: "It exists already, is in use, or has ended.",
    413: "Too many bytes or photos.",
    415: "A body of this kind is not read here.",
    422: "A value or file is not acceptable.",
    429: "Too many requests of this token, or too many with a wrong one from this address.",
    500: "A mistake of Graft; `request_id` finds it in the server's log.",
    503: "Something that is needed is not available now.",
    507: "The disk is full, or the quota of the account used up.",
}
_REFUSAL_HEADERS = {
    401: {"WWW-Authenticate": "Bearer, and what is wrong with the token."},
    403: {"WWW-Authenticate": "Bearer, and the scope that is needed."},
    429: {"Retry-After": "Seconds after which to try again."},
}


def who_asks(request: Request) -> str:
    """For the history of an alias."""
    token: AccessToken | None = request.scope.get(TOKEN)
    return f"token {token.name}" if token else "API"
