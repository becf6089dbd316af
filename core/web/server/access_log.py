"""The access log: a line of JSON for every request and WebSocket, the refused ones too (ASVS 14.5.1).

A line has no query, no value of a path, no header, no cookie and no body: instead of the path the pattern of its route
(``/api/v1/runs/{run}``). So no token and no one-time code can be in it.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.tracing import trace_of
from core.api.traffic import REASONS
from core.errors import InvalidInput
from core.files.home import access_log_files
from core.files.locks import Lock, try_acquire
from core.settings import REPOSITORY, Settings, load_settings
from core.web.server.base_path import base_path
from core.web.server.gate import inner_path
from core.web.server.state import process_singleton
from core.web.server.visits import login_required

VARIABLE, SIZE_VARIABLE = "GRAFT_ACCESS_LOG", "GRAFT_ACCESS_LOG_MB"
FILE, STDOUT, OFF = "file", "stdout", "off"
DEFAULT_MB = 20.0
OLD_FILES = 3
"""``access.log.1`` to ``access.log.3``: so the log takes at most four times its limit."""

Write = Callable[[dict[str, Any]], None]

logger = logging.getLogger(__name__)


def asked_target() -> str:
    """Where lines go: ``GRAFT_ACCESS_LOG``; by default a file where people sign in, else nowhere.

    Raises:
        InvalidInput: the value is another one.
    """
    asked = os.environ.get(VARIABLE, "").strip().lower()
    if asked not in ("", FILE, STDOUT, OFF):
        raise InvalidInput(f"{VARIABLE} must be one of: {FILE}, {STDOUT}, {OFF}. Received: {asked[:40]!r}")
    return asked or (FILE if login_required() else OFF)


def asked_bytes() -> int:
    """The size at which a new file is begun: ``GRAFT_ACCESS_LOG_MB``, 20 by default.

    Raises:
        InvalidInput: it is not a number above 0.
    """
    asked = os.environ.get(SIZE_VARIABLE, "").strip() or str(DEFAULT_MB)
    try:
        size = round(float(asked) * 10**6)
    except (ValueError, OverflowError):
        size = 0
    if size < 1:
        raise InvalidInput(f"{SIZE_VARIABLE} must be a number above 0. Received: {asked[:40]!r}")
    return size


class LoggedRequests:
    """The middleware; outside of those that refuse, inside of the one that gives ids.

    Args:
        write: takes a line; by default that of ``access_log``, asked for at the first request.
    """

    def __init__(self, app: ASGIApp, write: Write | None = None) -> None:
        self._app, self._write = app, write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        status, sent, began = 0, 0, time.perf_counter()

        async def send_and_see(message: Message) -> None:
            nonlocal status, sent
            status = _status_of(message, status)
            sent += len(message.get("body") or message.get("bytes") or message.get("text") or b"")
            await send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self._line(scope, status or 500, sent, time.perf_counter() - began)

    def _line(self, scope: Scope, status: int, sent: int, seconds: float) -> None:
        if self._write is None:
            self._write = access_log()
        trace = trace_of(scope)
        line = {
            "method": scope.get("method", "WEBSOCKET")[:20],
            "route": trace.route or route_of(scope),
            "status": status,
            "ms": round(1000 * seconds, 1),
            "bytes": sent,
            "who": trace.who,
            "address": (scope.get("client") or ("",))[0],
            "id": trace.id,
        }
        self._write(line | _refusal(status))


def _status_of(message: Message, before: int) -> int:
    """101 for a WebSocket that was let in, 403 for one that was not."""
    if message["type"] in ("http.response.start", "websocket.http.response.start"):
        return int(message["status"])
    if message["type"] == "websocket.accept":
        return 101
    return before or (403 if message["type"] == "websocket.close" else 0)


def _refusal(status: int) -> dict[str, str]:
    return {"refused": REASONS[status]} if status in REASONS else {}


def log_unread(status: int, address: str) -> None:
    """A line for a request that was refused before it had been read."""
    access_log()({"method": "", "route": "", "status": status, "address": address, "refused": "unreadable"})


# --- the route ---


def route_of(scope: Scope) -> str:
    """The pattern of a request's path: ``/tb/*`` below a mount, ``/*`` for what is no page."""
    inner = inner_path(scope)
    for route in getattr(scope.get("app"), "routes", ()):
        for path in (inner, scope["path"]):
            if found := _pattern(route, {**scope, "path": path, "root_path": ""}):
                return found
    first = inner.strip("/").partition("/")[0]
    if first in ("", "static"):
        return f"/{first}/*" if first else "/"
    return f"/{first}" if first in _pages() else "/*"


def _pattern(route: BaseRoute, scope: Scope) -> str:
    """ "" where the route does not fit, and for that of all pages."""
    path: str = getattr(route, "path", "")
    if path in ("", base_path()) or route.matches(scope)[0] is Match.NONE:
        return ""
    if isinstance(route, Mount):
        return f"{path}/*"
    return "" if path.startswith("/{") else path


@cache
def _pages() -> frozenset[str]:
    return frozenset(file.stem for file in (REPOSITORY / "pages").glob("*.py"))


# --- where it is written ---


def access_log() -> Write:
    """Of this process."""
    settings = load_settings()
    name = f"access log {settings.home} {asked_target()} {asked_bytes()}"
    return process_singleton(name, lambda: _opened(settings))


def _opened(settings: Settings) -> Write:
    target = asked_target()
    if target == OFF:
        return lambda line: None
    if target == STDOUT:
        return _writer(logging.StreamHandler(sys.stdout))
    try:
        handler = _own_file(settings)
    except OSError as error:
        logger.warning("There is no access log (%s).", error.strerror)
        return lambda line: None
    return _writer(handler)


def _writer(handler: logging.Handler) -> Write:
    def write(line: dict[str, Any]) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        text = json.dumps({"time": now} | line, ensure_ascii=True)
        handler.handle(logging.LogRecord("access", logging.INFO, "", 0, text, None, None))

    return write


def _own_file(settings: Settings) -> logging.Handler:
    """That of no other process: two web processes on one home must not rename each other's file."""
    for file, lock_file in _candidates(settings):
        lock = try_acquire(lock_file)
        if lock is not None:
            return RotatedFile(file, lock, asked_bytes())
    raise OSError(0, "too many processes write one")


def _candidates(settings: Settings) -> Iterator[tuple[Path, Path]]:
    return (access_log_files(settings, number) for number in range(1, 100))


class RotatedFile(RotatingFileHandler):
    """A file that only its user reads, begun anew beyond a size; the ones before stay as ``.1`` to ``.3``.

    Args:
        lock: held until the file is closed.
    """

    def __init__(self, file: Path, lock: Lock, most_bytes: int) -> None:
        self._held, self._told = lock, False
        super().__init__(file, maxBytes=most_bytes, backupCount=OLD_FILES, encoding="utf-8")

    def close(self) -> None:
        super().close()
        self._held.release()

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return TextIOWrapper(open(descriptor, "ab"), "utf-8")  # noqa: SIM115

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A full disk is told once, and requests are answered without a line."""
        if not self._told:
            self._told = True
            logger.warning("The access log cannot be written: %s", sys.exc_info()[1])
