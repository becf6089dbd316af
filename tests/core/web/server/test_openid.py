"""Signing in through an OpenID provider, against a real one on this machine."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from core.registry.sessions import session_digest
from core.web.server.openid import FLOW_COOKIE, TOKEN_COOKIE
from core.web.server.visits import COOKIE
from tests.core.web.server.conftest import ADDRESS
from tests.core.web.server.test_accounts import hidden
from tests.openid_provider import CLIENT, SECRET, provider_here


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def settings_of(guarded, accounts, monkeypatch, secret_file):
    """Set the variables for a provider."""

    def set_(issuer: str, **more: str) -> None:
        values = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "SECRET_FILE": str(secret_file), "NAME": "Lab SSO", **more}
        monkeypatch.setenv("GRAFT_URL", ADDRESS)
        for name, value in values.items():
            monkeypatch.setenv(f"GRAFT_OIDC_{name}", value)

    return set_


@pytest.fixture
def provider(settings_of):
    with provider_here() as running:
        settings_of(running.issuer)
        yield running


@pytest.fixture
def browser(guarded, accounts) -> TestClient:
    return TestClient(guarded, base_url=ADDRESS, follow_redirects=False)


def at_the_provider(address: str, **form: str) -> str:
    """What somebody does there; where the provider sends the browser then, without the host of Graft."""
    answer = httpx.post(address, data=form)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix(ADDRESS)


def signed_in(browser: TestClient, sub: str, goal: str = "/"):
    begun = browser.get(f"/openid?next={goal}")
    assert begun.status_code == 303, begun.text
    return browser.get(at_the_provider(begun.headers["location"], sub=sub))


def user_of(browser: TestClient, accounts):
    return accounts.signed_in(session_digest(browser.cookies[COOKIE]))[1]


def test_the_sign_in_page_offers_the_provider_beside_local_accounts(browser, provider):
    text = browser.get("/login?next=/runs%3Frun%3Dr-1").text
    assert "Sign in with Lab SSO" in text and 'href="openid?next=%2Fruns%3Frun%3Dr-1"' in text
    assert 'name="password"' in text


def test_an_invited_person_signs_in_and_comes_to_the_page_that_was_asked_for(browser, provider, accounts):
    accounts.add_user("anna", "trainer")
    accounts.connect_account("anna", "anna@lab.example")
    answer = signed_in(browser, "1001", goal="/runs%3Frun%3Dr-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "./runs?run=r-1")
    assert user_of(browser, accounts).name == "anna" and browser.get("/account").status_code == 200
    assert accounts.user("anna").subject == f"{provider.issuer} 1001"
    entry = accounts.log_entries(1)[0]
    assert (entry.action, entry.who, entry.detail["with"]) == ("sign_in", "anna", "OpenID")
    assert FLOW_COOKIE not in browser.cookies


def test_the_request_has_state_nonce_and_the_challenge_of_pkce_and_no_secret(browser, provider):
    begun = browser.get("/openid")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
    assert asked["redirect_uri"] == f"{ADDRESS}/openid-callback" and {"openid", "email"} <= set(asked["scope"].split())
    values = [asked["state"], asked["nonce"], asked["code_challenge"]]
    assert len({*values}) == 3 and all(len(one) >= 43 for one in values)
    assert SECRET not in begun.headers["location"]
    (cookie,) = (one for one in begun.headers.get_list("set-cookie") if one.startswith(FLOW_COOKIE))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Max-Age=600" in cookie


def test_whoever_signs_in_again_is_asked_by_the_provider_and_gets_a_new_session(browser, provider, accounts):
    accounts.add_user("anna", "admin")
    accounts.connect_account("anna", "anna@lab.example")
    signed_in(browser, "1001")
    before = session_digest(browser.cookies[COOKIE])
    assert browser.get("/openid?next=/people").headers["location"] == "./people"
    assert 'href="openid?fresh=1&amp;next=%2Fpeople"' in browser.get("/login?fresh=1&next=/people").text
    begun = browser.get("/openid?fresh=1&next=/people")
    assert parse_qs(urlsplit(begun.headers["location"]).query)["prompt"] == ["login"]
    answer = browser.get(at_the_provider(begun.headers["location"], sub="1001"))
    assert answer.headers["location"] == "./people"
    assert accounts.signed_in(before) is None and user_of(browser, accounts).name == "anna"


def test_strangers_are_refused_unless_a_role_is_set_for_them(browser, provider, accounts, settings_of):
    answer = signed_in(browser, "1001")
    assert answer.status_code == 403 and "anna@lab.example has no account here" in answer.text
    assert COOKIE not in browser.cookies
    entry = accounts.log_entries(1)[0]
    assert entry.action == "sign_in_failed" and entry.detail["user"] == "anna@lab.example"
    settings_of(provider.issuer, ROLE="viewer")
    assert signed_in(browser, "1001").status_code == 303
    assert (user_of(browser, accounts).name, str(user_of(browser, accounts).role)) == ("anna@lab.example", "viewer")


def test_claims_give_the_role(browser, provider, accounts, settings_of):
    settings_of(provider.issuer, ADMINS="groups=root", TRAINERS="groups=ops,ml")
    assert signed_in(browser, "1001").status_code == 303
    assert str(user_of(browser, accounts).role) == "trainer"
    del browser.cookies[COOKIE]
    assert signed_in(browser, "1002").status_code == 403


@pytest.mark.parametrize(("sub", "told"), [("1002", "no verified e-mail"), ("1003", "no verified e-mail")])
def test_without_a_verified_address_no_account_is_made(browser, provider, accounts, settings_of, sub, told):
    settings_of(provider.issuer, ROLE="viewer")
    answer = signed_in(browser, sub)
    assert answer.status_code == 400 and told in answer.text and f"subject:{sub}" in answer.text
    accounts.add_user("bert", "viewer")
    accounts.connect_account("bert", f"{provider.issuer} {sub}")
    assert signed_in(browser, sub).status_code == 303


def test_a_disabled_account_is_refused(browser, provider, accounts):
    accounts.add_user("anna", "trainer")
    accounts.connect_account("anna", "anna@lab.example")
    accounts.disable_user("anna")
    assert "The account anna is disabled" in signed_in(browser, "1001").text


def test_an_altered_state_another_browser_and_a_used_code_do_nothing(browser, provider, accounts, guarded, settings_of):
    settings_of(provider.issuer, ROLE="viewer")
    back = at_the_provider(browser.get("/openid").headers["location"], sub="1001")
    other = TestClient(guarded, base_url=ADDRESS, follow_redirects=False)
    other.get("/openid")
    for client, address in ((browser, back.replace("state=", "state=x")), (other, back), (browser, back)):
        before = len(provider.asked)
        answer = client.get(address)
        assert answer.status_code == 400 and "did not begin in this browser" in answer.text
        assert len(provider.asked) == before  # the code was not used; the third has no cookie any more
    begun = browser.get("/openid")
    flow = browser.cookies[FLOW_COOKIE]
    back = at_the_provider(begun.headers["location"], sub="1001")
    assert browser.get(back).status_code == 303
    browser.cookies.set(FLOW_COOKIE, flow)
    assert "refused the sign-in (invalid_grant)" in browser.get(back).text


def test_the_answer_of_another_provider_is_refused(browser, provider):
    back = at_the_provider(browser.get("/openid").headers["location"], sub="1001")
    answer = browser.get(f"{back}&iss=https://evil.example")
    assert answer.status_code == 400 and "another provider than Lab SSO" in answer.text


def test_denied_consent_is_one_sentence(browser, provider):
    begun = browser.get("/openid")
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = browser.get(f"/openid-callback?error=access_denied&error_description=%3Cb%3Ecall+us+now&state={state}")
    assert answer.status_code == 403 and "Lab SSO has not signed you in: access was denied there" in answer.text
    assert "call us" not in answer.text
    assert browser.get("/openid-callback?error=access_denied").status_code == 400


def test_a_clock_that_is_wrong_is_named(browser, settings_of):
    with provider_here(valid=timedelta(hours=-1)) as slow:
        settings_of(slow.issuer, ROLE="viewer")
        answer = signed_in(browser, "1001")
    assert answer.status_code == 403 and "sets the clock" in answer.text


def test_a_provider_that_is_away_leaves_the_passwords(browser, settings_of):
    settings_of("http://127.0.0.1:9")
    answer = browser.get("/openid")
    assert answer.status_code == 503 and "Lab SSO cannot be asked now" in answer.text
    assert 'name="password"' in answer.text


def test_a_wrong_secret_is_told_and_not_shown(browser, provider, secret_file):
    secret_file.write_text("another secret")
    text = signed_in(browser, "1001").text
    assert "refused the sign-in (invalid_client)" in text and "another secret" not in text
    secret_file.chmod(0o644)
    assert "chmod 600" in browser.get("/openid").text


def test_failures_are_limited_by_address(browser, provider, accounts, monkeypatch):
    monkeypatch.setattr("core.registry.sign_ins.ACCOUNT_AT_ONCE", 2)
    assert [signed_in(browser, "1001").status_code for _ in range(3)] == [403, 403, 429]


def test_signing_out_ends_the_session_here_and_offers_the_provider(browser, provider, accounts, settings_of):
    settings_of(provider.issuer, ROLE="viewer")
    signed_in(browser, "1001")
    digest = session_digest(browser.cookies[COOKIE])
    answer = browser.post("/logout", data={"token": hidden(browser.get("/account").text)["token"]})
    assert answer.headers["location"] == "./login?out=1" and accounts.signed_in(digest) is None
    assert 'href="openid-sign-out"' in browser.get("/login?out=1").text
    answer = browser.get("/openid-sign-out")
    there = answer.headers["location"]
    assert there.startswith(f"{provider.issuer}/oauth2/end_session?") and httpx.get(there).status_code == 200
    assert f'{TOKEN_COOKIE}=""' in answer.headers["set-cookie"], "forgotten"


def test_the_provider_is_told_which_of_its_sessions_to_end(browser, provider, settings_of, monkeypatch):
    """By what it has signed, which the browser sends to that address alone: Glewlwyd, for one, ends nothing without."""
    settings_of(provider.issuer, ROLE="viewer")
    (cookie,) = [one for one in signed_in(browser, "1001").headers.get_list("set-cookie") if TOKEN_COOKIE in one]
    assert "HttpOnly" in cookie and "Path=/openid-sign-out;" in cookie and "SameSite=lax" in cookie
    sent = parse_qs(urlsplit(browser.get("/openid-sign-out").headers["location"]).query)
    assert sent["id_token_hint"] == [cookie.partition("=")[2].partition(";")[0]]
    assert "id_token_hint" not in browser.get("/openid-sign-out").headers["location"], "once"
    browser.cookies.clear()
    monkeypatch.setattr("core.web.server.openid._TOKEN_LIMIT", 10)
    assert TOKEN_COOKIE not in str(signed_in(browser, "1001").headers.get_list("set-cookie")), "too long for a cookie"


def test_without_a_provider_its_addresses_lead_to_graft(browser):
    for path, goal in (("/openid", "./"), ("/openid-callback?code=x", "./"), ("/openid-sign-out", "./login")):
        assert browser.get(path).headers["location"] == goal
    assert "openid" not in browser.get("/login").text
