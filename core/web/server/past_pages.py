"""Predictions by REST past what Streamlit puts in front of every route, which takes 0.15 ms of a request.

That is its check of paths for names of files, a session in a cookie, compression (a prediction has 2 kB), and a list of
all routes. The gates of Graft stand in front of it: it is the last middleware.
"""

import re

from starlette._utils import get_route_path
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

_PREDICTION = re.compile(r"/models/[\w@:-]+/predict", re.ASCII)
"""With ids and names of models of ordinary letters; all others take the ordinary way to the same application."""


class PastPages:
    """The middleware.

    Args:
        api: where REST is mounted; the router of pages has it too.
    """

    def __init__(self, app: ASGIApp, api: Mount) -> None:
        self._app, self._api = app, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and self._is_prediction(scope):
            match, inner = self._api.matches(scope)
            if match is Match.FULL:
                await self._api.handle({**scope, **inner}, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_prediction(self, scope: Scope) -> bool:
        path = get_route_path(scope)
        return path.startswith(self._api.path) and _PREDICTION.fullmatch(path, len(self._api.path)) is not None
