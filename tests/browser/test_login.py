"""Signing in with a real browser: the first admin's link, a page, and the end of a session from elsewhere."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.files.home import registry_file
from core.registry import Registry
from tests.browser.conftest import READY, Server, new_context, start_server, stop_server

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[Server]:
    """A server where people sign in, and nobody has yet."""
    with guarded_in(tmp_path_factory.mktemp("guarded")) as server:
        yield server


@contextmanager
def guarded_in(folder: Path, **more: str) -> Iterator[Server]:
    server = start_server(folder / "home", folder / "server.log", GRAFT_LOGIN="required", **more)
    try:
        yield server
    finally:
        stop_server(server)


def code_on(server: Server) -> str:
    """The one-time code of a new account, as ``core users add`` prints one."""
    registry, name = Registry.open(registry_file(server.settings)), f"u{time.time_ns()}"
    registry.add_user(name, "trainer")
    secret = registry.new_link(name)
    registry.close()
    return secret


def code_of(log) -> str:
    """The first admin's one-time code, which the terminal shows."""
    for _ in range(300):
        found = re.search(r"/welcome#code=([\w-]+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def set_first_password(page) -> None:
    """Fills in the form of the first admin's link, as ada, and waits for the dashboard."""
    page.get_by_label("Your name").fill("ada")
    set_password(page)


def set_password(page) -> None:
    fill_password(page)
    page.wait_for_selector(READY)


def fill_password(page) -> None:
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()


def test_signing_in_and_the_end_of_a_session(browser, tmp_path):
    with guarded_in(tmp_path) as server:
        context = new_context(browser)
        page, complaints = context.new_page(), []
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"{server.url}/runs")
        expect(page).to_have_url(f"{server.url}/login?next=%2Fruns")
        page.goto(f"{server.url}/welcome#code={code_of(server.log)}")
        set_first_password(page)
        context.clear_cookies()
        page.goto(f"{server.url}/runs")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector(READY)
        expect(page).to_have_url(f"{server.url}/runs")
        expect(page.get_by_text("ada, admin")).to_be_visible()
        registry = Registry.open(registry_file(server.settings))
        registry.end_sessions("ada")  # as another process does, the command line for example
        registry.close()
        expect(page).to_have_url(f"{server.url}/login?next=%2Fruns", timeout=30_000)
        assert complaints == []
        context.close()


def test_the_code_of_a_link_reaches_no_server_but_in_a_form_and_passwords_can_be_seen(guarded, browser):
    context = new_context(browser)
    page, code, asked = context.new_page(), code_on(guarded), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{guarded.url}/welcome#code={code}")
    first, again = page.get_by_label("New password", exact=True), page.get_by_label("New password again")
    expect(first).to_be_visible()
    assert asked and not any(code in url for url in asked)
    first.fill(PASSWORD)
    page.get_by_label("Show what I type").check()
    assert (first.get_attribute("type"), again.get_attribute("type")) == ("text", "text")
    page.get_by_label("Show what I type").uncheck()
    assert first.get_attribute("type") == "password"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    context.close()


def test_a_new_password_has_a_meter_for_which_no_other_field_is_sent(guarded, browser):
    context = new_context(browser)
    page, complaints, asked = context.new_page(), [], []
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.on("request", lambda request: asked.append(request) if "password-strength" in request.url else None)
    page.goto(f"{guarded.url}/welcome#code={code_on(guarded)}")
    first = page.get_by_label("New password", exact=True)
    page.get_by_label("New password again").fill("something else")
    expect(page.locator("meter")).to_be_hidden()
    for typed, word in (("short", "Too short"), ("password1234", "Very weak"), (PASSWORD, "Strong")):
        first.fill(typed)
        expect(page.locator(".strength")).to_contain_text(word)
    assert page.get_by_role("meter", name="Strength of the password").get_attribute("value") == "4"
    first.press_sequentially(" and so on", delay=20)
    expect(page.locator(".strength")).to_contain_text("Strong")
    assert len(asked) <= 5 and not any("something" in one.post_data for one in asked) and complaints == []
    first.fill("")
    expect(page.locator("meter")).to_be_hidden()
    context.close()


def test_without_scripts_the_code_is_typed(guarded, browser):
    context = new_context(browser, java_script_enabled=False)
    page = context.new_page()
    code = code_on(guarded)
    page.goto(f"{guarded.url}/welcome#code={code}")
    page.get_by_label("One-time code").fill(code)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("New password again")).to_be_visible()
    context.close()


def test_the_account_page_has_the_times_of_the_visitor(guarded, browser):
    context = new_context(browser, timezone_id="Asia/Tokyo")
    page, complaints = context.new_page(), []
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{guarded.url}/welcome#code={code_on(guarded)}")
    set_password(page)
    page.goto(f"{guarded.url}/account")
    shown = page.locator("time").first
    expect(shown).to_contain_text("just now")
    exact = shown.get_attribute("title")
    assert re.fullmatch(r"\d+ \w+ \d{4}, \d\d:\d\d (JST|GMT\+9)", exact), exact
    assert shown.locator(".read-aloud").text_content() == f" ({exact})" and complaints == []
    assert page.locator(".read-aloud").first.bounding_box()["width"] <= 1
    context.close()
