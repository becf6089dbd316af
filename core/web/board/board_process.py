"""TensorBoard's process as seen from the web process: started with the first request, ended when it is idle.

TensorBoard and gRPC would take 30 MB of the web process, whether or not anybody looks at a board. Requests come through
its routes and its gate, and go on over a Unix socket in a folder that only this user may enter. The process ends when
its standard input is closed, so also when the web process was killed.
"""

import asyncio
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from starlette._utils import get_route_path
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.settings import REPOSITORY, Settings

MODULE = "core.web.board.board_server"
IDLE_SECONDS = 180.0
"""The process ends when nothing was asked for so long. An open board asks every 30 s."""
LOOK_SECONDS = 5.0
"""Between two looks whether it is idle; one that was killed is noticed at once."""
TIMEOUT_SECONDS = 90.0
"""Longest time for one answer, with the start of the process, which takes seconds on a busy machine."""
END_SECONDS = 5.0
THREADS = 4
"""Requests that wait for TensorBoard at a time."""
PASSED_ON = ("accept", "accept-encoding", "content-type", "if-none-match", "if-modified-since", "range", "user-agent")
"""Headers that TensorBoard gets: neither cookies nor tokens."""
_ONE_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"server", b"date"})
_PART = 64 * 1024

_WAIT = """<!doctype html><meta http-equiv="refresh" content="2"><title>TensorBoard</title>
<p style="font: 1rem sans-serif; color: #7d8781; padding: 2rem">TensorBoard is starting …</p>"""


@dataclass
class _Running:
    """A process, the folder of its socket, and when it was last asked.

    Args:
        asked: requests that wait for it.
    """

    process: subprocess.Popen
    folder: Path
    asked: int = 0
    last: float = field(default_factory=time.monotonic)

    @property
    def path(self) -> str:
        return str(self.folder / "socket")


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class TensorBoard:
    """An ASGI application that passes requests to at most one process of TensorBoard.

    Before ``start``, after ``stop``, and while the process does not answer, the answer is 503.
    """

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS, look_seconds: float = LOOK_SECONDS) -> None:
        self._idle, self._look = idle_seconds, look_seconds
        self._settings: Settings | None = None
        self._running: _Running | None = None
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, if there is one."""
        running = self._running
        return running.process.pid if running else None

    def start(self, settings: Settings) -> None:
        """Answer from now on; the process is started with the first request."""
        self._settings = settings
        self._threads = ThreadPoolExecutor(THREADS, "board")

    def stop(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._settings, running = None, self._running
            self._running = None
        if running is not None:
            _end(running)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        threads = self._threads
        if scope["type"] == "websocket":  # TensorBoard has none
            await WebSocketClose()(scope, receive, send)
            return
        if self._settings is None or threads is None:
            await _unavailable(scope, receive, send)
            return
        target, headers = target_of(scope), {name: v for name, v in Headers(scope=scope).items() if name in PASSED_ON}
        body = await Request(scope, receive).body()
        loop, method = asyncio.get_running_loop(), scope["method"]
        try:
            response = await loop.run_in_executor(threads, self._asked, method, target, headers, body)
        except (OSError, http.client.HTTPException):
            await _unavailable(scope, receive, send)
            return
        with response:
            pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.getheaders()]
            kept = [(name, value) for name, value in pairs if name not in _ONE_HOP]
            await send({"type": "http.response.start", "status": response.status, "headers": kept})
            while part := await loop.run_in_executor(threads, response.read, _PART):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    def _asked(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> http.client.HTTPResponse:
        """The begun answer; of another process where the first was killed, because such requests only read. Blocking.

        Raises:
            OSError, HTTPException: the process cannot be started, or does not answer.
        """
        with self._process() as running:
            try:
                return _answer(running, method, target, headers, body)
            except (OSError, http.client.HTTPException):
                if not _has_ended(running):
                    raise
        with self._process() as running:
            return _answer(running, method, target, headers, body)

    @contextmanager
    def _process(self) -> Iterator[_Running]:
        """The process, started where there is none; it does not end meanwhile."""
        with self._lock:
            if self._settings is None:
                raise ConnectionError("the server ends")
            if self._running is None or self._running.process.poll() is not None:
                self._running = started(self._settings)
                threading.Thread(target=self._watch, args=(self._running,), name="board", daemon=True).start()
            running = self._running
            running.asked += 1
        try:
            yield running
        finally:
            with self._lock:
                running.asked, running.last = running.asked - 1, time.monotonic()

    def _watch(self, running: _Running) -> None:
        """Wait until the process was killed, or end it when it is idle; then remove what is left of it."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(self._look)
                break
            with self._lock:
                if self._running is running and (running.asked or time.monotonic() - running.last < self._idle):
                    continue
                if self._running is running:
                    self._running = None
            break
        _end(running)


def _answer(
    running: _Running, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> http.client.HTTPResponse:
    connection = _Connection(running.path)
    connection.request(method, target, body or None, dict(headers))
    return connection.getresponse()  # which closes the connection, because the server does not keep it


def _has_ended(running: _Running) -> bool:
    with suppress(subprocess.TimeoutExpired):
        running.process.wait(0.5)
        return True
    return False


def target_of(scope: Scope) -> str:
    """Path and query below the mount, as they are written in a request."""
    path = quote(get_route_path(scope) or "/", safe="/,:;@!$&'()*+=~-._")
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{path}?{query}" if query else path


def started(settings: Settings) -> _Running:
    """A new process. Its socket listens already, so that a first request waits for it and none is refused.

    Raises:
        OSError: there is no room for a process or a folder.
    """
    folder = Path(tempfile.mkdtemp(prefix="graft-board-"))  # mode 700
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            listening.bind(str(folder / "socket"))
            listening.listen(128)
            process = subprocess.Popen(
                [sys.executable, "-m", MODULE, str(listening.fileno()), str(folder / "socket")],
                cwd=REPOSITORY,
                env=os.environ | {"GRAFT_HOME": str(settings.home), "MALLOC_ARENA_MAX": "2"},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=[listening.fileno()],
            )
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _Running(process, folder)


def _end(running: _Running) -> None:
    process = running.process
    with suppress(OSError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(running.folder, ignore_errors=True)


async def _unavailable(scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_WAIT, 503, headers={"Retry-After": "2"})(scope, receive, send)
