"""Names that look like markup, markdown or formulas stay text on every page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.files.home import registry_file
from core.registry import Registry
from core.settings import Settings
from core.workbench import Workbench
from tests.browser.conftest import Server, Visit, start_server, stop_server
from tests.browser.test_frame import PATHS
from tests.core.text.test_markdown import HOSTILE
from tests.factories import fill

FIRE = "<img src=x onerror=window.fired=1>"
CLASSES = (FIRE, "<script>window.fired=1</script>", "[a](javascript:window.fired=1)", "*bold* $x$ :material/home:")


@pytest.fixture(scope="module")
def marked_server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("marked")
    settings = Settings(home=folder / "home")
    registry = Registry.open(registry_file(settings))
    filled = fill(registry, settings, runs=6, class_names=CLASSES, name=f"{FIRE} **set**")
    for run in filled.runs:
        registry.annotate(run.id, name=f"{FIRE} __{run.id}__", notes=CLASSES[1])
    registry.close()
    server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


@pytest.fixture
def visit(tab, marked_server, request) -> Iterator[Visit]:
    """A visit to the server of such names."""
    with tab.lent(marked_server, request.node) as visit:
        yield visit


def test_no_name_becomes_markup_on_any_page(visit):
    for path in PATHS:
        page = visit.open(path)
        page.wait_for_timeout(500)
        assert page.evaluate("window.fired") is None, path
        assert page.locator('img[src="x"]').count() == 0, path
        assert page.locator('a[href^="javascript:"]').count() == 0, path
        assert page.locator("strong", has_text=re.compile("^(set|r-[0-9a-f]+)$")).count() == 0, path
    assert visit.complaints == []


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
