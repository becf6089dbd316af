"""What the server process adds to Streamlit: routes, middleware, and the work before the first request."""

import asyncio
import ctypes
import gc
import importlib
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from streamlit.runtime.pages_manager import PagesManager

from core import jobs
from core.api.mounting import api_routes
from core.api.tracing import TracedRequests, new_id
from core.api.traffic import CountedRequests, Traffic
from core.artifacts.upkeep import UPKEEP_SECONDS, keep_up
from core.charts.validators import keep_kinds_in_use
from core.errors import GraftError, InvalidInput
from core.files.here import curves_here
from core.files.uploads import sweep_uploads
from core.people.acting import SERVER, Role, acting_as
from core.registry.links import HOURS, path_of
from core.runs.values import Status
from core.settings import load_settings
from core.text.units import plain
from core.web.board.board_process import TensorBoard
from core.web.server import accounts, openid, password_strength, second_factor
from core.web.server.access_log import LoggedRequests, asked_bytes, asked_target
from core.web.server.address import dashboard_url, listening_address
from core.web.server.base_path import BelowBasePath, base_path
from core.web.server.file_urls import keep_file_urls
from core.web.server.gate import SignedInOnly
from core.web.server.health import healthz, readyz
from core.web.server.limits import LimitedBodies, limit_heads
from core.web.server.past_pages import PastPages
from core.web.server.predict_document import predict_document
from core.web.server.protection import KnownHosts, ProtectiveHeaders, SameOriginOnly, asked_hsts
from core.web.server.proxies import UnknownProxies, came_by_trusted_proxy, trust_proxies
from core.web.server.state import workbench
from core.web.server.unread_bodies import UnreadBodies
from core.web.server.uploads import expire_now_and_then, upload_routes
from core.web.server.visits import ask_visitors, login_required

STATIC = Path(__file__).parents[1] / "static"

HEAVY = ("pandas", "pyarrow", "plotly.graph_objects", "PIL.Image", "numpy", "sqlalchemy.dialects.sqlite")
"""Imported before the first request, then excluded from garbage collection, which Streamlit does after every script."""

GARBAGE_EVERY = 20_000
"""So many more containers are allocated than freed between two looks for reference cycles. With Python's 700 a request
would pay for one or two looks, which takes 2 % of the photos that are predicted in a second."""

BOARDS = 12
"""Datasets whose boards are read at the start: as many as Overview shows."""

CURVES_SECONDS = 15.0
"""Between two looks for newer curves of runs that train on other machines."""

WATCH_SECONDS = 5.0
"""Between two looks for a supervisor that was killed."""

logger = logging.getLogger(__name__)
board = TensorBoard()
traffic = Traffic()


def prepare() -> None:
    """What must happen before the server is made: ``app.py`` calls it first.

    Raises:
        SystemExit: with one sentence, when other machines could reach the server without a login,
            or a setting is wrong.
    """
    _require_sound_settings()
    _disable_pages_autodiscovery()
    limit_heads()
    keep_file_urls()
    keep_kinds_in_use()


def _disable_pages_autodiscovery() -> None:
    """Otherwise the first request of a deep link runs the page file alone, without the frame."""
    PagesManager.uses_pages_directory = False


def _require_sound_settings() -> None:
    """End the process when other machines could reach the server without a login, however it was started.

    ``streamlit run app.py --server.address 0.0.0.0`` does not go through ``core.web.server.serve``.
    """
    try:
        required = login_required()
        trust_proxies()
        asked_target(), asked_bytes(), asked_hsts()
    except InvalidInput as error:
        raise SystemExit(str(error)) from None
    if required:
        ask_visitors()


def role_without_owner() -> Role:
    """Of tokens that belong to no account: those of before a login was required do not read paths of the server."""
    return Role.TRAINER if login_required() else Role.ADMIN


def _to_board(request: Request) -> RedirectResponse:
    return RedirectResponse("tb/")  # relative, because a proxy may add a path prefix


def explain_crash(error: Exception) -> bool:
    """The message for an unexpected exception of a page; the details are logged."""
    if isinstance(error, GraftError):  # for whoever did it: a role that is too small, a run that is gone
        st.error(plain(str(error)), icon=":material/error:")
        return True
    name = new_id()
    logger.error("A page failed (%s)", name, exc_info=error)
    st.error(
        f"Graft made a mistake on this page ({type(error).__name__}). No data was lost. Reload the page to continue; "
        f"the details are in the terminal in which Graft was started, under {name}.",
        icon=":material/error:",
    )
    return True


_API = api_routes(workbench, role_without_owner, traffic)
_REST = next(route for route in _API if isinstance(route, Mount))

