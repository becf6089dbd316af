"""A real server that is told to end while a request, an upload and a WebSocket are open."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from core.errors import InvalidInput
from core.web.server.stopping import asked_seconds
from tests.browser.conftest import Server, free_port, start_server, stop_server
from tests.jobs_home import eventually

TUS = {"Tus-Resumable": "1.0.0"}
PART = TUS | {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
BUFFER = 2**20
"""Bytes that the server collects before it writes them to the disk."""
SENT, SIZE = 2 * BUFFER, 3 * BUFFER


@pytest.fixture
def begin(tmp_path, monkeypatch) -> Iterator:
    """Starts a server whose requests get so many seconds at its end."""
    started: list[Server] = []

    def begin(seconds: float) -> Server:
        monkeypatch.setenv("GRAFT_STOP_SECONDS", str(seconds))
        port = started[-1].settings.port if started else free_port()
        started.append(start_server(tmp_path / "home", tmp_path / "server.log", port=port))
        return started[-1]

    yield begin
    for server in started:
        stop_server(server)


@dataclass
class SlowUpload:
    """A part whose last bytes are sent when ``finish`` is set."""

    server: Server
    address: str = ""
    status: int | None = None
    finish: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "SlowUpload":
        headers = TUS | {"Upload-Length": str(SIZE)}
        made = httpx.post(f"{self.server.url}/api/v1/uploads", headers=headers)
        self.address = f"{self.server.url}/api/v1/{made.headers['location']}"
        self._thread = threading.Thread(target=self._send)
        self._thread.start()
        folder = self.server.settings.home / "uploads" / made.headers["location"].replace("uploads/", "upload-")
        eventually(lambda: (folder / "content").exists() and (folder / "content").stat().st_size >= BUFFER)
        return self

    def __exit__(self, *_: object) -> None:
        self.finish.set()
        self._thread.join()

    def _send(self) -> None:
        def body() -> Iterator[bytes]:
            yield b"a" * SENT
            more = 0
            while not self.finish.wait(0.5):  # a byte now and then: a silent sender is taken for one that has gone
                yield b"a"
                more += 1
            yield b"b" * (SIZE - SENT - more)

        try:
            self.status = httpx.patch(self.address, content=body(), headers=PART, timeout=120).status_code
        except httpx.TransportError:
            self.status = None


def takes_no_connection(server: Server) -> bool:
    try:
        httpx.get(f"{server.url}/healthz", timeout=5)
    except httpx.TransportError:
        return True
    return False


def children_of(pid: int) -> set[int]:
    return {int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()}


def test_a_request_that_runs_is_answered_and_then_the_server_ends_with_code_0(begin):
    server = begin(60)
    assert httpx.get(f"{server.url}/tb/", timeout=90).status_code == 200
    children = children_of(server.process.pid)
    assert children, "TensorBoard's process at least"
    children |= {one for child in children for one in children_of(child)}
    socket = connect(server.url.replace("http", "ws", 1) + "/_stcore/stream", origin=server.url, proxy=None)
    with SlowUpload(server) as upload:
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
        eventually(lambda: takes_no_connection(server))
        assert server.process.poll() is None, "the upload still runs"
    assert upload.status == 204
    assert server.process.wait(60) == 0
    eventually(lambda: not any(Path(f"/proc/{child}").exists() for child in children))


def test_an_upload_that_is_cut_goes_on_at_the_next_server_where_it_had_come_to(begin):
    server = begin(1)
    with SlowUpload(server) as upload:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert upload.status != 204
    begin(1)
    offset = int(httpx.head(upload.address, headers=TUS).headers["upload-offset"])
    assert BUFFER <= offset < SENT
    headers = PART | {"Upload-Offset": str(offset)}
    rest = httpx.patch(upload.address, content=b"b" * (SIZE - offset), headers=headers)
    assert (rest.status_code, rest.headers["upload-offset"]) == (204, str(SIZE))


def test_a_second_signal_ends_the_server_at_once(begin):
    server = begin(600)
    with SlowUpload(server):
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: takes_no_connection(server))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == -signal.SIGTERM


def test_responses_do_not_say_which_program_made_them(begin):
    assert "server" not in httpx.get(f"{begin(1).url}/healthz").headers


@pytest.mark.parametrize("value", ["-1", "soon", "nan", "inf"])
def test_a_wrong_time_is_refused_with_what_was_received(monkeypatch, value):
    monkeypatch.setenv("GRAFT_STOP_SECONDS", value)
    with pytest.raises(InvalidInput, match=f"GRAFT_STOP_SECONDS must be .*Received: '{value}'"):
        asked_seconds()
    assert os.environ["GRAFT_STOP_SECONDS"] == value
