"""Every page and view is opened once and checked in several ways, each of which takes less time than to open it.

Errors, calls outside, a walk with the Tab key, axe-core on a screen and on a phone in light and in dark, and what
overflows on the phone.
"""

from collections.abc import Iterator

import pyotp
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Status
from core.web.compare.view_list import VIEWS as COMPARE_VIEWS
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import READY, Server, new_context, start_server, stop_server
from tests.browser.keyboard import MAIN, walk
from tests.browser.screenshots import SCHEMES, SIGNED_IN, SIZES, SLOW_PAGES, addresses
from tests.browser.test_login import PASSWORD, code_of, fill_password, guarded_in, set_first_password

STREAMLITS_OWN = {
    ("list", "stSidebarNavItems"): "st.navigation puts its sections, which are no list items, into one list",
    ("listitem", "stSidebarNav"): "and the links of a section outside of one",
    ("presentation-role-conflict", "stFileUploaderDropzone"): "st.file_uploader labels its box, which has no role",
}
"""(rule, what stands in the element or around it): why it is left. Everything else is Graft's to mend."""

ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
IN_NAVIGATION = """(target) => Boolean(document.querySelector(target)?.closest('[data-testid="stSidebarNav"]'))"""


def problems(page: Page, options: dict | None = None) -> list[str]:
    """What axe-core finds on the page, without what is Streamlit's own.

    Args:
        options: of axe-core, as the rules to check.
    """
    found = []
    for rule in _violations(page, ONLY_VIOLATIONS | (options or {})):
        for node in rule["nodes"]:
            if not _is_streamlits(page, rule["id"], node):
                found.append(f"{rule['id']}: {rule['help']}\n  {node['target']}\n  {node['html'][:200]}")
    return found


def _violations(page: Page, options: dict) -> list[dict]:
    """axe-core is given to a page once and returns nothing else: what passes is most of its time and its answer."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate("(options) => axe.run(document, options).then((found) => found.violations)", options)


def _is_streamlits(page: Page, rule: str, node: dict) -> bool:
    for own, mark in STREAMLITS_OWN:
        if rule != own:
            continue
        if mark in node["html"]:
            return True
        target = node["target"][-1]
        if mark == "stSidebarNav" and isinstance(target, str) and page.evaluate(IN_NAVIGATION, target):
            return True
    return False


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory) -> Iterator[Server]:
    """A server where people sign in, with a link of the first admin in its log."""
    folder = tmp_path_factory.mktemp("guarded")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRAFT_LOGIN", "required")
        server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


PHONE, _ = SIZES["phone"]
"""Pixels from side to side."""
COLOURS = {"light": "rgb(252, 252, 250)", "dark": "rgb(18, 22, 20)"}
"""Behind a page, by which one sees that it has changed."""
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
"""What depends on the scheme; everything else was looked at in light."""


def in_all_looks(page: Page) -> list[str]:
    """What is wrong with the page that is open, on a screen and on a phone, in light and in dark.

    The phone begins with the scheme that the screen ended with: to draw a page in other colours takes longer than to
    look at it.
    """
    found = []
    for (size, (width, height)), schemes in zip(SIZES.items(), (SCHEMES, SCHEMES[::-1]), strict=True):
        page.set_viewport_size({"width": width, "height": height})
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            if page.get_by_test_id("stApp").count():
                _settle(page, scheme)
            rules = OF_COLOURS if scheme == "dark" else None
            found += [f"{size}, {scheme}: {problem}" for problem in problems(page, rules)]
    return found


def _settle(page: Page, scheme: str) -> None:
    """Until the scheme is there, and the script has run again for another width."""
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", COLOURS[scheme])
    page.wait_for_timeout(300)
    page.wait_for_selector(READY)


PAGES = [name for entries in SECTIONS.values() for name, _, _ in entries]


def address_of(name: str, server: Server) -> str:
    """Of a page, or of what pages show of one dataset and one run."""
    registry = Registry.open(registry_file(server.settings))
    run, dataset = registry.runs(status=Status.FINISHED)[0], registry.datasets()[0]
    registry.close()
    single = {"dataset": f"/datasets?dataset={dataset.id}", "run": f"/runs?run={run.id}"}
    single["label"] = f"/datasets?dataset={dataset.id}&label=next"
    return (addresses(server.settings) | SIGNED_IN | single)[name]


VIEWS = ("dataset", "check", "label", "run", "race", "backbone", "add-backbone", "add-file")
VIEWS += tuple(f"compare-{view}" for view in COMPARE_VIEWS)
SHOWN = {
    "dataset": ("With twice the training photos", "Train on a part of these photos", "3 likely label errors"),
    "check": ("Check photos of",),
    "label": ("1 of 5",),
    "compare-pairs": ("Head to head",),
}
"""What stands on a page, so that not an empty one is found accessible."""


OF_COMPARE = ".st-key-compare-view button"
"""Where the walk through a view begins: what is above it is the same in all of them."""


@pytest.mark.parametrize("name", [*PAGES, *VIEWS])
def test_every_page_works_by_keyboard_is_accessible_fits_a_phone_and_calls_nobody_outside(filled_visit, name):
    page = filled_visit.open(address_of(name, filled_visit.server))
    page.wait_for_timeout(SLOW_PAGES.get(name, 0))
    walked = walk(page, OF_COMPARE if name.startswith("compare-") else MAIN)
    for words in SHOWN.get(name, ()):
        expect(page.get_by_text(words).first).to_be_attached()
    expect_no_error(page)
    wrong = walked.faults + in_all_looks(page)
    assert not wrong, "\n".join(wrong)
    assert page.viewport_size["width"] == PHONE
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= PHONE
    expect_no_error(page)
    assert filled_visit.outside == []
    assert filled_visit.complaints == []


def expect_no_error(page: Page) -> None:
    assert page.get_by_text("Graft made a mistake").count() == 0
    assert page.get_by_test_id("stException").count() == 0


@pytest.mark.parametrize(
    ("name", "opened", "words"),
    [
        ("dataset", "Train on a part of these photos", "Classes"),
        ("dataset", "What it rests on, and class by class", "Class"),
        ("train", "What is worth training?", "SqueezeNet"),
    ],
)
def test_what_opens_at_a_click_is_accessible(filled_visit, name, opened, words):
    page = filled_visit.open(address_of(name, filled_visit.server))
    if not page.get_by_test_id("stExpander").filter(has_text=opened).locator("details[open]").count():
        page.get_by_text(opened).first.click()
    page.get_by_test_id("stExpander").filter(has_text=opened).get_by_text(words).first.wait_for()
    wrong = in_all_looks(page)
    assert not wrong, "\n".join(wrong)


def test_signing_in_the_account_and_the_pages_of_an_admin_are_accessible(browser, guarded_server):
    """From the first admin's link to the pages that only admins see."""
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(f"{guarded_server.url}/login")
        assert in_all_looks(page) == []
        page.goto(f"{guarded_server.url}/welcome?code={code_of(guarded_server.log)}")
        assert in_all_looks(page) == []
        set_first_password(page)
        for name in ("people", "audit", "access"):
            page.goto(f"{guarded_server.url}/{name}")
            page.wait_for_selector(READY)
            expect(page.get_by_text("ada, admin")).to_be_attached()
            assert in_all_looks(page) == [], name
        page.goto(f"{guarded_server.url}/account")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_label("New password", exact=True).fill("a password")
        expect(page.locator("meter")).to_be_visible()
        assert in_all_looks(page) == []


