"""The running server: who may open its websocket, and what a request may send."""

import functools
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from core import jobs
from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Status
from core.settings import REPOSITORY, Settings
from core.web.server.limits import MOST_BODY_BYTES, MOST_HEAD_BYTES
from tests.browser.conftest import free_port, start_server, stop_server
from tests.jobs_home import FAKE_TRAINER, Home, eventually


def handshake(server, origin: str | None, path: str = "/_stcore/stream") -> int:
    """The status a websocket client gets: 101 when it is let in."""
    try:
        with connect(server.url.replace("http", "ws", 1) + path, origin=origin, proxy=None):
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


def test_the_first_thing_a_new_server_prints_is_where_it_is_and_nothing_asks_for_a_restart(server):
    printed = server.log.read_text()
    assert printed.splitlines()[0] == f"Graft is at {server.url}"
    assert "restart" not in printed and "WARNING" not in printed


def test_only_pages_of_this_server_may_open_its_websocket(server):
    port = server.settings.port
    assert handshake(server, server.url) == 101
    for origin in (
        f"http://127.0.0.1:{port + 1}",
        f"http://localhost:{port}",
        "http://127.0.0.1",
        "http://evil.example",
    ):
        assert handshake(server, origin) == 403, origin
    assert handshake(server, "null") == 403


def test_a_program_without_an_origin_may_open_the_websocket(server):
    assert handshake(server, None) == 101


def test_the_board_has_no_websocket(server):
    assert handshake(server, f"http://127.0.0.1:{server.settings.port + 1}", "/tb/") == 403
    assert handshake(server, server.url, "/tb/") == 403


SPY = """<!doctype html><title>waiting</title><script>
const socket = new WebSocket("ws://127.0.0.1:PORT/_stcore/stream", ["streamlit"]);
socket.onopen = () => document.title = "open";
socket.onerror = () => document.title = "refused";
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_a_page_on_another_port_cannot_open_the_websocket_in_a_browser(visit, server, tmp_path):
    (tmp_path / "spy.html").write_text(SPY.replace("PORT", str(server.settings.port)))
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=tmp_path))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        visit.page.goto(f"http://127.0.0.1:{other.server_port}/spy.html")
        visit.page.wait_for_function("document.title != 'waiting'")
        assert visit.page.title() == "refused"
    finally:
        other.shutdown()
    visit.open("/datasets").get_by_role("heading", name="Datasets").first.wait_for()  # our own page is served


def exchange(server, *pieces: bytes) -> bytes:
    """The first bytes of the response to what is sent piece by piece, or b"" when the connection was just closed."""
    with socket.create_connection(("127.0.0.1", server.settings.port), timeout=20) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            return connection.recv(4096)
        except (ConnectionResetError, BrokenPipeError):
            return b""


def test_endless_headers_end_the_connection(server):
    start = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{server.settings.port}\r\n".encode()
    small = exchange(server, start, b"X-A: " + b"a" * 8000, b"\r\n\r\n")
    assert small.startswith(b"HTTP/1.1 200")
    for endless in ([b"X-A: ", *[b"a" * 60_000] * 20], [b"X-%d: a\r\n" % number for number in range(20_000)]):
        answer = exchange(server, start, *endless)
        assert answer.startswith(b"HTTP/1.1 431") or answer == b""
    assert exchange(server, b"GET /", *[b"a" * 60_000] * 20)[:12] in (b"HTTP/1.1 431", b"")
    exact = b"X-A: " + b"a" * MOST_HEAD_BYTES + b"\r\n\r\n"
    assert exchange(server, start, exact)[:12] == b"HTTP/1.1 431"
    assert server.health()["status"] == "ok"


def test_large_bodies_to_the_board_are_refused(server):
    address = f"{server.url}/tb/data/plugin/timeseries/timeSeries"
    assert httpx.post(address, content=b"x" * (MOST_BODY_BYTES + 1), timeout=60).status_code == 413
    chunks = (b"x" * 65_536 for _ in range(40))
    with suppress(httpx.WriteError, httpx.ReadError):  # closed while we were still sending
        assert httpx.post(address, content=chunks, timeout=60).status_code == 413
    assert httpx.post(address, data={"requests": "[]"}, timeout=60).json() == []


@pytest.mark.parametrize(
    ("command", "environment"),
    [
        (["app.py"], {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}),
        (["-m", "core", "run"], {"STREAMLIT_SERVER_ADDRESS": "::"}),
        (["-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0"], {}),
    ],
)
def test_an_address_other_machines_can_reach_without_a_login_is_refused_in_one_sentence(command, environment, tmp_path):
    environ = os.environ | {"GRAFT_HOME": str(tmp_path / "home"), "GRAFT_PORT": str(free_port()), "GRAFT_LOGIN": "off"}
    environ |= environment
    done = subprocess.run(
        [sys.executable, *command], cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert "GRAFT_LOGIN=off is only possible on 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def killable(tmp_path_factory) -> Iterator[Home]:
    """A home with a server, whose trainers only wait."""
    folder = tmp_path_factory.mktemp("killable")
    settings = Settings(home=folder / "home")
    home = Home(settings, Registry.open(registry_file(settings)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_TRAINER", " ".join(FAKE_TRAINER))
        server = start_server(settings.home, folder / "server.log")
        yield home
    stop_server(server)
    home.kill_everything()
    home.registry.close()


@pytest.mark.parametrize("victims", ["trainer", "both"])
def test_a_killed_trainer_goes_on_whether_or_not_its_supervisor_died_with_it(killable, victims):
    """Nobody does anything: the supervisor, or the server that starts a new one, sees to it."""
    home = killable
    run = home.add(epochs=60, seconds=0.1)
    supervisor = jobs.ensure_supervisor(home.settings).process
    eventually(lambda: len(home.registry.epochs(run.id)) >= 2)
    if victims == "both":
        os.kill(supervisor.pid, signal.SIGKILL)
    os.kill(home.starts(run)[0]["pid"], signal.SIGKILL)
    eventually(lambda: home.status(run).ended)
    assert home.status(run) is Status.FINISHED
    assert [epoch.number for epoch in home.registry.epochs(run.id)] == list(range(1, 61))
    assert len(home.registry.attempts(run.id)) == 2
    assert (jobs.supervisor_status(home.settings).process == supervisor) is (victims == "trainer")
