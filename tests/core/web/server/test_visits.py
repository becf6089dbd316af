"""Whether a login is needed, cookies, and the person behind a page."""

from types import SimpleNamespace

import pytest
from starlette.datastructures import Headers

from core.errors import Forbidden, InvalidInput
from core.people.acting import NOBODY, Role, acting, ask
from core.web.server import visits as module
from core.web.server.visits import (
    COOKIE,
    RECENT_SECONDS,
    ask_visitors,
    cookie_of,
    form_token,
    login_required,
    person_of_page,
    require_recent_sign_in,
    visits,
)


@pytest.mark.parametrize(
    ("login", "address", "required"),
    [
        ("auto", "127.0.0.1", False),
        ("auto", "0.0.0.0", True),
        ("auto", "192.0.2.7", True),
        ("required", "127.0.0.1", True),
        ("off", "::1", False),
        ("", "localhost", False),
    ],
)
def test_a_login_is_needed_where_other_machines_come(monkeypatch, login, address, required):
    monkeypatch.setenv("GRAFT_LOGIN", login)
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", address)
    assert login_required() is required


def test_a_public_address_without_a_login_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setenv("GRAFT_LOGIN", "off")
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    with pytest.raises(InvalidInput, match="GRAFT_LOGIN=off is only possible on 127.0.0.1.*'0.0.0.0'"):
        login_required()


def test_a_cookie_is_found_among_others():
    headers = Headers({"cookie": f"a=b; {COOKIE}=x-y_z; c=d"})
    assert cookie_of(headers) == "x-y_z" and cookie_of(Headers({})) == ""
    assert form_token("a") != form_token("b") and len(form_token("a")) == 64


@pytest.fixture
def page_of(accounts, monkeypatch):
    """A script thread of Streamlit's session ``s`` whose connection has this cookie; None: it was lost."""

    def page_of(cookie: str | None, session: str = "s") -> None:
        client = None if cookie is None else SimpleNamespace(client_context=SimpleNamespace(cookies={COOKIE: cookie}))
        found = SimpleNamespace(get_client=lambda session_id: client)
        monkeypatch.setattr(module.runtime, "get_instance", lambda: found)
        context = SimpleNamespace(session_id=session)
        monkeypatch.setattr(module, "get_script_run_ctx", lambda suppress_warning: context)
        visits().forget()

    yield page_of
    module._cookies.cache_clear()


def test_a_page_acts_as_whoever_its_connection_belongs_to_now(page_of, accounts):
    ask_visitors()
    _, tom = accounts.open_session("tom", address="::1", agent="x", how="password")
    _, vera = accounts.open_session("vera", address="::1", agent="x", how="password")
    page_of(tom)
    assert (acting().name, acting().role) == ("tom", Role.TRAINER)
    page_of(None)
    assert acting().name == "tom"  # the connection is lost, the script goes on
    page_of(vera)  # the same tab, after somebody else has signed in
    assert acting().name == "vera"
    accounts.end_sessions("vera")
    visits().forget()
    assert acting() == NOBODY
    page_of(None, session="another")
    assert acting() == NOBODY
    ask(None)


def test_a_new_role_counts_at_once(page_of, accounts):
    _, tom = accounts.open_session("tom", address="::1", agent="x", how="password")
    page_of(tom)
    assert person_of_page().role is Role.TRAINER
    accounts.set_role("tom", "viewer")
    visits().forget()
    assert person_of_page().role is Role.VIEWER


def test_whoever_lacks_a_second_factor_acts_as_nobody_on_a_page_that_is_still_open(page_of, accounts, monkeypatch):
    _, ada = accounts.open_session("ada", address="::1", agent="x", how="password")
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "admins")
    page_of(ada)
    assert person_of_page() == NOBODY


def test_a_thread_of_the_server_is_nobody(accounts):
    assert person_of_page() == NOBODY


def test_a_session_of_an_hour_ago_changes_no_account(page_of, accounts, monkeypatch):
    require_recent_sign_in()  # as the command line, which has no session
    ask_visitors()
    session, secret = accounts.open_session("ada", address="::1", agent="x", how="password")
    page_of(secret)
    require_recent_sign_in()
    monkeypatch.setattr(module.time, "time", lambda: session.created_at + RECENT_SECONDS + 1)
    with pytest.raises(Forbidden, match="more than 15 minutes ago. Sign in again"):
        require_recent_sign_in()
