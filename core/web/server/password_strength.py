"""The route of the strength meter: how strong a password would be, while it is typed. Stores and logs nothing of it."""

import asyncio
import math

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.api.limits import TokenBuckets
from core.errors import GraftError
from core.registry.links import FIRST
from core.web.server.accounts import FORM_COOKIE, NO_STORE, is_own_form, sent_form, visitor_of
from core.web.server.gate import VISIT
from core.web.server.state import workbench
from core.web.server.visits import Visit, cookie_of

rates = TokenBuckets(1, 15)
"""Of each address: an estimate takes 1 to 60 ms of CPU, 400 for the worst that was found."""


async def password_strength(request: Request) -> Response:
    """``POST /password-strength``: for whoever has a page with a new password open, and nobody else."""
    if wait := rates.take(visitor_of(request)["address"]):
        return _refused("Later.", 429, {"Retry-After": str(max(1, math.ceil(wait)))})
    sent = await sent_form(request)
    try:
        name = await asyncio.to_thread(_name_of, request, sent)
    except GraftError as error:  # the link is of no use (any more), the registry is away
        return _refused(str(error), 403)
    if name is None:
        return _refused("The form was too old.", 403)
    found = await asyncio.to_thread(_estimate, sent.get("password", ""), name)
    return JSONResponse({"level": found[0], "word": found[1]}, 200, NO_STORE)


def _name_of(request: Request, sent: dict[str, str]) -> str | None:
    """Of the account whose password is chosen; None where the form is none of Graft's."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is not None and is_own_form(sent, cookie_of(request.headers)):
        return visit.user.name
    if not is_own_form(sent, cookie_of(request.headers, FORM_COOKIE)):
        return None
    owner = workbench().registry.link_user(sent.get("code", ""))
    return sent.get("name", "") if owner == FIRST else owner


def _estimate(password: str, name: str) -> tuple[int, str]:
    from core.people.passwords import strength  # several MB of words

    return strength(password, name)


def _refused(sentence: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"detail": sentence}, status, NO_STORE | (headers or {}))


ROUTES: list[BaseRoute] = [Route("/password-strength", password_strength, methods=["POST"])]
