"""Errors as problem documents (RFC 9457): one sentence for people, a status and a type for programs."""

import errno
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

from core.api.tracing import request_id
from core.errors import (
    Cancelled,
    Conflict,
    Forbidden,
    GraftError,
    InvalidInput,
    NoSpace,
    NotFound,
    Refused,
    Unavailable,
)

PROBLEM_JSON = "application/problem+json"

STATUSES: tuple[tuple[type[GraftError], int], ...] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (Refused, 422),
    (Forbidden, 403),
    (Cancelled, 409),
    (Conflict, 409),
    (NoSpace, 507),
    (Unavailable, 503),
    (GraftError, 400),
)
"""The first class that an error is an instance of decides."""

TITLES = {507: "Insufficient Storage", 413: "Content Too Large", 422: "Unprocessable Content", 460: "Checksum Mismatch"}


def status_of(error: GraftError) -> int:
    """The HTTP status of an error that a user can cause; its own where it has one."""
    return getattr(error, "status", None) or next(status for kind, status in STATUSES if isinstance(error, kind))


class TooLarge(InvalidInput):
    """A request has more bytes or photos than one may have."""

    status = 413


class UnsupportedMedia(InvalidInput):
    """The body of a request is of a kind that is not read here."""

    status = 415


def problem(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The document.

    Args:
        detail: one sentence. more: further members.
    """
    title = TITLES.get(status) or HTTPStatus(status).phrase
    kind = f"urn:graft:{title.lower().replace(' ', '-')}"
    found = {"type": kind, "title": title, "status": status, "detail": " ".join(detail.split())}
    return found | ({"request_id": request_id()} if request_id() else {}) | more


def problem_response(status: int, detail: str, headers: dict[str, str] | None = None, **more: Any) -> JSONResponse:
    """The document as a response."""
    return JSONResponse(problem(status, detail, **more), status, headers, media_type=PROBLEM_JSON)


def of_error(error: GraftError) -> JSONResponse:
    """The response to an error that a user can cause."""
    return problem_response(status_of(error), str(error))


def of_system_error(error: OSError) -> JSONResponse:
    """The response to an error of the operating system; paths stay in the log."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return problem_response(507, "The disk is full. Free some space and try again.")
    return problem_response(503, f"A file of the server cannot be read or written ({error.strerror or error}).")