def test_the_second_factor_is_accessible_from_setting_it_up_to_signing_in_with_it(browser, tmp_path):
    """By a whole walk with the browser, where it is demanded of everybody."""
    with guarded_in(tmp_path, GRAFT_SECOND_FACTOR="everybody") as server, new_context(browser) as context:
        page, complaints = context.new_page(), []
        page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"{server.url}/welcome#code={code_of(server.log)}")
        page.get_by_label("Your name").fill("ada")
        fill_password(page)
        expect(page.get_by_text("Your role needs a second factor here.")).to_be_visible()
        page.get_by_role("button", name="Set it up").click()
        expect(page.get_by_role("img", name="QR code of the secret")).to_be_visible()
        assert in_all_looks(page) == []
        app = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
        page.get_by_label("Code", exact=True).fill(app.now())
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        assert in_all_looks(page) == []
        recovery = page.locator(".codes code").first.inner_text()
        page.get_by_role("link", name="I have kept them").click()
        page.wait_for_selector(READY)
        page.goto(f"{server.url}/second-factor")
        expect(page.get_by_text("8 of 8 recovery codes are left")).to_be_visible()
        assert in_all_looks(page) == []
        context.clear_cookies()
        page.goto(f"{server.url}/runs")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Enter a code")).to_be_visible()
        assert in_all_looks(page) == []
        page.get_by_label("Code", exact=True).fill(recovery)
        page.get_by_role("button", name="Go on").click()
        page.wait_for_selector(READY)
        expect(page).to_have_url(f"{server.url}/runs")
        assert complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_an_empty_home_is_accessible(visit, name):
    page = visit.open((addresses(visit.server.settings) | SIGNED_IN)[name])
    page.wait_for_timeout(SLOW_PAGES.get(name, 500))
    wrong = problems(page)
    assert not wrong, "\n".join(wrong)


def test_what_is_wrong_is_found(filled_visit):
    """The list of exceptions hides nothing else."""
    page = filled_visit.open("/models")
    assert problems(page) == []
    wrong = "<h4>skipped</h4><img src='x'>"
    page.evaluate(
        "(html) => document.querySelector('[data-testid=stMain]').insertAdjacentHTML('beforeend', html)", wrong
    )
    assert sorted(problem.partition(":")[0] for problem in problems(page)) == ["heading-order", "image-alt"]
