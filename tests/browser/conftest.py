"""Fixtures: a server on a free port with its own home, and a headless Chromium."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebSocket,
    expect,
    sync_playwright,
)

from core.advising.growth import CURVE_METHOD
from core.advising.label_values import LABEL_METHOD
from core.files import atomic
from core.files.home import dataset_folder, registry_file, run_folder
from core.jobs import stop_supervisor
from core.registry import Registry
from core.settings import REPOSITORY, Settings
from tests.browser.events import write_events
from tests.core.advising.test_growth import make_growth
from tests.core.advising.test_label_values import make_order
from tests.core.advising.test_values import make_shortlist
from tests.factories import fill
from tests.findings import store_findings
from tests.pools import fill_pool

LARGE_HEAP = "--js-flags=--min-semi-space-size=32 --max-semi-space-size=64"
"""MB for young objects. A page is open for seconds: frequent collections of a small heap cost more than they save (2 to
15 % of the CPU of Chromium in two runs on a busy machine)."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", LARGE_HEAP)
FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
READY = '[data-testid="stApp"][data-test-script-state="notRunning"]'
FONTS = "document.fonts.ready.then(fonts => [...fonts].filter(f => f.status == 'loaded').map(f => f.family))"
"""The loaded font families, once all requested ones are loaded."""

expect.set_options(timeout=30_000)  # generous, because the machine may be busy


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """A running dashboard."""

    url: str
    settings: Settings
    process: subprocess.Popen
    log: Path

    def health(self) -> dict:
        return httpx.get(f"{self.url}/healthz?detail", timeout=30).json()


def start_server(
    home: Path, log: Path, script: Path = REPOSITORY / "app.py", port: int | None = None, **more: str
) -> Server:
    """``app.py`` on a free port, or a script that starts it, without docstrings as ``core run``; returns once it
    responds.

    Args:
        more: variables of its environment.
    """
    port = port or free_port()
    environ = os.environ | {"GRAFT_HOME": str(home), "GRAFT_PORT": str(port), "CUDA_VISIBLE_DEVICES": "-1"} | more
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-OO", str(script)],
            cwd=REPOSITORY,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", Settings(home=home, port=port), process, log)
    _wait_until_it_answers(server)
    return server


def end_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def stop_server(server: Server) -> None:
    """End the server and the supervisor that its pages may have started."""
    end_server(server)
    stop_supervisor(server.settings, now=True)


