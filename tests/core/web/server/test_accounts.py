"""Signing in and out, one-time links, one's own account."""

import re

import pytest
from starlette.testclient import TestClient

from core.registry.links import path_of
from core.registry.sessions import session_digest
from core.registry.sign_ins import ACCOUNT_AT_ONCE
from core.web.server.accounts import next_page
from core.web.server.visits import COOKIE, visits
from tests.core.web.server.conftest import ADDRESS, PASSWORD

NEW = "another horse battery"


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def sent(client: TestClient, path: str, **fields: str):
    """The form of a page, filled in."""
    return client.post(path.partition("?")[0], data=hidden(client.get(path).text) | fields)


@pytest.fixture
def browser(guarded, accounts) -> TestClient:
    return TestClient(guarded, base_url=ADDRESS, follow_redirects=False)


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(browser, accounts):
    answer = sent(browser, "/login?next=/runs%3Frun%3Dr-1", name="Tom", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "./runs?run=r-1")
    (cookie,) = (one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    assert browser.get("/account").status_code == 200
    assert accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1].name == "tom"
    assert browser.get("/login?next=/board").headers["location"] == "./board"


def test_under_https_the_cookie_is_secure(guarded, accounts):
    browser = TestClient(guarded, base_url="https://localhost", follow_redirects=False)
    answer = sent(browser, "/login", name="tom", password=PASSWORD)
    assert all("Secure" in one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE))


@pytest.mark.parametrize("name", ["tom", "nobody", "disabled", "waiting"])
def test_whatever_is_wrong_is_told_in_the_same_words(browser, accounts, name):
    accounts.add_user("disabled", "viewer")
    accounts.disable_user("disabled")
    accounts.add_user("waiting", "viewer")
    answer = sent(browser, "/login", name=name, password="wrong horse battery")
    assert answer.status_code == 401 and "The name or the password is wrong." in answer.text
    assert COOKIE not in browser.cookies
    assert accounts.log_entries(1)[0].action == "sign_in_failed"


def test_too_many_failures_are_refused_even_with_the_right_password(browser, accounts):
    for _ in range(ACCOUNT_AT_ONCE):
        assert sent(browser, "/login", name="tom", password="wrong").status_code == 401
    answer = sent(browser, "/login", name="tom", password=PASSWORD)
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 60
    assert sent(browser, "/login", name="vera", password=PASSWORD).status_code == 303


def test_a_form_of_another_site_is_refused(browser, accounts):
    fields = {"name": "tom", "password": PASSWORD}
    assert browser.post("/login", data=fields).status_code == 403
    browser.get("/login")
    assert browser.post("/login", data=fields | {"token": "0" * 64}).status_code == 403
    assert browser.post("/login", data=fields, headers={"Origin": "https://evil.example"}).status_code == 403
    assert browser.post("/login", content=b"x" * 20_000).status_code == 403
    assert COOKIE not in browser.cookies


def test_a_new_session_has_a_new_secret(browser, accounts):
    browser.cookies.set(COOKIE, "chosen-by-an-attacker")
    sent(browser, "/login", name="tom", password=PASSWORD)
    secrets = [cookie.value for cookie in browser.cookies.jar if cookie.name == COOKIE]
    assert any(accounts.signed_in(session_digest(one)) for one in secrets)
    assert accounts.signed_in(session_digest("chosen-by-an-attacker")) is None


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/a/../b",
        "/\r\nX: y",
        "",
        "javascript:x",
        "/a#b",
        "/ä",
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(asked):
    assert next_page(asked) == "/"


def test_signing_out_ends_the_session_here_and_needs_the_form(browser, accounts):
    sent(browser, "/login", name="tom", password=PASSWORD)
    digest = session_digest(browser.cookies[COOKIE])
    assert browser.post("/logout").status_code == 403 and accounts.signed_in(digest)
    token = hidden(browser.get("/account").text)["token"]
    assert browser.post("/logout", data={"token": token}).headers["location"] == "./login"
    assert accounts.signed_in(digest) is None
    assert browser.get("/account").status_code == 401


def test_the_first_admin_is_made_with_a_link_that_works_once(guarded):
    from core.web.server.state import workbench

    registry = workbench().registry
    browser = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
    code = registry.first_link()
    assert sent(browser, f"/welcome?code={code}", name="root", password="short", again="short").status_code == 422
    assert sent(browser, f"/welcome?code={code}", name="root", password=NEW, again=PASSWORD).status_code == 422
    assert registry.users() == []
    assert sent(browser, f"/welcome?code={code}", name="Root", password=NEW, again=NEW).status_code == 303
    assert registry.user("root").can_sign_in and browser.get("/account").status_code == 200
    assert browser.get(f"/welcome?code={code}").status_code == 404


def test_the_code_of_a_link_is_in_no_address_that_is_sent(browser, accounts):
    """Behind the # it stays in the browser; the page sends it in a form, first alone and then with the password."""
    code = accounts.new_link("vera")
    assert path_of(code) == f"/welcome#code={code}"
    asked = browser.get("/welcome")
    assert asked.status_code == 200 and 'name="code"' in asked.text and 'src="assets/login.js"' in asked.text
    shown = browser.post("/welcome", data={"code": code})
    assert "Welcome, vera" in shown.text and accounts.link_user(code) == "vera"
    filled = hidden(shown.text) | {"password": NEW, "again": NEW}
    assert browser.post("/welcome", data=filled).status_code == 303
    assert accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1].name == "vera"
    assert browser.post("/welcome", data={"code": code}).status_code == 404


