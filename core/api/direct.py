"""Predictions by REST past FastAPI, which takes 0.5 ms a request to find the route among all others and to call it.

The route stays declared in ``core.api.model_routes``, for the OpenAPI document and for addresses of any unusual form;
both call its ``predict``. Errors are those of ``core.api.rest``.
"""

import re
from collections.abc import Callable
from types import SimpleNamespace

from fastapi import FastAPI, Request
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.model_routes import PREDICT, predict
from core.api.rest import HANDLERS
from core.workbench import Workbench

_ADDRESS = re.compile(r"/models/([^/\n]{1,400})/predict")
_EXPECTED = tuple(kind for kind in HANDLERS if kind is not Exception)
_ROUTE = SimpleNamespace(path=PREDICT)
"""For the access log (``core.api.gate``)."""


class DirectPredictions:
    """The application in front of FastAPI's.

    Args:
        workbench: of this process.
    """

    def __init__(self, app: FastAPI, workbench: Callable[[], Workbench]) -> None:
        self._app: ASGIApp = app
        self._workbench = workbench
        self._predict = ServerErrorMiddleware(self._answer, HANDLERS[Exception])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        asked = _ADDRESS.fullmatch(path) if scope["method"] == "POST" else None
        if asked is None:
            await self._app(scope, receive, send)
            return
        scope.update({"route": _ROUTE, "path_params": {"model": asked[1]}})
        await self._predict(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await predict(self._workbench(), request.path_params["model"], request)
        except _EXPECTED as error:
            response = HANDLERS[next(kind for kind in type(error).__mro__ if kind in HANDLERS)](request, error)
        await response(scope, receive, send)