def _wait_until_it_answers(server: Server, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"The server ended at once:\n{server.log.read_text()}")
        try:
            if httpx.get(f"{server.url}/healthz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"The server did not answer within {seconds:.0f} s:\n{server.log.read_text()}")


def free_port() -> int:
    """A port below the kernel's ephemeral range, so that no browser takes it before the server is up."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def fill_home(home: Path, runs: int = 6, **more: Any) -> list[str]:
    """A dataset, runs in all states and their events; ids of the runs in the order they were added.

    Args:
        more: names of the dataset and its classes, as for ``fill``.
    """
    settings = Settings(home=home)
    registry = Registry.open(registry_file(settings))
    filled = fill(registry, settings, runs=runs, **more)
    for run in filled.runs:
        if epochs := registry.epochs(run.id):
            write_events(run_folder(settings, run.id).path / "tensorboard", epochs)
    registry.close()
    return [run.id for run in filled.runs]


def advise(home: Path) -> None:
    """What jobs about the first dataset would have left: a check of its photos, a shortlist and a learning curve."""
    settings = Settings(home=home)
    registry = Registry.open(registry_file(settings))
    dataset = registry.datasets()[0]
    photos = registry.photos(dataset.id)
    store_findings(dataset, settings, suspects=photos[:3], copies=[photos[3:5], photos[-2:]])
    shortlist = make_shortlist(dataset.id)
    registry.add_shortlist(dataset.id, {}, shortlist.to_json(), shortlist.seconds)
    path = dataset_folder(settings, dataset.id).learning_curve(CURVE_METHOD)
    atomic.write_json(path, make_growth(dataset.id).to_json())
    registry.close()


def offer_labels(home: Path) -> None:
    """Five photos without a class beside the first dataset, in the order in which they are to be labelled."""
    settings = Settings(home=home)
    registry = Registry.open(registry_file(settings))
    dataset = registry.datasets()[0]
    order = make_order(*fill_pool(settings, dataset, 5), dataset_id=dataset.id)
    atomic.write_json(dataset_folder(settings, dataset.id).label_order(LABEL_METHOD), order.to_json())
    registry.close()


def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("No Chromium was found. Run `make browser`.")
    return path


@dataclass
class Visit:
    """One browser page with its console messages, errors and requests."""

    page: Page
    server: Server
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._own = (self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:", "about:")
        self._listeners = {
            "request": self._note_address,
            "websocket": self._note_address,
            "pageerror": lambda error: self.complaints.append(str(error)),
            "console": self._note_line,
        }

    def watch(self) -> None:
        for event, listener in self._listeners.items():
            self.page.on(event, listener)

    def leave(self) -> None:
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _note_address(self, called: Request | WebSocket) -> None:
        if not called.url.startswith(self._own):
            self.outside.append(called.url)

    def _note_line(self, line: ConsoleMessage) -> None:
        if "Content Security Policy" in line.text:
            self.complaints.append(line.text)

    def open(self, path: str = "/") -> Page:
        """Open a page and wait until its script has run."""
        self.page.goto(self.server.url + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.wait_for_selector(READY, timeout=60_000)
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector(READY, timeout=60_000)


def visit_with(context: BrowserContext, server: Server) -> Visit:
    visit = Visit(context.new_page(), server)
    visit.watch()
    return visit


WIDE = {"width": 1440, "height": 900}


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser that has been nowhere yet, of a person who asks for no animations.

    While the server computes, Streamlit's animations draw the page sixty times a second without a graphics card: up to
    half of the CPU of Chromium on a busy machine.
    """
    return browser.new_context(**{"viewport": WIDE, "reduced_motion": "reduce"} | options)


FAILED = pytest.StashKey[bool]()


class Tab:
    """One tab of a browser for many tests: a new one takes a second of a processor longer, to compile the same pages.

    What a visit may leave is taken away after it: what pages store, permissions, sizes, listeners. After a test that
    failed the tab is closed.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None

    @contextmanager
    def lent(self, server: Server, test: pytest.Item) -> Iterator[Visit]:
        page = self._page = self._page or new_context(self._browser).new_page()
        visit = Visit(page, server)
        visit.watch()
        yield visit
        if test.stash.get(FAILED, False) or page.is_closed():
            self._page = None
            page.context.close()
        else:
            self._tidy(page, server)
            visit.leave()

    @staticmethod
    def _tidy(page: Page, server: Server) -> None:
        page.evaluate("() => { try { localStorage.clear(); sessionStorage.clear(); } catch { } }")  # no page: none
        page.mouse.move(0, 0)
        # Not about:blank, which ends the process of the page: another one would compile all scripts again.
        page.goto(f"{server.url}/healthz" if server.process.poll() is None else "about:blank")
        page.context.clear_cookies()
        page.context.clear_permissions()
        page.set_default_timeout(30_000)
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    item.stash[FAILED] = report.failed or item.stash.get(FAILED, False)
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(browser) -> Tab:
    return Tab(browser)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server with an empty home, one for the tests of a file."""
    folder = tmp_path_factory.mktemp("server")
    server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


@pytest.fixture(scope="session")
def filled_server(tmp_path_factory) -> Iterator[Server]:
    """A server with a dataset that was checked, has a shortlist, a learning curve and photos to label, and runs in all
    states. Shared by tests that change nothing in it: to start one takes two to four seconds of a processor, and the
    browser compiles the pages of each one anew."""
    folder = tmp_path_factory.mktemp("filled")
    fill_home(folder / "home")
    advise(folder / "home")
    offer_labels(folder / "home")
    server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """For tests that need a browser that has been nowhere yet."""
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture
def visit(tab, server, request) -> Iterator[Visit]:
    """A visit to the empty server."""
    with tab.lent(server, request.node) as visit:
        yield visit


@pytest.fixture
def filled_visit(tab, filled_server, request) -> Iterator[Visit]:
    """A visit to the server with a checked dataset and runs, which no test changes."""
    with tab.lent(filled_server, request.node) as visit:
        yield visit
