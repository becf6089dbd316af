"""axe-core on every page, in light on a screen and in dark on a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Status
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import READY, Server, Visit, advise, fill_home, start_server, stop_server, visit_with
from tests.browser.screenshots import SCHEMES, SIZES, SLOW_PAGES, addresses
from tests.browser.test_login import PASSWORD, code_of

STREAMLITS_OWN = {
    ("list", "stSidebarNavItems"): "st.navigation puts its sections, which are no list items, into one list",
    ("listitem", "stSidebarNav"): "and the links of a section outside of one",
    ("presentation-role-conflict", "stFileUploaderDropzone"): "st.file_uploader labels its box, which has no role",
}
"""(rule, what stands in the element or around it): why it is left. Everything else is Graft's to mend."""

IN_NAVIGATION = """(target) => Boolean(document.querySelector(target)?.closest('[data-testid="stSidebarNav"]'))"""


def problems(page: Page) -> list[str]:
    """What axe-core finds on the page, without what is Streamlit's own."""
    found = []
    for rule in Axe().run(page).response["violations"]:
        for node in rule["nodes"]:
            if not _is_streamlits(page, rule["id"], node):
                found.append(f"{rule['id']}: {rule['help']}\n  {node['target']}\n  {node['html'][:200]}")
    return found


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
def filled_server(tmp_path_factory) -> Iterator[Server]:
    """A server with a dataset that was checked, has a shortlist and a learning curve, and runs in all states."""
    folder = tmp_path_factory.mktemp("advised")
    fill_home(folder / "home")
    advise(folder / "home")
    server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory) -> Iterator[Server]:
    """A server where people sign in, with a link of the first admin in its log."""
    folder = tmp_path_factory.mktemp("guarded")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRAFT_LOGIN", "required")
        server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


BOTH = tuple(zip(SIZES, SCHEMES, strict=True))
"""Each size and each scheme once: faults come from the width or from the colours, hardly ever from both together."""


@pytest.fixture(params=BOTH, ids="-".join)
def any_visit(request, browser, filled_server) -> Iterator[Visit]:
    """A visit in light on a screen, and in dark on a phone."""
    size, scheme = request.param
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme) as context:
        yield visit_with(context, filled_server)


PAGES = [name for entries in SECTIONS.values() for name, _, _ in entries]


def address_of(name: str, server: Server) -> str:
    """Of a page, or of what pages show of one dataset and one run."""
    registry = Registry.open(registry_file(server.settings))
    run, dataset = registry.runs(status=Status.FINISHED)[0], registry.datasets()[0]
    registry.close()
    single = {"dataset": f"/datasets?dataset={dataset.id}", "run": f"/runs?run={run.id}"}
    single["label"] = f"/datasets?dataset={dataset.id}&label=next"
    return (addresses(server.settings) | single)[name]


VIEWS = ("dataset", "check", "run", "backbone", "add-backbone", "add-file")
SHOWN = {
    "dataset": ("With twice the training photos", "Train on a part of these photos", "3 likely label errors"),
    "check": ("Check photos of",),
}
"""What stands on a page, so that not an empty one is found accessible."""


@pytest.mark.parametrize("name", [*PAGES, *VIEWS])
def test_every_page_is_accessible(any_visit, name):
    page = any_visit.open(address_of(name, any_visit.server))
    page.wait_for_timeout(SLOW_PAGES.get(name, 500))
    for words in SHOWN.get(name, ()):
        expect(page.get_by_text(words).first).to_be_attached()
    wrong = problems(page)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("name", "opened", "words"),
    [
        ("dataset", "Train on a part of these photos", "Classes"),
        ("dataset", "What it rests on, and class by class", "Class"),
        ("train", "What is worth training?", "SqueezeNet"),
    ],
)
def test_what_opens_at_a_click_is_accessible(any_visit, name, opened, words):
    page = any_visit.open(address_of(name, any_visit.server))
    page.get_by_text(opened).first.click()
    page.get_by_test_id("stExpander").filter(has_text=opened).get_by_text(words).first.wait_for()
    any_visit.settle()
    wrong = problems(page)
    assert not wrong, "\n".join(wrong)


def test_signing_in_and_the_pages_of_an_admin_are_accessible(browser, guarded_server):
    """From the first admin's link to the pages that only admins see."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{guarded_server.url}/login")
        assert problems(page) == []
        page.goto(f"{guarded_server.url}/welcome?code={code_of(guarded_server.log)}")
        assert problems(page) == []
        page.get_by_label("Your name").fill("ada")
        page.get_by_label("New password", exact=True).fill(PASSWORD)
        page.get_by_label("New password again").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        page.wait_for_selector(READY)
        for name in ("people", "audit", "access"):
            page.goto(f"{guarded_server.url}/{name}")
            page.wait_for_selector(READY)
            page.get_by_text("ada, admin").wait_for()
            page.wait_for_timeout(1000)
            assert problems(page) == [], name


@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_an_empty_home_is_accessible(visit, name):
    page = visit.open(addresses(visit.server.settings)[name])
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
