"""The routes of signing in and out, of one-time links, and of one's own account."""

import asyncio
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import GraftError, InvalidInput, NotFound
from core.jobs.quota import QuotaUse, quota_use
from core.people.acting import acting_as
from core.registry import Registry
from core.registry.links import FIRST
from core.registry.second_steps import SECONDS
from core.registry.users import User
from core.settings import load_settings
from core.text.times import element
from core.web.server import signing_in
from core.web.server.gate import VISIT
from core.web.server.login_page import (
    STORED,
    SessionRow,
    code_field,
    field,
    form,
    link_button,
    new_password,
    page,
    session_list,
)
from core.web.server.signing_in import Admission, TooManyFailures
from core.web.server.state import workbench
from core.web.server.visits import Visit, cookie_of, form_token, login_required, session_cookie, visits

FORM_COOKIE = "graft_form"
"""Random; what a form must know before there is a session."""
STEP_COOKIE = "graft_step"
"""Of a sign-in that waits for a code (``core.registry.second_steps``)."""
_MOST_BYTES = 16 * 1024
_NEXT = re.compile(r"/[\w.~-]*(/[\w.~-]+)*(\?[\w.~%&=:,+-]*)?", re.ASCII)
NO_STORE = {"Cache-Control": "no-store"}


async def login(request: Request) -> Response:
    """``GET``, ``POST /login``: the form, or a new session."""
    sent = await sent_form(request) if request.method == "POST" else {}
    fresh = "fresh" in request.query_params or "fresh" in sent
    if not login_required() or (VISIT in request.scope and not fresh):
        return to_page(next_page(request.query_params.get("next", "")))
    if request.method != "POST":
        return with_form_cookie(request, login_form)
    goal = next_page(sent.get("next", ""))
    name = sent.get("name", "")

    def again(token: str, error: str) -> str:
        return login_form(token, error=error, name=name[:200], goal=goal, fresh=fresh)

    if not is_own_form(sent, cookie_of(request.headers, FORM_COOKIE)):
        return with_form_cookie(request, again, 403, "The form was too old. Try again.")
    try:
        admission = await asyncio.to_thread(
            signing_in.sign_in, _registry(), name, sent.get("password", ""), **visitor_of(request)
        )
    except TooManyFailures as error:
        response = with_form_cookie(request, again, 429, str(error))
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except GraftError as error:
        return with_form_cookie(request, again, 401 if isinstance(error, InvalidInput) else 503, str(error))
    return await admitted(request, admission, goal)


async def admitted(request: Request, admission: Admission, goal: str) -> Response:
    """The answer to a right password: it begins a session, or asks for a code."""
    if not admission.needs_code:
        await end_replaced(request)
        return signed_in(request, admission.secret, goal)
    response = to_page(f"/second-step?next={quote(goal, safe='')}")
    set_cookie(request, response, STEP_COOKIE, admission.secret, "strict", int(SECONDS))
    return response


