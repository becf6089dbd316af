"""The proxies that may say who connects and whether by https: ``X-Forwarded-For`` and ``X-Forwarded-Proto``.

Whoever reaches the port can send these headers. uvicorn's middleware believes them from the addresses it is told, else
from this machine; Graft tells it those of ``GRAFT_PROXIES``, and none without it.
"""

import ipaddress
import logging
import os

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import InvalidInput

VARIABLE = "GRAFT_PROXIES"
UVICORN = "FORWARDED_ALLOW_IPS"

logger = logging.getLogger(__name__)


def trusted_proxies() -> tuple[str, ...]:
    """The addresses and networks of ``GRAFT_PROXIES``, comma-separated: ``127.0.0.1, 172.16.0.0/12``.

    Raises:
        InvalidInput: one of them is none, or is every address there is.
    """
    found = []
    for text in filter(None, map(str.strip, os.environ.get(VARIABLE, "").split(","))):
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            raise InvalidInput(
                f"{VARIABLE} must be IP addresses or networks, comma-separated (127.0.0.1, 172.16.0.0/12). "
                f"Received: {text!r}"
            ) from None
        if network.prefixlen == 0:
            raise InvalidInput(f"{VARIABLE} must not name every address: anybody could claim any. Received: {text!r}")
        found.append(str(network) if network.num_addresses > 1 else str(network.network_address))
    return tuple(found)


def trust_proxies() -> None:
    """Tell uvicorn, before the server is made; who starts ``uvicorn app:app`` does it with ``--forwarded-allow-ips``.

    Raises:
        InvalidInput: ``GRAFT_PROXIES`` is not understood.
    """
    os.environ[UVICORN] = ",".join(trusted_proxies())


def came_by_trusted_proxy(scope: Scope) -> bool:
    """Whether a proxy of ``GRAFT_PROXIES`` has passed a request on.

    uvicorn puts the client that such a proxy names, with the port 0, in place of the proxy; nobody connects from
    port 0. A proxy that names none, or one with a port, is known by its own address.
    """
    networks = trusted_proxies()
    address, port = (scope.get("client") or ("", 1))[:2]
    return bool(networks) and (port == 0 or _is_in(address, networks))


def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in networks)


class UnknownProxies:
    """Middleware that logs once that a proxy forwards requests which ``GRAFT_PROXIES`` does not name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._told and scope["type"] in ("http", "websocket"):
            self._look(scope)
        await self._app(scope, receive, send)

    def _look(self, scope: Scope) -> None:
        forwarded = Headers(scope=scope).get("x-forwarded-for")
        peer = (scope.get("client") or ("",))[0]
        if forwarded is None or peer in forwarded:  # of a proxy that is believed, the client is in the header
            return
        self._told = True
        logger.warning(
            "Requests come through a proxy at %s, which %s does not name: all its visitors have its address, and "
            "cookies are not marked Secure. Set %s=%s if it is yours.",
            peer,
            VARIABLE,
            VARIABLE,
            peer,
        )
