"""Names that look like markup, markdown or formulas stay text on every page."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings
from core.workbench import Workbench
from tests.browser.conftest import Server, Visit, fill_home, new_context, start_server, stop_server, visit_with
from tests.browser.test_frame import PATHS
from tests.core.text.test_markdown import HOSTILE

FIRE = "<img src=x onerror=window.fired=1>"
CLASSES = (FIRE, "<script>window.fired=1</script>", "[a](javascript:window.fired=1)", "*bold* $x$ :material/home:")


@pytest.fixture(scope="module")
def marked_server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("marked")
    runs = fill_home(folder / "home", class_names=CLASSES, name=f"{FIRE} **set**")
    registry = Registry.open(registry_file(Settings(home=folder / "home")))
    for run in runs:
        registry.annotate(run, name=f"{FIRE} __{run}__", notes=CLASSES[1])
    registry.close()
    server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


@pytest.fixture
def visit(tab, marked_server, request) -> Iterator[Visit]:
    """A visit to the server of such names."""
    with tab.lent(marked_server, request.node) as visit:
        yield visit


MARKUP = {"img": 'img[src="x"]', "link": 'a[href^="javascript:"]'}
"""What the names would have become."""


@pytest.fixture(scope="module")
def found_on_every_page(browser, marked_server) -> list[str]:
    """What became markup. Every page is opened once for all tests that need that: it takes half a minute of a
    processor."""
    found = []
    with new_context(browser) as context:
        visit = visit_with(context, marked_server)
        for path in PATHS:
            page = visit.open(path)
            page.wait_for_timeout(500)
            strong = page.locator("strong", has_text=re.compile("^(set|r-[0-9a-f]+)$"))
            places = {name: page.locator(selector) for name, selector in MARKUP.items()} | {"strong": strong}
            found += [f"{path}: {name}" for name, place in places.items() if place.count()]
            if page.evaluate("window.fired") is not None:
                found.append(f"{path}: script")
        return found + visit.complaints


def test_no_name_becomes_markup_on_any_page(found_on_every_page):
    assert found_on_every_page == []


def test_the_web_process_stays_small_and_never_meets_tensorflow(found_on_every_page, marked_server):
    httpx.get(f"{marked_server.url}/tb/data/runs", timeout=30)
    assert marked_server.health()["tensorflow"] is False
    # 215 MB after one visit of every page, some more after all tests of this folder; pages that are drawn take more
    sizes = [marked_server.health()["rss_bytes"]]
    while sizes[-1] >= 228e6 and len(sizes) < 15:
        time.sleep(1)
        sizes.append(marked_server.health()["rss_bytes"])
    assert sizes[-1] < 228e6


def test_the_names_are_shown_letter_by_letter(visit):
    expect(visit.open("/runs").get_by_test_id("stMain")).to_contain_text(FIRE)


def test_a_hostile_note_runs_nothing_and_calls_nobody(visit, marked_server):
    bench = Workbench.open(marked_server.settings)
    run = bench.registry.runs()[-1]
    bench.annotate(run.id, notes="\n\n".join(["**steady**", *HOSTILE]))
    bench.registry.close()
    page = visit.open(f"/runs?run={run.id}")
    note = page.locator(".st-key-run-note")
    expect(note.locator("strong", has_text="steady")).to_have_count(1)  # it is shown as markdown
    assert note.locator("img, iframe, script, svg image").count() == 0
    targets = note.locator("a").evaluate_all("links => links.map(link => link.protocol)")
    assert targets and set(targets) <= {"http:", "https:", "mailto:"}
    assert page.evaluate("window.fired") is None
    assert visit.outside == [] and visit.complaints == []


@pytest.mark.parametrize("path", ["/runs", "/train?start=quick"])
def test_tables_offer_no_csv_that_leaves_formulas_unguarded(visit, path):
    """Streamlit's button writes cells such as ``=HYPERLINK(...)`` as they are; ``core.text.tables`` guards them."""
    page = visit.open(path)
    tables = page.get_by_test_id("stDataFrame")
    tables.first.wait_for()
    for number in range(tables.count()):
        tables.nth(number).hover()
        toolbar = page.get_by_test_id("stElementToolbar").nth(number)
        expect(toolbar.get_by_label("Fullscreen")).to_be_visible()
        button = toolbar.get_by_label("Download as CSV")
        expect(button).to_have_count(1)  # else Streamlit has renamed it
        expect(button).to_be_hidden()
