"""Graft below a path, ``https://host/graft/``: our own routes go where Streamlit puts its own.

Streamlit serves everything of its own below ``server.baseUrlPath``; routes given to ``st.App`` stay at the root. Pages
find the way by relative addresses, so a proxy that takes the path away before it asks us works as well.
"""

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

OWN = ("healthz", "tb", "api", "assets")
"""First parts of the addresses of our routes."""


class BelowBasePath:
    """Middleware that answers for our routes below the base path too.

    The setting is read with every request: when the middleware is made, Streamlit may not have read its file yet.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        base = base_path()
        if scope["type"] == "http" and base and is_own(scope["path"], base):
            scope = {**scope, "root_path": scope.get("root_path", "") + base}
        await self._app(scope, receive, send)


def base_path() -> str:
    """``/graft``, or "" when Graft is at the root."""
    path = (config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def is_own(path: str, base: str) -> bool:
    """Whether this is an address of ours below ``base``."""
    inner = path.removeprefix(f"{base}/")
    return inner != path and inner.partition("/")[0] in OWN
