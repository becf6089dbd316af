"""The frame around every page, in a real browser against a fresh server."""

import os
import re
import subprocess
import sys

import httpx
from playwright.sync_api import expect

from core.settings import REPOSITORY
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import FONTS, new_context, visit_with

PAGES = [entry for entries in SECTIONS.values() for entry in entries]
PATHS = ["/" if name == "overview" else f"/{name}" for name, _, _ in PAGES]


def test_the_first_visitor_of_a_fresh_server_who_opens_a_deep_link_gets_the_frame(visit):
    page = visit.open("/runs?run=r-unknown1")
    navigation = page.get_by_test_id("stSidebarNav")
    for name, title, _ in PAGES:
        if name != "people":  # without a login there are no accounts
            expect(navigation.get_by_text(title, exact=True)).to_be_visible()
    expect(navigation.get_by_text("People", exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="Runs").first).to_be_visible()


def test_a_call_outside_would_be_noticed(filled_visit):
    page = filled_visit.open()
    with page.expect_console_message(lambda line: "outside.example" in line.text):
        page.evaluate("fetch('http://outside.example/x').catch(() => 0)")
    assert filled_visit.outside == ["http://outside.example/x"] or filled_visit.complaints


def test_a_dialog_of_a_dark_page_is_dark_and_its_small_print_reads(browser, filled_server):
    with new_context(browser, color_scheme="dark") as context:
        page = visit_with(context, filled_server).open("/datasets?dataset=flowers")
        page.get_by_role("button", name="Delete this dataset").click()
        words = page.get_by_role("dialog").get_by_text("This cannot be undone.")
        words.wait_for()
        red, green, blue = re.findall(r"\d+", words.evaluate("e => getComputedStyle(e).color"))[:3]
    assert min(int(red), int(green), int(blue)) > 150


def test_text_is_set_in_the_shipped_font(visit):
    page = visit.open()
    assert "Inter" in page.evaluate(FONTS)


def test_another_host_name_is_refused(server):
    assert httpx.get(server.url, headers={"Host": "evil.example"}).status_code == 421


def test_a_taken_port_is_one_sentence(server):
    environ = os.environ | {"GRAFT_HOME": str(server.settings.home), "GRAFT_PORT": str(server.settings.port)}
    second = subprocess.run(
        [sys.executable, "app.py"], cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=120
    )
    assert second.returncode == 1
    assert f"Port {server.settings.port}" in second.stderr
    assert "GRAFT_PORT" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_ticked_way_joins_the_plan_with_its_cost_in_view_and_can_be_launched(filled_visit):
    """A pattern that is not ticked by default; no training is started here."""
    page = filled_visit.open("/train")
    launch = page.get_by_role("button", name=re.compile("^Launch"))
    expect(launch).to_have_text(re.compile("Launch 2 runs"))
    page.get_by_test_id("stCheckbox").filter(has_text="Feature extraction + scikit-learn").locator("label").click()
    expect(launch).to_have_text(re.compile("Launch 4 runs"))
    page.get_by_text("Hyperparameters", exact=True).click()
    expect(page.get_by_role("tab", name="Feature extraction + scikit-learn")).to_be_visible()
    page.get_by_text("Every run of the plan", exact=True).click()
    plan = page.get_by_test_id("stDataFrame").last
    for said in ("Lite0 · feature extraction", "Lite1 · feature extraction + logistic regression"):
        expect(plan).to_contain_text(said)
    expect(launch).to_be_enabled()
