"""The strength meter: for whoever chooses a password now, at a limited rate, and nothing of it is kept."""

import pytest
from starlette.testclient import TestClient

from core.web.server import password_strength
from tests.core.web.server.conftest import ADDRESS
from tests.core.web.server.test_accounts import hidden

TYPED = "correct horse battery"


@pytest.fixture
def browser(guarded, accounts) -> TestClient:
    return TestClient(guarded, base_url=ADDRESS, follow_redirects=False)


def test_whoever_changes_their_password_is_told_how_strong_it_is(client_of, accounts):
    tom = client_of("tom")
    form = hidden(tom.get("/account").text)
    before = accounts.change_counter()
    answer = tom.post("/password-strength", data=form | {"password": TYPED})
    assert answer.json() == {"level": 4, "word": "Strong"} and answer.headers["cache-control"] == "no-store"
    assert tom.post("/password-strength", data=form | {"password": "so tom is here"}).json()["word"] == "Very weak"
    assert accounts.change_counter() == before


def test_whoever_has_a_link_is_told_too_and_the_first_admin_by_the_name_they_type(browser, accounts):
    code = accounts.new_link("vera")
    form = hidden(browser.post("/welcome", data={"code": code}).text)
    told = browser.post("/password-strength", data=form | {"password": "vera is here now", "name": "x"})
    assert told.json() == {"level": 1, "word": "Very weak"}
    accounts.use_link(code, "", "a hash")
    assert browser.post("/password-strength", data=form | {"password": TYPED}).status_code == 403
    for name in ("ada", "vera", "tom"):
        with accounts.writing(least=None) as connection:
            connection.exec_driver_sql(f"DELETE FROM users WHERE name = '{name}'")
    form = hidden(browser.post("/welcome", data={"code": accounts.first_link()}).text)
    told = browser.post("/password-strength", data=form | {"password": "root is here now", "name": "root"})
    assert told.json()["level"] == 1


def test_nobody_else_may_ask(browser, client_of, accounts):
    form = hidden(browser.get("/login").text)
    assert browser.post("/password-strength", data={"password": TYPED}).status_code == 403
    assert browser.post("/password-strength", data=form | {"password": TYPED}).status_code == 403
    assert browser.post("/password-strength", data=form | {"code": "x", "password": TYPED}).status_code == 403
    assert client_of("tom").post("/password-strength", data=form | {"password": TYPED}).status_code == 403
    linked = {"code": accounts.new_link("vera"), "password": TYPED}
    assert browser.post("/password-strength", data=linked).status_code == 403
    assert browser.post("/password-strength", data=form | linked).status_code == 200
    foreign = {"Origin": "https://evil.example"}
    assert browser.post("/password-strength", data=form, headers=foreign).status_code == 403


def test_each_address_may_ask_at_a_limited_rate(client_of, monkeypatch):
    tom = client_of("tom")
    form = hidden(tom.get("/account").text) | {"password": TYPED}
    asked = []
    monkeypatch.setattr(password_strength.rates, "take", lambda key: asked.append(key) or 1.2, raising=False)
    answer = tom.post("/password-strength", data=form)
    assert (answer.status_code, answer.headers["retry-after"], asked) == (429, "2", ["testclient"])


def test_a_body_has_its_limit(client_of):
    tom = client_of("tom")
    form = hidden(tom.get("/account").text) | {"password": "x" * 20_000}
    assert tom.post("/password-strength", data=form).status_code == 403