ROUTES: list[BaseRoute] = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/predict", predict_document),
    Route("/tb", _to_board),
    *accounts.ROUTES,
    *openid.ROUTES,
    *second_factor.ROUTES,
    *password_strength.ROUTES,
    *upload_routes(role_without_owner),
    *_API,  # after the routes of uploads, which are below it
    Mount("/tb", LimitedBodies(board)),
    Mount("/assets", StaticFiles(directory=STATIC)),
]

MIDDLEWARE = [
    Middleware(UnreadBodies),
    Middleware(CountedRequests, traffic=traffic),
    Middleware(TracedRequests, trusted=came_by_trusted_proxy),
    Middleware(LoggedRequests),
    Middleware(UnknownProxies),
    Middleware(ProtectiveHeaders),
    Middleware(KnownHosts),
    Middleware(SameOriginOnly),
    Middleware(SignedInOnly),
    Middleware(BelowBasePath),
    Middleware(PastPages, api=_REST),
]


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Open the workbench and import what is slow to import.

    The supervisor is not started here: ``python -m core run`` does, and so does every launch of a run. One that was
    killed is started again.
    """
    with acting_as(SERVER):
        await asyncio.to_thread(_get_ready)
        board.start(workbench().settings)
        tasks = [asyncio.create_task(_watch_supervisor()), asyncio.create_task(expire_now_and_then())]
    threading.Thread(target=read_boards, name="boards", daemon=True).start()
    print(await asyncio.to_thread(login_notice), flush=True)
    if workbench().settings.artifacts:
        threading.Thread(target=keep_up_with_others, name="artifacts", daemon=True).start()
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY, *gc.get_threshold()[1:])
    yield
    for task in tasks:
        task.cancel()
    await asyncio.to_thread(board.stop)


def login_notice() -> str:
    """What the terminal says about signing in: that nobody has to, or the link of the first admin."""
    address = listening_address()
    if not login_required():
        return f"No login: only this machine can connect to {address}. Behind a proxy set GRAFT_LOGIN=required."
    code = workbench().registry.first_link()
    if code is None:
        return "People sign in. A new one-time link for somebody: python -m core users link NAME"
    settings = load_settings()
    url = settings.url or dashboard_url(address, settings.port, base_path())
    return (
        f"Nobody can sign in yet. Whoever opens this link first, within {HOURS} hours, becomes the admin:\n"
        f"{url}{path_of(code)}"
    )


def read_boards() -> None:
    """Read the runs of the datasets with the newest ones, before somebody waits for them: 100,000 take seconds."""
    bench = workbench()
    with suppress(GraftError, OSError):  # the page that needs them says so
        for dataset_id in bench.registry.datasets_with_runs()[:BOARDS]:
            bench.verdict(dataset_id)


def keep_up_with_others() -> None:
    """Fetch the curves of what trains on other machines, and now and then keep up the store of artifacts."""
    bench, next_upkeep = workbench(), 0.0
    while True:
        with suppress(GraftError, OSError), acting_as(SERVER):  # the store or the registry is away: the next time
            for run in bench.registry.runs(status=Status.RUNNING):
                curves_here(bench.settings, run.id)
            if time.monotonic() >= next_upkeep:
                next_upkeep = time.monotonic() + UPKEEP_SECONDS
                keep_up(bench.settings, bench.registry)
        time.sleep(CURVES_SECONDS)


async def _watch_supervisor() -> None:
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        trim_heap()
        try:
            await asyncio.to_thread(revive_supervisor)
        except (GraftError, OSError) as error:
            logger.warning("The supervisor was killed and cannot be started again: %s", error)


def revive_supervisor() -> bool:
    """Start a supervisor in place of one that was killed, when runs wait for one; not in place of a stopped one."""
    bench = workbench()
    if not jobs.was_killed(bench.settings):
        return False
    waiting = [bench.registry.runs(status=status, limit=1) for status in (Status.RUNNING, Status.SCHEDULED)]
    return any(waiting) and jobs.ensure_supervisor(bench.settings).running


def _get_ready() -> None:
    leave_out_gpu_package()
    for name in HEAVY:
        importlib.import_module(name)
    sweep_uploads(workbench().settings)


def trim_heap() -> None:
    """Give free pages inside the heap back to the system: 2 to 3 MB after all pages have been visited, in 0.5 ms.

    Other C libraries than glibc have no such function.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def leave_out_gpu_package() -> None:
    """Where NVIDIA's driver is not installed, importing ``pynvml`` fails in this process, which saves 5 MB of it.

    Without the driver it would find no GPU anyway.
    """
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        sys.modules.setdefault("pynvml", None)  # type: ignore[arg-type]
