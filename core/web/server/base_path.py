"""Graft below a path, ``https://host/graft/``: our own routes are served below Streamlit's base path.

Streamlit serves its own routes below ``server.baseUrlPath``; routes given to ``st.App`` stay at the root. Pages use
relative URLs, so a proxy that strips the path works as well.
"""

from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

OWN = ("healthz", "readyz", "predict", "tb", "api", "mcp", "metrics", "assets", "login", "logout", "welcome", "account",
       "openid", "openid-callback", "openid-sign-out", "second-step", "second-factor",
       "account-data", "password-strength")  # fmt: skip
"""First parts of the paths of our routes."""


class BelowBasePath:
    """Middleware that serves our routes below the base path too.

    The setting is read at every request, because Streamlit may read its configuration after the middleware is created.
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
    """Whether the path is one of our routes below ``base``."""
    inner = path.removeprefix(f"{base}/")
    return inner != path and inner.partition("/")[0] in OWN
