"""The second factor: set up, asked for at every sign-in with a password or a link, removed; whom it is demanded of."""

import re

import pyotp
import pytest
from starlette.testclient import TestClient

from core.people.acting import acting_as
from core.registry import second_factors
from core.registry.sessions import OPENID, session_digest
from core.registry.sign_ins import ACCOUNT_AT_ONCE
from core.web.server import visits as visits_module
from core.web.server.visits import COOKIE, visits
from tests.core.web.server.conftest import ADDRESS, PASSWORD
from tests.core.web.server.test_accounts import NEW, hidden, sent

HTML = {"accept": "text/html"}


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Of codes alone; a fixed one would end sessions."""
    now = [1_800_000_000.0]

    class Clock:
        @staticmethod
        def time() -> float:
            return now[0]

    monkeypatch.setattr(second_factors, "time", Clock)
    return now


@pytest.fixture
def browser(guarded, accounts) -> TestClient:
    return TestClient(guarded, base_url=ADDRESS, follow_redirects=False)


def set_up(registry, name: str, clock: list[float]) -> tuple[pyotp.TOTP, list[str]]:
    """The app and the recovery codes of an account that has a second factor from now on."""
    with acting_as(registry.user(name).person()):
        app = pyotp.TOTP(registry.begin_second_factor())
        codes = registry.confirm_second_factor(app.at(clock[0]))
    clock[0] += 60
    visits().forget()
    return app, codes


def test_it_is_set_up_with_the_app_and_then_asked_for(client_of, browser, accounts, clock):
    tom = client_of("tom")
    assert "Set it up" in tom.get("/second-factor").text and "Off:" in tom.get("/account").text
    assert sent(tom, "/second-factor", act="begin").headers["location"] == "./second-factor"
    page = tom.get("/second-factor").text
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    assert '<svg class="qr"' in page and "style=" not in page and "<style" not in page
    app = pyotp.TOTP(secret)
    assert "The code is wrong" in sent(tom, "/second-factor", act="confirm", factor=app.at(clock[0] + 300)).text
    done = sent(tom, "/second-factor", act="confirm", factor=app.at(clock[0])).text
    codes = re.findall(r"<code>([A-Z2-7-]+)</code>", done)
    assert len(codes) == 8 and "shown only now" in done
    assert "8 of 8 recovery codes" in tom.get("/second-factor").text and "On:" in tom.get("/account").text

    answer = sent(browser, "/login?next=/runs", name="tom", password=PASSWORD)
    assert answer.headers["location"] == "./second-step?next=%2Fruns" and COOKIE not in browser.cookies
    assert browser.get("/account").status_code == 401
    (cookie,) = (one for one in answer.headers.get_list("set-cookie") if one.startswith("graft_step"))
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Max-Age=300" in cookie
    clock[0] += 30
    done = sent(browser, "/second-step?next=/runs", factor=app.at(clock[0]))
    assert (done.status_code, done.headers["location"]) == (303, "./runs")
    assert accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1].name == "tom"
    assert accounts.log_entries(1)[0].detail["with"] == "password and code"
    assert "graft_step" not in browser.cookies


def test_a_wrong_password_never_asks_for_a_code(browser, accounts, clock):
    set_up(accounts, "tom", clock)
    answer = sent(browser, "/login", name="tom", password="wrong horse battery")
    assert answer.status_code == 401 and "The name or the password is wrong." in answer.text
    assert "graft_step" not in browser.cookies
    assert browser.get("/second-step").headers["location"] == "./login"


def test_a_code_that_was_seen_is_of_no_use(browser, accounts, clock, guarded):
    app, _ = set_up(accounts, "tom", clock)
    code = app.at(clock[0])
    sent(browser, "/login", name="tom", password=PASSWORD)
    assert sent(browser, "/second-step", factor=code).status_code == 303
    other = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
    sent(other, "/login", name="tom", password=PASSWORD)
    answer = sent(other, "/second-step", factor=code)
    assert answer.status_code == 401 and "was used already" in answer.text and COOKIE not in other.cookies


def test_a_recovery_code_signs_in_once(browser, accounts, clock):
    _, codes = set_up(accounts, "tom", clock)
    for status in (303, 401):
        browser.cookies.clear()
        sent(browser, "/login", name="tom", password=PASSWORD)
        assert sent(browser, "/second-step", factor=codes[3]).status_code == status
    assert accounts.recovery_codes_left("tom") == 7


def test_codes_are_guessed_as_rarely_as_passwords_also_by_whoever_knows_the_password(browser, accounts, clock):
    """A right password must not begin the count anew."""
    app, _ = set_up(accounts, "tom", clock)
    for _ in range(ACCOUNT_AT_ONCE):
        sent(browser, "/login", name="tom", password=PASSWORD)
        assert sent(browser, "/second-step", factor="000000").status_code == 401
    answer = sent(browser, "/second-step", factor=app.at(clock[0]))
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 60
    assert sent(browser, "/login", name="tom", password=PASSWORD).status_code == 429
    assert accounts.log_entries(1)[0].detail["because"] == "wrong code"


def test_one_sign_in_that_waits_is_one_session_and_needs_its_form(browser, accounts, clock):
    app, _ = set_up(accounts, "tom", clock)
    sent(browser, "/login", name="tom", password=PASSWORD)
    waiting, form = browser.cookies["graft_step"], hidden(browser.get("/second-step").text)
    assert browser.post("/second-step", data={"factor": app.at(clock[0])}).status_code == 403
    assert browser.post("/second-step", data=form | {"factor": app.at(clock[0])}).status_code == 303
    browser.cookies.clear()
    browser.cookies.set("graft_step", waiting)
    again = browser.post("/second-step", data=form | {"factor": app.at(clock[0] + 30)})
    assert again.headers["location"].startswith("./login") and COOKIE not in browser.cookies


def test_a_link_that_somebody_has_read_is_not_enough(browser, accounts, clock):
    app, _ = set_up(accounts, "vera", clock)
    filled = {"code": accounts.new_link("vera"), "password": NEW, "again": NEW}
    form = hidden(browser.post("/welcome", data=filled | {"password": "short"}).text)
    answer = browser.post("/welcome", data=form | filled)
    assert answer.headers["location"].startswith("./second-step") and COOKIE not in browser.cookies
    assert sent(browser, "/second-step", factor=app.at(clock[0])).status_code == 303
    assert accounts.log_entries(1)[0].detail["with"] == "one-time link and code"


def test_removing_it_takes_password_and_code(client_of, accounts, clock):
    app, _ = set_up(accounts, "tom", clock)
    tom = client_of("tom")
    wrong = {"act": "remove", "password": "wrong", "factor": app.at(clock[0])}
    assert "present password is wrong" in sent(tom, "/second-factor", **wrong).text
    assert "The code is wrong" in sent(tom, "/second-factor", **wrong | {"password": PASSWORD, "factor": "1"}).text
    assert accounts.user("tom").second_factor
    sent(tom, "/second-factor", **wrong | {"password": PASSWORD})
    assert not accounts.user("tom").second_factor


def test_a_stolen_cookie_sets_none_up(client_of, accounts, monkeypatch, clock):
    tom = client_of("tom")
    form = hidden(tom.get("/second-factor").text)
    monkeypatch.setattr(visits_module, "RECENT_SECONDS", -1)
    assert "Sign in again" in tom.get("/second-factor").text
    tom.post("/second-factor", data=form | {"act": "begin"})
    with acting_as(accounts.user("tom").person()):
        assert accounts.begun_second_factor() is None
        app = pyotp.TOTP(accounts.begin_second_factor())
    tom.post("/second-factor", data=form | {"act": "confirm", "factor": app.at(clock[0])})
    assert not accounts.user("tom").second_factor


def test_forms_of_other_sites_change_nothing(client_of, accounts):
    tom = client_of("tom")
    assert tom.post("/second-factor", data={"act": "begin"}).status_code == 403


# --- who must have one ---


def test_whoever_must_have_one_is_led_to_set_it_up_first(client_of, accounts, monkeypatch, clock):
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "admins")
    ada, tom = client_of("ada"), client_of("tom")
    for path, there in (("/runs", "second-factor"), ("/account", "second-factor"), ("/a/b", "../second-factor")):
        assert ada.get(path, headers=HTML).headers["location"] == there
    assert ada.get("/media/x").status_code == 403 and "second factor" in ada.get("/media/x").text
    assert "Your role needs a second factor" in ada.get("/second-factor").text
    assert tom.get("/account").status_code == 200
    set_up(accounts, "ada", clock)
    assert ada.get("/account").status_code == 200
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "everybody")
    visits().forget()
    assert tom.get("/account").status_code == 403


def test_without_it_health_tells_no_more_than_to_strangers(client_of, monkeypatch):
    ada = client_of("ada")
    assert "version" in ada.get("/healthz").json()
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "admins")
    visits().forget()
    assert "version" not in ada.get("/healthz").json()


def test_one_can_sign_out_in_place_of_setting_one_up(client_of, accounts, monkeypatch):
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "everybody")
    tom = client_of("tom")
    token = hidden(tom.get("/second-factor").text)["token"]
    assert tom.post("/logout", data={"token": token}).status_code == 303 and not accounts.sessions("tom")


def test_people_of_the_provider_are_not_asked(guarded, accounts, monkeypatch):
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "everybody")
    browser = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
    _, secret = accounts.open_session("tom", address="::1", agent="x", how=OPENID)
    browser.cookies.set(COOKIE, secret)
    assert browser.get("/account").status_code == 200


def test_tokens_stay_as_they_are(guarded, accounts, monkeypatch):
    _, secret = accounts.create_token("notebook", "read", owner="ada")
    monkeypatch.setenv("GRAFT_SECOND_FACTOR", "everybody")
    program = TestClient(guarded, base_url=f"{ADDRESS}/api/v1", headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/runs").status_code == 200
