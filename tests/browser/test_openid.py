"""Signing in with a real browser through a real OpenID provider on this machine, and out of both."""

import re

import pytest
from playwright.sync_api import expect

from core.files.home import registry_file
from core.registry import Registry
from tests.browser.conftest import READY, free_port, new_context, start_server, stop_server
from tests.openid_provider import CLIENT, SECRET, provider_here


@pytest.fixture
def provider():
    with provider_here() as running:
        yield running


@pytest.fixture
def guarded(tmp_path, monkeypatch, provider):
    secret, port = tmp_path / "secret", free_port()
    secret.write_text(SECRET)
    secret.chmod(0o600)
    values = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "SECRET_FILE": str(secret), "NAME": "Lab SSO"}
    for name, value in values.items():
        monkeypatch.setenv(f"GRAFT_OIDC_{name}", value)
    monkeypatch.setenv("GRAFT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("GRAFT_LOGIN", "required")
    server = start_server(tmp_path / "home", tmp_path / "server.log", port=port)
    yield server
    stop_server(server)


def test_signing_in_through_the_provider_and_out_of_both(guarded, provider, browser):
    registry = Registry.open(registry_file(guarded.settings))
    registry.add_user("anna", "trainer")
    registry.connect_account("anna", "anna@lab.example")
    context = new_context(browser)
    page, complaints = context.new_page(), []
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)

    page.goto(f"{guarded.url}/runs")
    page.get_by_role("link", name="Sign in with Lab SSO").click()
    expect(page).to_have_url(re.compile(f"^{provider.issuer}/oauth2/authorize"))
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_contain_text("Lab SSO has not signed you in: access was denied there")

    page.goto(f"{guarded.url}/runs")
    page.get_by_role("link", name="Sign in with Lab SSO").click()
    page.get_by_role("button", name="1001").click()
    page.wait_for_selector(READY)
    expect(page).to_have_url(f"{guarded.url}/runs")
    expect(page.get_by_text("anna, trainer")).to_be_visible()

    page.goto(f"{guarded.url}/account")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You have signed out of Graft.")
    assert registry.sessions() == []
    page.get_by_role("link", name="Sign out of Lab SSO too").click()
    expect(page).to_have_url(re.compile(f"^{provider.issuer}/oauth2/end_session"))
    assert complaints == []
    assert SECRET not in guarded.log.read_text()
    registry.close()
    context.close()
