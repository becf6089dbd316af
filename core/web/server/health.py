"""``/healthz``: whether this process works, for whoever would start it again; ``/readyz``: whether it should get
requests now, for a proxy or an orchestrator that sends them elsewhere while it should not.

Both are open, because whoever watches a server has no session. Without one only the words and the names of what fails
are told: sentences have paths of the server in them.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from core import jobs
from core.errors import GraftError, Unavailable
from core.files.room import low_space
from core.people.acting import Role
from core.registry import Registry
from core.registry.leases import SUPERVISOR
from core.registry.schema import HEAD
from core.runs.costs import rss_bytes
from core.runs.values import Status
from core.serving.engine import memory
from core.settings import VERSION, Settings, load_settings
from core.web.server.gate import VISIT
from core.web.server.state import process_singleton, workbench
from core.web.server.visits import Visit, login_required

KEEP_SECONDS = 1.0
"""So long an answer of ``/readyz`` stands, so that asking often costs nothing."""

HERE, ELSEWHERE, NOT_NEEDED = "here", "elsewhere", "not needed"
"""Who starts runs: a supervisor of this home; one of another machine or container; none, because no run waits."""


def healthz(request: Request) -> JSONResponse:
    """Health of process, registry and supervisor as JSON; ``?detail`` adds memory, in all and of the loaded
    models, and whether TensorFlow is loaded.

    Where a login is required, whoever is not signed in learns the status alone, and only admins the details.
    """
    health: dict[str, Any] = {"status": "ok", "version": VERSION, "supervisor": None, "registry": "ok"}
    try:
        bench = workbench()
        bench.registry.change_counter()
        health["supervisor"] = _plain(jobs.supervisor_status(bench.settings))
    except GraftError as error:
        health |= {"status": "failing", "registry": str(error)}
    may = _role_of(request)
    if may is None:
        health = {"status": health["status"]}
    elif "detail" in request.query_params and may.allows(Role.ADMIN):
        health["rss_bytes"] = rss_bytes()
        health["models_bytes"] = memory.used_bytes
        health["tensorflow"] = "tensorflow" in sys.modules
    return JSONResponse(health, 200 if health["status"] == "ok" else 503)


async def readyz(request: Request) -> JSONResponse:
    """200 and ``ready``, or 503 and ``not ready`` with the names of the checks that fail.

    Whoever may read pages is told each check: what was found, or one sentence on what is wrong.
    """
    found = await _kept().now()
    told: dict[str, Any] = {"status": "not ready" if found.problems else "ready", "failing": sorted(found.problems)}
    if _role_of(request) is not None:
        told["checks"] = {**found.good, **found.problems}
    return JSONResponse(told, 503 if found.problems else 200, {"Cache-Control": "no-store"})


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What was found.

    Args:
        good: by the name of the check. problems: a sentence by the name of the check.
    """

    good: dict[str, str]
    problems: dict[str, str]


def look(settings: Settings, registry: Callable[[], Registry]) -> Readiness:
    """All checks: the registry answers and has this version's schema, the home can be written, its disk has room, and
    it is known who starts runs. Blocking.
    """
    good: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name, check in (
        ("registry", lambda: _registry(registry())),
        ("home", lambda: _home(settings)),
        ("space", lambda: _space(settings)),
        ("supervisor", lambda: _supervisor(settings, registry())),
    ):
        if "registry" in problems and name == "supervisor":
            problems[name] = "Who starts runs is not known while the registry cannot be used."
            continue
        try:
            good[name] = check()
        except GraftError as error:
            problems[name] = str(error)
    return Readiness(good=good, problems=problems)


def _registry(registry: Registry) -> str:
    revision = registry.schema_revision()
    if revision != HEAD:
        raise Unavailable(
            f"The registry has the schema {revision} of another version of Graft; this one has {HEAD}. Start this "
            "process again with the version that migrated it."
        )
    return "ok"


def _home(settings: Settings) -> str:
    try:
        with tempfile.TemporaryFile(dir=settings.home) as file:  # has no name, so a killed process leaves nothing
            file.write(b"x")
            file.flush()
    except OSError as error:
        raise Unavailable(f"The home {settings.home} cannot be written ({error.strerror}).") from None
    return "ok"


def _space(settings: Settings) -> str:
    if low := low_space(settings):
        raise Unavailable(low)
    return "ok"


def _supervisor(settings: Settings, registry: Registry) -> str:
    status = jobs.supervisor_status(settings)
    if status.running:
        return ELSEWHERE if status.elsewhere else HERE
    if registry.lease(SUPERVISOR) is not None:
        return ELSEWHERE
    if registry.runs(status=Status.SCHEDULED, limit=1):
        raise Unavailable("Runs wait and no supervisor starts them: python -m core run")
    return NOT_NEEDED


class KeptReadiness:
    """The newest answer of ``look``, which is called by one request at a time and in a thread."""

    def __init__(self, look: Callable[[], Readiness]) -> None:
        self._look, self._lock = look, asyncio.Lock()
        self._found: tuple[float, Readiness] | None = None

    async def now(self) -> Readiness:
        async with self._lock:
            if self._found is None or time.monotonic() - self._found[0] >= KEEP_SECONDS:
                found = await asyncio.to_thread(self._look)
                self._found = time.monotonic(), found
            return self._found[1]


def _kept() -> KeptReadiness:
    settings = load_settings()

    def begin() -> KeptReadiness:
        return KeptReadiness(lambda: look(settings, lambda: workbench().registry))

    return process_singleton(f"readiness {settings.home}", begin)


def _role_of(request: Request) -> Role | None:
    """Of whoever asks; everybody is an admin where no login is required."""
    visit: Visit | None = request.scope.get(VISIT)
    if visit is not None:
        return visit.person.role
    return None if login_required() else Role.ADMIN


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
