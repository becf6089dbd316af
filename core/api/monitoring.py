"""``/metrics``: what Prometheus scrapes, with a token as REST. FastAPI is not needed for it."""

import asyncio
from collections.abc import Callable

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from core.api.problems import of_error, problem_response
from core.api.traffic import Traffic
from core.errors import GraftError
from core.text.prometheus import CONTENT_TYPE
from core.workbench import Workbench
from core.workbench.monitoring import Monitor


class MonitoringApplication:
    """The ASGI application.

    Args:
        workbench: of this process; called in a thread. traffic: what this process has answered.
    """

    def __init__(self, workbench: Callable[[], Workbench], traffic: Traffic) -> None:
        self._workbench, self._traffic = workbench, traffic
        self._monitor: tuple[Workbench, Monitor] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._answer(scope["method"]))(scope, receive, send)

    async def _answer(self, method: str) -> Response:
        if method not in ("GET", "HEAD"):
            return problem_response(405, f"{method} is not possible at this address.", {"Allow": "GET, HEAD"})
        try:
            return PlainTextResponse(await asyncio.to_thread(self._text), media_type=CONTENT_TYPE)
        except GraftError as error:
            return of_error(error)

    def _text(self) -> str:
        bench = self._workbench()
        if self._monitor is None or self._monitor[0] is not bench:
            self._monitor = bench, Monitor(bench.settings, bench.registry)
        return self._monitor[1].text(self._traffic.metrics())
