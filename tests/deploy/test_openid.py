"""Signing in through a real OpenID provider that demands PKCE, Debian's Glewlwyd: with a browser, and step by step."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core.errors import Forbidden
from core.files.home import registry_file
from core.people.openid import Provider, SignInFlow, checked_claims
from core.registry import Registry
from core.settings import OpenId
from tests.browser.conftest import READY, Server, free_port, start_server, stop_server
from tests.deploy.glewlwyd import CLIENT, PASSWORD, SCOPES, SECRET, Glewlwyd, running

BACK = "http://127.0.0.1:9/openid-callback"
"""Of the steps without a Graft: nobody listens there."""


@dataclass(frozen=True)
class Site:
    provider: Glewlwyd
    server: Server
    registry: Registry


@pytest.fixture(scope="module")
def provider() -> Iterator[Glewlwyd]:
    with running() as glewlwyd:
        glewlwyd.add_person("root", "root@lab.example", "ops", "staff")
        glewlwyd.add_person("anna", "Anna@lab.example", "ml", "staff")
        glewlwyd.add_person("bert", "bert@lab.example")
        glewlwyd.add_person("dora", "dora@lab.example")
        glewlwyd.add_person("emil", "emil@lab.example")
        glewlwyd.add_person("carl", "root@lab.example", verified=False)
        yield glewlwyd


@pytest.fixture(scope="module")
def site(provider, tmp_path_factory) -> Iterator[Site]:
    port, folder = free_port(), tmp_path_factory.mktemp("openid")
    url = f"http://127.0.0.1:{port}"
    provider.add_client(CLIENT, SECRET, f"{url}/openid-callback", f"{url}/login")
    (folder / "secret").write_text(SECRET)
    (folder / "secret").chmod(0o600)
    settings = {
        "GRAFT_LOGIN": "required",
        "GRAFT_URL": url,
        "GRAFT_OIDC_ISSUER": provider.issuer,
        "GRAFT_OIDC_CLIENT_ID": CLIENT,
        "GRAFT_OIDC_SECRET_FILE": str(folder / "secret"),
        "GRAFT_OIDC_NAME": "Lab SSO",
        "GRAFT_OIDC_ROLE": "viewer",
        "GRAFT_OIDC_ADMINS": "groups=ops",
        "GRAFT_OIDC_TRAINERS": "groups=ml",
    }
    server = start_server(folder / "home", folder / "server.log", port=port, **settings)
    registry = Registry.open(registry_file(server.settings))
    yield Site(provider, server, registry)
    registry.close()
    stop_server(server)


@pytest.fixture
def new_browser(browser) -> Iterator[Callable[[], Page]]:
    """Pages of browsers that know nobody."""
    contexts: list[BrowserContext] = []

    def opened() -> Page:
        contexts.append(browser.new_context(locale="en"))
        return contexts[-1].new_page()

    yield opened
    for each in contexts:
        each.close()


def begin(page: Page, site: Site, goal: str = "/runs") -> None:
    """To the provider's page."""
    page.goto(f"{site.server.url}{goal}")
    page.get_by_role("link", name="Sign in with Lab SSO").click()
    expect(page).to_have_url(re.compile(f"^{re.escape(site.provider.issuer.removesuffix('/api/oidc'))}/login.html"))


def sign_in_there(page: Page, name: str) -> None:
    """As a person does it on the provider's own pages, where what Graft asks for is granted."""
    page.get_by_label("Login").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="OK", exact=True).click()
    for scope in ("email", "profile", "groups"):
        page.get_by_role("checkbox", name=scope).check()
    page.get_by_role("button", name="Grant access").click()
    page.get_by_role("button", name="Continue").click()


def signed_in(page: Page, site: Site, name: str, goal: str = "/runs") -> None:
    begin(page, site, goal)
    sign_in_there(page, name)
    page.wait_for_selector(READY)
    expect(page).to_have_url(f"{site.server.url}{goal}")


def test_what_the_provider_says_of_itself_is_understood(provider):
    said = provider.description()
    assert said["issuer"] == provider.issuer
    assert said["require_code_challenge"] and said["code_challenge_methods_supported"] == ["S256"]
    assert "RS256" in said["id_token_signing_alg_values_supported"]


def test_the_first_person_is_an_admin_by_a_claim_and_signs_out_of_both(site, new_browser):
    page = new_browser()
    signed_in(page, site, "root", "/people")
    expect(page.get_by_text(re.compile("root@.?lab.example, admin"))).to_be_visible()
    page.goto(f"{site.server.url}/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You have signed out of Graft.")
    assert site.registry.sessions() == []
    page.get_by_role("link", name="Sign out of Lab SSO too").click()
    page.get_by_role("button", name="Logout").click()
    expect(page.get_by_text("You are disconnected")).to_be_visible()
    begin(page, site)
    expect(page.get_by_label("Password")).to_be_visible()


