"""Middleware that checks requests and adds headers to responses. Pure ASGI: request bodies are not read."""

import os
import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.file_util import get_static_dir

from core.errors import InvalidInput
from core.settings import load_settings
from core.web.server.address import arrived_from_outside
from core.web.server.visits import login_required

LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def content_security_policy(page: str) -> str:
    """The policy for Streamlit's ``index.html``: no external resources, and only the inline scripts it contains."""
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
    return "; ".join(
        (
            "default-src 'self'",
            # blob: is how Streamlit loads components (v2)
            " ".join(["script-src 'self' blob: 'wasm-unsafe-eval'", *hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "connect-src 'self' data: blob:",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "frame-ancestors 'self'",
            "form-action 'self'",
            "base-uri 'self'",
            "object-src 'none'",
        )
    )


HEADERS = {
    "Content-Security-Policy": content_security_policy((Path(get_static_dir()) / "index.html").read_text("utf-8")),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}

_ENCODED = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in HEADERS.items()]
"""As ASGI has them: encoding them for each response would take longer than all other middleware of Graft."""

HSTS = "GRAFT_HSTS_SECONDS"


def asked_hsts() -> int:
    """For so long browsers come by https alone (RFC 6797): ``GRAFT_HSTS_SECONDS``; 0, the default, says nothing.

    Raises:
        InvalidInput: it is not a whole number of 0 or more.
    """
    asked = os.environ.get(HSTS, "").strip() or "0"
    if not (asked.isascii() and asked.isdecimal() and len(asked) <= 10):
        raise InvalidInput(f"{HSTS} must be a whole number of seconds, 0 or more. Received: {asked[:40]!r}")
    return int(asked)


def allowed_hosts() -> tuple[str, ...]:
    """Names of this machine, that of ``GRAFT_URL``, and those of ``GRAFT_ALLOWED_HOSTS`` (ports ignored)."""
    extra = f"{os.environ.get('GRAFT_ALLOWED_HOSTS', '')},{urlsplit(load_settings().url).netloc}"
    return LOCAL_HOSTS + tuple(host_name(host.strip()) for host in extra.split(",") if host.strip())


class KnownHosts:
    """Refuse requests and websockets that were sent to another host name (DNS rebinding) or came over the network.

    Streamlit checks its websocket only, and Starlette's middleware cannot read ``[::1]:8501``.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] | None = None) -> None:
        self._app = app
        self._hosts = frozenset(allowed_hosts() if hosts is None else hosts)
        self._public: bool | None = None

    def _is_public(self) -> bool:
        if self._public is None:
            self._public = login_required()
        return self._public

    def _is_known(self, host: str, scope: Scope) -> bool:
        """An IP address that the connection was made to is known as well: no name leads another site's page to it."""
        return host in self._hosts or (self._is_public() and host in _own_address(scope.get("server")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif arrived_from_outside(scope.get("server")) and not self._is_public():
            await _refuse(scope, receive, send, 403, "Without a login Graft only serves this machine: GRAFT_LOGIN.")
        elif self._is_known(host_name(Headers(scope=scope).get("host", "")), scope):
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 421, "Graft does not serve this host name. Set GRAFT_ALLOWED_HOSTS.")


class SameOriginOnly:
    """Refuse websockets, and requests that can change state, of a page of another origin.

    Another port of this machine is another origin; Streamlit's own check of its websocket only compares host names.
    Pages are always known by a header of their browser. Programs send none, and can read the home without this server.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_harmless(scope) or _is_own(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            await _refuse(scope, receive, send, 403, "Requests from another site are refused.")


class ProtectiveHeaders:
    """Add ``HEADERS`` to every response that does not set them itself (TensorBoard has its own policy).

    ``Strict-Transport-Security`` is sent over https alone, without subdomains, which are not Graft's; where a proxy
    sends it, ``GRAFT_HSTS_SECONDS`` is not needed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                own = {name for name, _ in headers.raw}
                headers.raw.extend(header for header in _ENCODED if header[0] not in own)
                if scope.get("scheme") == "https" and (seconds := asked_hsts()):
                    headers.setdefault("Strict-Transport-Security", f"max-age={seconds}")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _own_address(server: object) -> tuple[str, ...]:
    """The address a connection was made to, as a Host header has it."""
    if not isinstance(server, tuple | list) or not server or not isinstance(server[0], str):
        return ()
    return (f"[{server[0]}]" if ":" in server[0] else server[0],)


def host_name(host: str) -> str:
    """``127.0.0.1`` of ``127.0.0.1:8501``, ``[::1]`` of ``[::1]:8501``."""
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.partition(":")[0].lower()


def _is_harmless(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in SAFE_METHODS


def _is_own(headers: Headers) -> bool:
    """Browsers send the origin of a request; programs send neither of the two headers and are trusted."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is None or _is_origin_of(origin, headers.get("host", ""))


def _is_origin_of(origin: str, host: str) -> bool:
    """Whether the origin (``https://graft.example``) is that of the ``Host`` header, which may name the usual port."""
    scheme, _, place = origin.lower().partition("://")
    return bool(place) and _without_usual_port(place, scheme) == _without_usual_port(host.lower(), scheme)


def _without_usual_port(place: str, scheme: str) -> str:
    return place.removesuffix({"http": ":80", "https": ":443"}.get(scheme, "\0"))


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(sentence, status)(scope, receive, send)
