"""Fixtures for page tests: pages are opened through app.py, each test with its own home."""

from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from core.jobs import SupervisorStatus
from core.settings import Settings
from core.workbench import Workbench
from tests.factories import fill

APP = Path(__file__).parents[2] / "app.py"
WAIT = 120
"""Seconds; generous, because the machine may be busy."""


@pytest.fixture(autouse=True)
def no_autodiscovery(monkeypatch) -> None:
    discover_no_pages(monkeypatch)


@pytest.fixture(autouse=True)
def components_known(monkeypatch) -> None:
    search_components_once(monkeypatch)


def discover_no_pages(patch: pytest.MonkeyPatch) -> None:
    """AppTest turns Streamlit's discovery of ``pages/`` on before every run; the server has it off."""
    begin = PagesManager.__init__

    def without(self, *args, **options):
        PagesManager.uses_pages_directory = False
        begin(self, *args, **options)

    patch.setattr(PagesManager, "__init__", without)


known_components = cache(manifest_scanner.scan_component_manifests)


def search_components_once(patch: pytest.MonkeyPatch) -> None:
    """AppTest searches all installed packages for components at every visit, a server once."""
    patch.setattr(manifest_scanner, "scan_component_manifests", known_components)


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    home = tmp_path / "home"
    monkeypatch.setenv("GRAFT_HOME", str(home))
    return Settings(home=home)


@pytest.fixture
def bench(settings, started) -> Workbench:
    """The workbench of the test, on the same home as the page's own."""
    workbench = Workbench.open(settings)
    yield workbench
    workbench.registry.close()


@pytest.fixture
def started(monkeypatch) -> list[Settings]:
    """Supervisors that would have been started; none is."""
    calls: list[Settings] = []
    monkeypatch.setattr("core.jobs.ensure_supervisor", calls.append)
    return calls


@pytest.fixture
def filled(bench):
    """One dataset with photos, and six runs: two finished, one failed, killed, running and scheduled."""
    return fill(bench.registry, bench.settings)


@pytest.fixture
def supervised(monkeypatch):
    monkeypatch.setattr("core.jobs.supervisor_status", lambda settings: SupervisorStatus(running=True))


def visit(page: str = "overview", **query: str) -> AppTest:
    """The page as the browser shows it for ``/page?query``."""
    at = AppTest.from_file(str(APP), default_timeout=WAIT)
    if page != "overview":  # the start page of every visit
        at.switch_page(f"pages/{page}.py")  # the name of its file is also that in the URL
    for name, value in query.items():
        at.query_params[name] = value
    return at.run()


def text_of(at: AppTest) -> str:
    """All text on the page."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "warning", "info", "success")
    words = [element.value for kind in kinds for element in at.get(kind)]
    return "\n".join(str(word) for word in words).replace("\N{NO-BREAK SPACE}", " ")


def first_line(at: AppTest) -> str:
    """The sentence under the title."""
    return at.main.caption[0].value.replace("\N{NO-BREAK SPACE}", " ")


def link_labels(at: AppTest) -> list[str]:
    return [link.proto.label for link in at.get("page_link")]


def button(at: AppTest, key: str):
    return at.button(key=key)