async def end_replaced(request: Request) -> None:
    """End the session of whoever has signed in anew with one open."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is not None:
        with acting_as(visit.person):
            await asyncio.to_thread(_registry().end_session, visit.session.digest)
        visits().forget()


def login_form(
    token: str, error: str = "", *, name: str = "", goal: str = "/", left: bool = False, fresh: bool = False
) -> str:
    """The sign-in page.

    Args:
        error: one sentence. name: of the account, as it was sent. goal: page to go to. left: somebody has signed out.
        fresh: somebody who is signed in does it again.
    """
    anew = {"fresh": "1"} if fresh else {}
    fields = field("name", "Name", auto="username", value=name, first=not name)
    fields += field("password", "Password", kind="password", auto="current-password", first=bool(name))
    help_ = '<p class="note">No account, or the password forgotten? An admin gives you a one-time link.</p>\n'
    local = form("login", fields, "Sign in", token=token, next=goal, **anew) + help_ + STORED
    openid = load_settings().openid
    if openid is None:
        return page("Sign in", local, error=error)
    leave = (
        f'<p class="note"><a href="openid-sign-out">Sign out of {escape(openid.title)} too</a></p>\n' if left else ""
    )
    query = ("fresh=1&" if fresh else "") + f"next={quote(goal, safe='')}"
    other = link_button(f"openid?{query}", f"Sign in with {openid.title}")
    done = "You have signed out of Graft." if left else ""
    return page("Sign in", f'{leave}{other}<p class="or">or with a password</p>\n{local}', error=error, done=done)


async def welcome(request: Request) -> Response:
    """``GET``, ``POST /welcome``: a one-time link, which sets a password.

    Its code is in the fragment of the address (ASVS 8.3.1), so the first request has none; the page sends it in a form.
    Links that versions before 0.9.0 have made have it in the query.
    """
    if not login_required():
        return to_page("/")
    if request.method != "POST" and "code" not in request.query_params:
        return HTMLResponse(page("One-time link", form("welcome", code_field(), "Go on")), 200, NO_STORE)
    sent = await sent_form(request) if request.method == "POST" else dict(request.query_params)
    code = sent.get("code", "")
    try:
        owner = await asyncio.to_thread(_registry().link_user, code)
    except NotFound as error:
        return HTMLResponse(page("This link is of no use", _BACK_TO_LOGIN, error=str(error)), 404, NO_STORE)

    def shown(token: str, error: str = "") -> str:
        return _welcome_page(token, code, owner, error, sent.get("name", "")[:200])

    if request.method != "POST" or "password" not in sent:  # nothing is changed yet
        return with_form_cookie(request, shown)
    if not is_own_form(sent, cookie_of(request.headers, FORM_COOKIE)):
        return with_form_cookie(request, shown, 403, "The form was too old. Try again.")
    values = [sent.get(one, "") for one in ("name", "password", "again")]
    try:
        admission = await asyncio.to_thread(signing_in.use_link, _registry(), code, *values, **visitor_of(request))
    except GraftError as error:
        return with_form_cookie(request, shown, 422, str(error))
    return await admitted(request, admission, "/")


_BACK_TO_LOGIN = '<p><a href="login">Sign in</a></p>\n'


def _welcome_page(token: str, code: str, owner: str, error: str, name: str) -> str:
    from core.people.passwords import LEAST

    if owner == FIRST:
        title, fields = "The first admin", field("name", "Your name", auto="username", value=name, first=True)
        told = "<p>Whoever uses this link first administers this Graft.</p>\n"
    else:
        title, fields = f"Welcome, {owner}", ""
        told = "<p>Choose a password. Sessions that you have elsewhere end.</p>\n"
        told += f'<input type="hidden" autocomplete="username" value="{owner}">\n'
    return page(
        title,
        told + form("welcome", fields + new_password(LEAST), "Set the password", token=token, code=code) + STORED,
        error=error,
    )


async def logout(request: Request) -> Response:
    """``POST /logout``: end this session."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:
        return to_page("/")
    if not is_own_form(await sent_form(request), cookie_of(request.headers)):
        return HTMLResponse(page("Not signed out", _BACK, error="The form was too old. Try again."), 403, NO_STORE)
    await asyncio.to_thread(_registry().end_session, visit.session.digest)
    visits().forget()
    response = to_page("/login?out=1" if load_settings().openid else "/login")
    response.delete_cookie(session_cookie(), secure=is_secure(request), httponly=True, samesite="lax")
    return response


_BACK = '<p><a href="./">Back to Graft</a></p>\n'


async def account(request: Request) -> Response:
    """``GET``, ``POST /account``: who one is, the password, the open sessions."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:  # without a login there are no accounts
        return to_page("/")
    token = form_token(cookie_of(request.headers))
    if request.method != "POST":
        return await _account_page(visit, token)
    sent = await sent_form(request)
    if not is_own_form(sent, cookie_of(request.headers)):
        return await _account_page(visit, token, error="The form was too old. Try again.", status=403)
    try:
        done = await asyncio.to_thread(_change, visit, sent, visitor_of(request)["address"])
    except GraftError as error:
        return await _account_page(visit, token, error=str(error), status=422)
    visits().forget()
    return await _account_page(visit, token, done=done)


def _change(visit: Visit, sent: dict[str, str], address: str) -> str:
    registry, digest = _registry(), visit.session.digest
    if sent.get("act") == "end":
        registry.end_session(sent.get("session", ""))
        return "The session was ended."
    if sent.get("act") == "end-others":
        registry.end_sessions(visit.user.name, but=digest)
        return "All other sessions were ended."
    now, new, again = (sent.get(one, "") for one in ("now", "password", "again"))
    signing_in.change_password(registry, visit.user, now, new, again, keep=digest, address=address)
    return "The password was changed; the other sessions were ended."


async def _account_page(visit: Visit, token: str, *, error: str = "", done: str = "", status: int = 200) -> Response:
    from core.people.passwords import LEAST

    user = visit.user
    found = await asyncio.to_thread(_registry().sessions, user.name)
    now = time.time()
    rows = [
        SessionRow(one.id, one.browser, one.address, element(one.seen_at, now, UTC), one.digest == visit.session.digest)
        for one in found
    ]
    use = await asyncio.to_thread(quota_use, workbench().settings, _registry(), user.name)
    body = f"<p>{_MAY[user.role]}</p>\n<p>{escape(_stored(use))}</p>\n"
    body += f'<div class="quiet row">{form("logout", "", "Sign out", token=token)}{_BACK}</div>\n'
    body += f"<h2>Open sessions</h2>\n{session_list(rows, token)}"
    if len(rows) > 1:
        body += f'<div class="quiet">{form("account", "", "End all others", token=token, act="end-others")}</div>\n'
    if user.password is not None:
        fields = field("now", "Current password", kind="password", auto="current-password") + new_password(LEAST)
        body += f"<h2>Password</h2>\n{form('account', fields, 'Change the password', token=token, act='password')}"
        body += f"<h2>Second factor</h2>\n{_factor_state(user)}"
    body += _DATA + STORED
    return HTMLResponse(page(f"Account of {user.name}", body, error=error, done=done), status, NO_STORE)


def _factor_state(user: User) -> str:
    """Whether there is a second factor, and the way to its page."""
    state = "On: a code is asked for when you sign in." if user.second_factor else "Off: the password is enough."
    verb = "Change the second factor" if user.second_factor else "Set up a second factor"
    return f'<p>{state}</p>\n<p><a class="button quiet" href="second-factor">{verb}</a></p>\n'


def _stored(use: QuotaUse) -> str:
    """How much is stored, and what helps where that is all that one may."""
    text = f"Your datasets, runs and uploads: {use.sentence}."
    if use.limit and use.used >= use.limit:
        text += " Nothing new begins: delete datasets, runs or their weights, or ask an admin."
    return text


_DATA = """<h2>Your data</h2>
<p>One JSON file with all that the registry holds about you: account, sessions, tokens, what you own, and your entries
in the audit log.</p>
<p><a class="button quiet" href="account-data" download>Download my data</a></p>
<p class="note">An admin can delete your account. What you own then goes to somebody else, and the audit log keeps its
entries with your name for as long as this Graft is kept.</p>
"""
_MAY = {
    "viewer": "You are a viewer: you can see everything and change nothing.",
    "trainer": "You are a trainer: you can import, train, and change what is yours.",
    "admin": "You are an admin: you can change everything, accounts and settings included.",
}


# --- parts ---


def _registry() -> Registry:
    return workbench().registry


def visitor_of(request: Request) -> dict[str, str]:
    """Address and browser, for the session and the limits."""
    return {"address": request.client.host if request.client else "", "agent": request.headers.get("user-agent", "")}


async def sent_form(request: Request) -> dict[str, str]:
    """The fields of a form, of which each counts once; {} where it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return {}
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def is_own_form(sent: dict[str, str], secret: str) -> bool:
    """Whether a form knows what only a page of Graft in the browser with this cookie does."""
    return bool(secret) and hmac.compare_digest(sent.get("token", "").encode(), form_token(secret).encode())