def test_claims_decide_the_role_and_an_address_that_is_not_verified_is_nobodys(site, new_browser):
    for name, role in (("anna", "trainer"), ("bert", "viewer")):
        page = new_browser()
        signed_in(page, site, name)
        expect(page.get_by_text(re.compile(f"{name}@.?lab.example, {role}"))).to_be_visible()
    page = new_browser()
    begin(page, site)
    sign_in_there(page, "carl")
    expect(page.get_by_role("alert")).to_contain_text("The provider has told no verified e-mail address")
    assert "root@lab.example" not in {one.user for one in site.registry.sessions()}


def test_a_disabled_account_loses_its_page_and_gets_no_other(site, new_browser):
    page = new_browser()
    signed_in(page, site, "dora")
    site.registry.disable_user("dora@lab.example")
    expect(page).to_have_url(re.compile("/login"))
    page.get_by_role("link", name="Sign in with Lab SSO").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("The account dora@lab.example is disabled. Ask an admin.")


def test_whom_the_provider_has_disabled_does_not_get_past_its_page(site, new_browser):
    site.provider.disable_person("emil")
    page = new_browser()
    begin(page, site)
    page.get_by_label("Login").fill("emil")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="OK", exact=True).click()
    expect(page.get_by_text("Authentication error")).to_be_visible()


# --- step by step ---


@dataclass
class Steps:
    """A client of the provider, as Graft is one, and a person who has signed in there."""

    asked: Provider
    person: httpx.Client

    def code(self, flow: SignInFlow) -> str:
        """The provider's answer to the browser."""
        answer = self.person.get(f"{self.asked.address(flow)}&g_continue")
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert answer.headers["location"].startswith(BACK) and sent["state"] == [flow.state], answer.headers
        return sent["code"][0]


@pytest.fixture(scope="module")
def steps(provider, tmp_path_factory) -> Iterator[Callable[[str, str], Steps]]:
    """Of a client with a secret, or without one."""
    folder = tmp_path_factory.mktemp("steps")
    people: list[httpx.Client] = []

    def made(client: str, secret: str) -> Steps:
        provider.add_client(client, secret, BACK, BACK)
        path = folder / client
        path.write_text(secret)
        path.chmod(0o600)
        settings = OpenId(
            issuer=provider.issuer,
            client=client,
            secret_file=path if secret else None,
            title="Lab SSO",
            admins="groups=x",
        )
        person = httpx.Client(base_url=provider.issuer.removesuffix("oidc"), timeout=30)
        people.append(person)
        person.post("auth/", json={"username": "anna", "password": PASSWORD}).raise_for_status()
        person.put(f"auth/grant/{client}", json={"scope": " ".join(SCOPES)}).raise_for_status()
        return Steps(Provider(settings, BACK), person)

    yield made
    for each in people:
        each.close()


@pytest.mark.parametrize("secret", [SECRET, ""], ids=["with a secret", "public"])
def test_a_code_is_of_use_once_with_the_verifier_that_it_was_asked_with(steps, secret):
    client = "once" if secret else "public"
    made, flow = steps(client, secret), SignInFlow("a secret of a browser")
    code = made.code(flow)
    with pytest.raises(Forbidden, match="Lab SSO refused the sign-in"):
        made.asked.identity(SignInFlow("of another browser"), code)
    code = made.code(flow)
    person = made.asked.identity(flow, code)
    assert person.email == "anna@lab.example" and person.claims["groups"] == ["ml", "staff"]
    assert person.claims["nonce"] == flow.nonce and person.claims["aud"] == client
    with pytest.raises(Forbidden, match="Lab SSO refused the sign-in"):
        made.asked.identity(flow, code)


def test_the_provider_gives_no_code_without_a_challenge(steps):
    made, flow = steps("challenge", SECRET), SignInFlow("a secret of a browser")
    plain = re.sub("&code_challenge(_method)?=[^&]*", "", made.asked.address(flow))
    assert "error=invalid_request" in made.person.get(f"{plain}&g_continue").headers["location"]


def test_a_wrong_secret_is_refused(steps):
    made, flow = steps("secret", SECRET), SignInFlow("a secret of a browser")
    code = made.code(flow)
    made.asked.settings.secret_file.write_text("another secret")
    with pytest.raises(Forbidden, match="an admin checks GRAFT_OIDC_CLIENT_ID, the secret"):
        made.asked.identity(flow, code)


def test_a_token_for_somebody_else_for_another_attempt_or_of_yesterday_is_refused(steps, monkeypatch):
    made, flow = steps("tokens", SECRET), SignInFlow("a secret of a browser")
    token = made.asked.identity(flow, made.code(flow)).token
    keys, settings = httpx.get(made.asked._endpoint("jwks_uri")).json(), made.asked.settings
    assert checked_claims(token, keys, settings, flow.nonce)["sub"]
    with pytest.raises(Forbidden, match="cannot be believed"):
        checked_claims(token, keys, replace(settings, client="graft"), flow.nonce)
    with pytest.raises(Forbidden, match="cannot be believed"):
        checked_claims(token, keys, settings, SignInFlow("another").nonce)
    with pytest.raises(Forbidden, match="cannot be believed"):
        checked_claims(token[:-8] + ("A" * 8), keys, settings, flow.nonce)
    later = time.time() + 24 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Forbidden, match=r"no longer valid: .* made 864\d\d seconds ago"):
        checked_claims(token, keys, settings, flow.nonce)
