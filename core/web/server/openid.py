"""The routes of signing in through an OpenID provider: to it, back from it, and out of it too."""

import asyncio
import hmac
import re
import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import Forbidden, GraftError, InvalidInput, Unavailable
from core.people.openid import Provider, SignInFlow, role_of
from core.registry import Registry
from core.registry.sessions import OPENID
from core.settings import load_settings
from core.web.server.accounts import (
    NO_STORE,
    end_replaced,
    login_form,
    next_page,
    set_cookie,
    signed_in,
    to_page,
    visitor_of,
    with_form_cookie,
)
from core.web.server.gate import VISIT
from core.web.server.signing_in import TooManyFailures
from core.web.server.state import process_singleton, workbench
from core.web.server.visits import cookie_of, login_required

FLOW_COOKIE = "graft_openid"
"""The secret of a ``SignInFlow``, a dot, and the page to go to."""
FLOW_SECONDS = 600
"""So long one may take to sign in at the provider."""
TOKEN_COOKIE = "graft_openid_token"
"""What the provider has signed, sent by the browser to ``/openid-sign-out`` alone; the registry stores none of it."""
_TOKEN_LIMIT = 3500
"""Characters: browsers drop a cookie of more than 4096 bytes. Without it the provider asks whether to sign out."""


def provider() -> Provider | None:
    """That of the settings."""
    settings = load_settings()
    if settings.openid is None or not login_required():
        return None
    found, back = settings.openid, f"{settings.url}/openid-callback"
    return process_singleton(f"openid {found} {back}", lambda: Provider(found, back))


async def begin(request: Request) -> Response:
    """``GET /openid?next=``: to the provider."""
    goal, asked = next_page(request.query_params.get("next", "")), provider()
    fresh = "fresh" in request.query_params
    if asked is None or (VISIT in request.scope and not fresh):
        return to_page(goal)
    flow = SignInFlow(secrets.token_urlsafe(32))
    try:
        address = await asyncio.to_thread(asked.address, flow, again=fresh)
    except GraftError as error:
        return _told(request, error)
    response = RedirectResponse(address, 303, NO_STORE)
    # Lax: the provider's answer comes from another site. A cookie's value may not hold every character of an address.
    set_cookie(request, response, FLOW_COOKIE, f"{flow.secret}.{goal.encode().hex()}", "lax", FLOW_SECONDS)
    return response


async def callback(request: Request) -> Response:
    """``GET /openid-callback?state=&code=``: back from the provider, with a session or a sentence."""
    asked = provider()
    if asked is None:
        return to_page("/")
    secret, _, goal = cookie_of(request.headers, FLOW_COOKIE).partition(".")
    try:
        flow = SignInFlow(secret)
        code = _code(request, asked, flow)
        session, token = await asyncio.to_thread(
            _sign_in, workbench().registry, asked, flow, code, **visitor_of(request)
        )
    except GraftError as error:
        response = _told(request, error)
    else:
        await end_replaced(request)
        response = signed_in(request, session, next_page(_text(goal)))
        if len(token) <= _TOKEN_LIMIT:
            set_cookie(request, response, TOKEN_COOKIE, token, "lax", path=_sign_out_path())
    response.delete_cookie(FLOW_COOKIE)
    return response


def _code(request: Request, asked: Provider, flow: SignInFlow) -> str:
    """The code of an answer to an attempt of this browser."""
    sent, title = request.query_params, asked.settings.title
    if not flow.secret or not hmac.compare_digest(sent.get("state", "").encode(), flow.state.encode()):
        raise InvalidInput("This sign-in did not begin in this browser, or more than ten minutes ago. Begin it again.")
    if sent.get("iss", asked.settings.issuer) != asked.settings.issuer:  # RFC 9207
        raise InvalidInput(f"The answer came from another provider than {title}. Begin the sign-in again.")
    if "error" in sent:
        cause = sent["error"] if re.fullmatch(r"[a-z_]{1,40}", sent["error"]) else "an error"
        why = "access was denied there" if cause == "access_denied" else cause
        raise Forbidden(f"{title} has not signed you in: {why}. Try again, or sign in with a password.")
    return sent.get("code", "")


def _sign_in(
    registry: Registry, asked: Provider, flow: SignInFlow, code: str, *, address: str, agent: str
) -> tuple[str, str]:
    """The secret of a new session's cookie, and what the provider has signed.

    Failures are limited by address, because each asks the provider.
    """
    everybody = f"openid/{address}"
    if wait := registry.begin_sign_in(everybody, address):
        raise TooManyFailures(wait)
    name = ""
    try:
        person = asked.identity(flow, code)
        name = person.email or person.subject
        user = registry.account_of(
            person.key, person.email, role=role_of(person, asked.settings), decided=bool(asked.settings.rules)
        )
    except GraftError as error:
        registry.sign_in_failed(name, address, f"OpenID: {error}"[:300])
        raise
    registry.sign_in_succeeded(everybody, address)
    return registry.open_session(user.name, address=address, agent=agent, how=OPENID)[1], person.token


async def sign_out(request: Request) -> Response:
    """``GET /openid-sign-out``: out of the provider too; Graft's session has been ended by ``/logout``."""
    asked = provider()
    if asked is None:
        return to_page("/login")
    try:
        token = cookie_of(request.headers, TOKEN_COOKIE)
        address = await asyncio.to_thread(asked.sign_out_address, f"{load_settings().url}/login", token)
        if address is None:
            raise Unavailable(f"{asked.settings.title} has no page for signing out. Sign out there.")
    except GraftError as error:
        return _told(request, error)
    response = RedirectResponse(address, 303, NO_STORE)
    response.delete_cookie(TOKEN_COOKIE, _sign_out_path())
    return response


def _sign_out_path() -> str:
    """Of the browser's address, which has the path that a proxy may take away."""
    return f"{urlsplit(load_settings().url).path}/openid-sign-out"


def _told(request: Request, error: GraftError) -> Response:
    """The sign-in page with a sentence."""
    status = {InvalidInput: 400, Forbidden: 403, TooManyFailures: 429, Unavailable: 503}.get(type(error), 409)
    return with_form_cookie(request, login_form, status, str(error))


def _text(goal: str) -> str:
    try:
        return bytes.fromhex(goal).decode()
    except ValueError:
        return ""


ROUTES: list[BaseRoute] = [
    Route("/openid", begin),
    Route("/openid-callback", callback),
    Route("/openid-sign-out", sign_out),
]