def test_everybody_can_read_what_is_stored_about_them(client_of, accounts):
    told = "What Graft stores about you"
    assert told in client_of("vera").get("/account").text and told in client_of(None).get("/login").text
    assert told in client_of(None).post("/welcome", data={"code": accounts.new_link("vera")}).text


def test_a_link_of_an_account_ignores_the_name_that_is_sent(browser, accounts):
    code = accounts.new_link("vera")
    assert "Welcome, vera" in browser.get(f"/welcome?code={code}").text
    sent(browser, f"/welcome?code={code}", name="ada", password=NEW, again=NEW)
    assert accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1].name == "vera"


def test_a_password_is_changed_with_the_present_one_and_ends_other_sessions(client_of, accounts):
    vera, other = client_of("vera"), client_of("vera")
    form = {"now": "wrong", "password": NEW, "again": NEW, "act": "password"}
    assert "present password is wrong" in sent(vera, "/account", **form).text
    assert "was changed" in sent(vera, "/account", **form | {"now": PASSWORD}).text
    assert vera.get("/account").status_code == 200 and other.get("/account").status_code == 401


def test_one_ends_ones_own_sessions_only(client_of, accounts):
    vera = client_of("vera")
    client_of("tom")
    (foreign,) = accounts.sessions("tom")
    assert sent(vera, "/account", act="end", session=foreign.id).status_code == 422
    assert accounts.sessions("tom") == [foreign]


def test_what_a_browser_says_is_not_shown_as_markup(accounts, client_of):
    vera = client_of("vera")
    accounts.open_session("vera", address="<b>", agent="<script>alert(1)</script>", how="password")
    text = vera.get("/account").text
    assert "<script>" not in text and "&lt;b&gt;" in text


def test_without_a_login_the_pages_lead_to_graft(tmp_path, monkeypatch, guarded):
    monkeypatch.setenv("GRAFT_LOGIN", "auto")
    browser = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
    for path in ("/login", "/welcome?code=x", "/account"):
        assert browser.get(path).headers["location"] == "./"


def test_one_ends_all_ones_other_sessions_at_once(client_of, accounts):
    vera, other, tom = client_of("vera"), client_of("vera"), client_of("tom")
    assert "End all others" in vera.get("/account").text and "End all others" not in tom.get("/account").text
    assert "All other sessions were ended." in sent(vera, "/account", act="end-others").text
    assert vera.get("/account").status_code == tom.get("/account").status_code == 200
    assert other.get("/account").status_code == 401


def test_where_graft_is_found_by_https_no_other_host_can_set_the_cookie(guarded, accounts, monkeypatch):
    monkeypatch.setenv("GRAFT_URL", "https://localhost")
    browser = TestClient(guarded, base_url="https://localhost", follow_redirects=False)
    answer = sent(browser, "/login", name="tom", password=PASSWORD)
    (cookie,) = (one for one in answer.headers.get_list("set-cookie") if COOKIE in one)
    assert cookie.startswith(f"__Host-{COOKIE}=") and {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie and browser.get("/account").status_code == 200
    browser.cookies.set(COOKIE, browser.cookies[f"__Host-{COOKIE}"])
    del browser.cookies[f"__Host-{COOKIE}"]
    assert browser.get("/account").status_code == 401


def test_whoever_signs_in_again_gets_a_new_session_in_place_of_the_old_one(client_of, accounts):
    ada = client_of("ada")
    before = ada.cookies[COOKIE]
    assert ada.get("/login?next=/people").headers["location"] == "./people"
    page = ada.get("/login?fresh=1&next=/people")
    assert page.status_code == 200
    wrong = ada.post("/login", data=hidden(page.text) | {"name": "ada", "password": "wrong"})
    assert wrong.status_code == 401 and accounts.signed_in(session_digest(before)) is not None
    answer = ada.post("/login", data=hidden(wrong.text) | {"name": "ada", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "./people")
    assert accounts.signed_in(session_digest(before)) is None and len(accounts.sessions("ada")) == 1


def test_one_downloads_what_the_registry_holds_about_oneself_and_nothing_of_others(client_of, accounts):
    tom = client_of("tom")
    assert 'href="account-data"' in tom.get("/account").text
    answer = tom.get("/account-data")
    assert answer.headers["content-disposition"] == 'attachment; filename="graft-account-tom.json"'
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["account"]["name"] == "tom" and len(told["sessions"]) == 1
    assert accounts.user("tom").password not in answer.text and "vera" not in answer.text
    (entry,) = accounts.log_entries(1)
    assert (entry.who, entry.action) == ("tom", "download_account_data")
    assert client_of("vera").get("/account-data?user=tom").json()["account"]["name"] == "vera"


def test_a_deleted_account_is_out_at_once(client_of, accounts):
    tom = client_of("tom")
    _, secret = accounts.create_token("notebook", "read", owner="tom")
    program = TestClient(tom.app, base_url=f"{ADDRESS}/api/v1", headers={"Authorization": f"Bearer {secret}"})
    accounts.delete_user("tom")
    visits().forget()
    assert tom.get("/account").status_code == 401 and program.get("/runs").status_code == 401
    assert sent(tom, "/login", name="tom", password=PASSWORD).status_code == 401
