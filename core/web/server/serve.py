"""Starting the dashboard: one process on one port."""

import contextlib
import ctypes
import logging
import os
import re
import runpy
import socket
import sys
from typing import Any

from core.errors import Conflict, GraftError, InvalidInput
from core.settings import REPOSITORY, Settings, load_settings
from core.web.server.address import dashboard_url, listening_address
from core.web.server.state import workbench
from core.web.server.stopping import stop_gracefully

BASE_PATH = "GRAFT_BASE_PATH"

REUSED_BYTES = 4 * 2**20
"""A stored photo has up to 768 x 768 pixels of 4 bytes, the input of most networks less than a megabyte."""


def serve(settings: Settings | None = None) -> None:
    """Run ``app.py`` in this process until it is stopped; what ``python -m core run`` does.

    Raises:
        Conflict: the port is taken.
        InvalidInput: other machines could reach the address.
    """
    settings = settings or load_settings()
    os.environ |= {"GRAFT_HOME": str(settings.home), "GRAFT_PORT": str(settings.port)}
    refuse_taken_port(asked_address(), settings.port)
    sys.argv = [str(REPOSITORY / "app.py")]
    runpy.run_path(sys.argv[0], run_name="__main__")


def run(app: Any, settings: Settings | None = None) -> None:
    """Serve the ``st.App`` until stopped; the last line of ``app.py``."""
    settings = settings or load_settings()
    try:
        address = asked_address()
        refuse_taken_port(address, settings.port)
        base = asked_base_path()
        stop_gracefully()
        workbench()  # a home that cannot be opened is one sentence here, and a traceback once the server starts
    except GraftError as error:
        raise SystemExit(str(error)) from None
    return_freed_memory()
    logging.getLogger("streamlit.config").addFilter(asks_for_no_restart)
    print(f"Graft is at {dashboard_url(address, settings.port, base)}", flush=True)
    options = {"server.port": settings.port, "server.address": address, "logger.hideWelcomeMessage": True}
    with contextlib.suppress(KeyboardInterrupt):  # the ordinary way to stop it
        app.run(config=options | ({"server.baseUrlPath": base} if base else {}))


def asks_for_no_restart(record: logging.LogRecord) -> bool:
    """False for Streamlit's advice to restart: it has read its settings for the address, and takes those of ``run``,
    which it reads next, for a change."""
    return not record.getMessage().startswith("An update to the [server] config option section was detected")


def return_freed_memory() -> None:
    """Make glibc return freed memory: pages allocate large tables, and each thread would keep its own arena.

    There is one arena, because ``malloc_trim`` gives back the end of the main one alone.

    Blocks of at most ``REUSED_BYTES`` are reused instead: returned at once, the pixels of every photo that is predicted
    would cost 430 page faults (1.3 ms of CPU). ``core.web.server.application.trim_heap`` returns them a little later.
    Arrow, which tables are sent with, would keep a pool of its own; pyarrow reads the variable when it is imported.
    The numbers are M_ARENA_MAX, M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h. Other C libraries have no mallopt.
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        for parameter, value in ((-8, 1), (-1, 4 * REUSED_BYTES), (-3, REUSED_BYTES)):
            mallopt(parameter, value)


def asked_address() -> str:
    """See ``listening_address``; Streamlit reads ``.streamlit/config.toml`` from the current folder."""
    os.chdir(REPOSITORY)
    return listening_address()


def asked_base_path() -> str:
    """``/graft`` if ``GRAFT_BASE_PATH`` is ``graft`` (slashes at its ends are ignored), else "".

    Raises:
        InvalidInput: it is not a path.
    """
    asked = os.environ.get(BASE_PATH) or os.environ.get("STREAMLIT_SERVER_BASE_URL_PATH") or ""
    path = asked.strip("/")
    if path and not re.fullmatch(r"[A-Za-z0-9_~-][A-Za-z0-9_~.-]*(/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*)*", path):
        raise InvalidInput(f"The base path may hold letters, digits, '-', '_', '.', '~' and '/'. Received: {asked!r}")
    return f"/{path}" if path else ""


def refuse_taken_port(host: str, port: int) -> None:
    """Fail with one sentence; Streamlit would search for another port, or fail with a traceback.

    Raises:
        Conflict: the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"Port {port} of {host} cannot be used ({error.strerror}). "
                f"Is Graft running already? Stop it, or choose another port with GRAFT_PORT."
            ) from None
