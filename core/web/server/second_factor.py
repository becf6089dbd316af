"""The routes of the second factor: the code at a sign-in, and the page where one sets it up or removes it."""

import asyncio
from html import escape
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from core.errors import GraftError, InvalidInput, NotFound
from core.people.one_time_codes import RECOVERY_CODES, app_address
from core.settings import load_settings
from core.web.server import signing_in
from core.web.server.accounts import (
    NO_STORE,
    STEP_COOKIE,
    end_replaced,
    is_own_form,
    next_page,
    sent_form,
    signed_in,
    to_page,
    visitor_of,
)
from core.web.server.gate import VISIT
from core.web.server.login_page import code_list, field, form, page, qr_code
from core.web.server.signing_in import TooManyFailures
from core.web.server.state import workbench
from core.web.server.visits import Visit, cookie_of, form_token, login_required, visits


async def second_step(request: Request) -> Response:
    """``GET``, ``POST /second-step``: the code after the right password, and a new session."""
    secret = cookie_of(request.headers, STEP_COOKIE)
    if not secret or not login_required():
        return to_page("/login")
    sent = await sent_form(request) if request.method == "POST" else {}
    goal = next_page(sent.get("next", "") or request.query_params.get("next", ""))

    def again(error: str = "", status: int = 200) -> Response:
        return HTMLResponse(_step_page(form_token(secret), goal, error), status, NO_STORE)

    if request.method != "POST":
        return again()
    if not is_own_form(sent, secret):
        return again("The form was too old. Try again.", 403)
    try:
        session = await asyncio.to_thread(
            signing_in.enter_code, workbench().registry, secret, sent.get("factor", ""), **visitor_of(request)
        )
    except NotFound:  # it took too long, or the account has changed
        response: Response = to_page(f"/login?next={quote(goal, safe='')}")
        response.delete_cookie(STEP_COOKIE)
        return response
    except TooManyFailures as error:
        response = again(str(error), 429)
        response.headers["Retry-After"] = str(error.seconds)
        return response
    except GraftError as error:
        return again(str(error), 401 if isinstance(error, InvalidInput) else 503)
    await end_replaced(request)
    response = signed_in(request, session, goal)
    response.delete_cookie(STEP_COOKIE)
    return response


def _step_page(token: str, goal: str, error: str) -> str:
    note = "The six digits that your authenticator app shows now, or one of your recovery codes."
    fields = field("factor", "Code", auto="one-time-code", note=note, first=True)
    lost = '<p class="note">App and recovery codes lost? An admin resets your second factor.</p>\n'
    other = '<p><a href="login">Sign in as somebody else</a></p>\n'
    return page(
        "Enter a code", form("second-step", fields, "Go on", token=token, next=goal) + lost + other, error=error
    )


async def second_factor(request: Request) -> Response:
    """``GET``, ``POST /second-factor``: set up one's own, or remove it."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is None:  # without a login there are no accounts
        return to_page("/")
    if visit.user.password is None:
        return to_page("/account")
    if request.method != "POST":
        return await _factor_page(request, visit)
    sent = await sent_form(request)
    if not is_own_form(sent, cookie_of(request.headers)):
        return await _factor_page(request, visit, "The form was too old. Try again.", 403)
    registry, code = workbench().registry, sent.get("factor", "")
    try:
        if sent.get("act") == "begin" and visit.is_recent:
            await asyncio.to_thread(registry.begin_second_factor)
        elif sent.get("act") == "confirm" and visit.is_recent:
            codes = await asyncio.to_thread(registry.confirm_second_factor, code)
            visits().forget()
            return HTMLResponse(_codes_page(codes), 200, NO_STORE)
        elif sent.get("act") == "remove":
            password, address = sent.get("password", ""), visitor_of(request)["address"]
            await asyncio.to_thread(
                signing_in.remove_second_factor, registry, visit.user, password, code, address=address
            )
            visits().forget()
    except GraftError as error:
        return await _factor_page(request, visit, str(error), 422)
    return to_page("/second-factor")


async def _factor_page(request: Request, visit: Visit, error: str = "", status: int = 200) -> Response:
    token, registry = form_token(cookie_of(request.headers)), workbench().registry
    if visit.user.second_factor:
        left = await asyncio.to_thread(registry.recovery_codes_left, visit.user.name)
        body = _removal(token, left)
    elif not visit.is_recent:
        body = _WHAT + _AGAIN
    elif secret := await asyncio.to_thread(registry.begun_second_factor):
        host = urlsplit(load_settings().url).hostname or request.url.hostname or ""
        body = _confirmation(token, secret, app_address(secret, visit.user.name, host))
    else:
        body = _WHAT + form("second-factor", "", "Set it up", token=token, act="begin")
    if visit.lacks_factor:
        body = "<p><strong>Your role needs a second factor here. Set it up to go on.</strong></p>\n" + body
        body += f'<div class="quiet row">{form("logout", "", "Sign out", token=token)}</div>\n'
    else:
        body += '<p><a href="account">Back to your account</a></p>\n'
    return HTMLResponse(page("Second factor", body, error=error), status, NO_STORE)


_WHAT = """<p>Besides your password, a code is asked for when you sign in. An authenticator app on your phone or in your
password manager makes a new one every 30 seconds.</p>
"""
_AGAIN = """<p>For this your sign-in must be new.</p>
<p><a class="button" href="login?fresh=1&amp;next=%2Fsecond-factor">Sign in again</a></p>
"""


def _confirmation(token: str, secret: str, address: str) -> str:
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    body = "<p>1. Scan this with your authenticator app, or type the secret into it.</p>\n"
    body += f'{qr_code(address)}<p class="note">Secret: <code>{escape(grouped)}</code></p>\n'
    body += "<p>2. Enter the code that the app shows.</p>\n"
    return body + form(
        "second-factor", field("factor", "Code", auto="one-time-code"), "Confirm", token=token, act="confirm"
    )


def _removal(token: str, left: int) -> str:
    body = f"<p>A code is asked for when you sign in. {left} of {RECOVERY_CODES} recovery codes are left.</p>\n"
    body += "<p>For another app, or new recovery codes, remove it and set it up again.</p>\n"
    fields = field("password", "Current password", kind="password", auto="current-password")
    fields += field("factor", "Code", auto="one-time-code", note="Of the app, or a recovery code.")
    return f"{body}<h2>Remove it</h2>\n{form('second-factor', fields, 'Remove', token=token, act='remove')}"


def _codes_page(codes: list[str]) -> str:
    body = f"<p>The second factor is set up. Keep these {RECOVERY_CODES} recovery codes where your phone is not: each "
    body += "signs you in once in place of a code. <strong>They are shown only now.</strong></p>\n"
    body += f'{code_list(codes)}<p><a class="button" href="./">I have kept them</a></p>\n'
    return page("Recovery codes", body)


ROUTES: list[BaseRoute] = [
    Route("/second-step", second_step, methods=["GET", "POST"]),
    Route("/second-factor", second_factor, methods=["GET", "POST"]),
]