def with_form_cookie(request: Request, shown: Callable[..., str], status: int = 200, error: str = "") -> Response:
    """A page whose form knows the form cookie, which is set where there is none."""
    secret = cookie_of(request.headers, FORM_COOKIE) or secrets.token_urlsafe(24)
    more: dict[str, Any] = {"error": error} if error else {}
    if shown is login_form:
        more["goal"] = next_page(request.query_params.get("next", ""))
        more["left"] = "out" in request.query_params and not error
        more["fresh"] = "fresh" in request.query_params
    response = HTMLResponse(shown(form_token(secret), **more), status, NO_STORE)
    set_cookie(request, response, FORM_COOKIE, secret, "strict")
    return response


def signed_in(request: Request, secret: str, goal: str) -> Response:
    """The answer that begins a session."""
    response = to_page(goal)
    set_cookie(request, response, session_cookie(), secret, "lax")
    response.delete_cookie(FORM_COOKIE)
    return response


def set_cookie(
    request: Request,
    response: Response,
    name: str,
    value: str,
    same_site: Any,
    seconds: int | None = None,
    path: str = "/",
) -> None:
    """A cookie that scripts cannot read.

    Args:
        path: below which it is sent.
        seconds: that it stays; None until the browser is closed, or longer where it restores its tabs. The registry
            decides when a session ends.
    """
    secure = is_secure(request)
    response.set_cookie(name, value, seconds, httponly=True, samesite=same_site, secure=secure, path=path)


def is_secure(request: Request) -> bool:
    """Whether cookies are for https alone: it came so, or Graft is found so (``GRAFT_URL``)."""
    return request.url.scheme == "https" or load_settings().url.startswith("https://")


def next_page(asked: str) -> str:
    """A page of Graft to go to after signing in; the front page for whatever looks like something else."""
    return asked if _NEXT.fullmatch(asked) and "/.." not in asked and "//" not in asked else "/"


def to_page(goal: str) -> RedirectResponse:
    """To a path below Graft, relative, because a proxy may have put a path before."""
    return RedirectResponse(f".{quote(goal, safe='/?=&%:,+-._~')}", 303, NO_STORE)


async def account_data(request: Request) -> Response:
    """``GET /account-data``: all that the registry holds about whoever asks, as a file."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:
        return to_page("/")
    name = visit.user.name
    found = await asyncio.to_thread(_registry().account_data, name)
    await asyncio.to_thread(_registry().log, "download_account_data", {"user": name})
    disposition = {"Content-Disposition": f'attachment; filename="graft-account-{name}.json"'}
    return Response(json.dumps(found, indent=1), 200, NO_STORE | disposition, "application/json")


ROUTES: list[BaseRoute] = [
    Route("/login", login, methods=["GET", "POST"]),
    Route("/welcome", welcome, methods=["GET", "POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/account", account, methods=["GET", "POST"]),
    Route("/account-data", account_data),
]
