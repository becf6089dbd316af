"""axe-core on every page, in light and dark, on a screen and on a phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Status
from core.web.parts.frame import SECTIONS
from tests.browser.conftest import Server, Visit, visit_with
from tests.browser.screenshots import SCHEMES, SIZES, SLOW_PAGES, addresses

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


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in SCHEMES], ids=lambda value: "-".join(value))
def any_visit(request, browser, filled_server) -> Iterator[Visit]:
    """A visit in each of the four combinations."""
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
    return (addresses(server.settings) | single)[name]


@pytest.mark.parametrize("name", [*PAGES, "dataset", "run", "backbone", "add-backbone"])
def test_every_page_is_accessible(any_visit, name):
    page = any_visit.open(address_of(name, any_visit.server))
    page.wait_for_timeout(SLOW_PAGES.get(name, 500))
    wrong = problems(page)
    assert not wrong, "\n".join(wrong)


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
