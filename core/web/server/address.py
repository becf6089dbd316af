"""The address the dashboard listens on. Where other machines can reach it, people must sign in."""

import ipaddress
import os
import socket
from functools import lru_cache

from streamlit import config

from core.errors import InvalidInput
from core.settings import Login, load_settings

DEFAULT = "127.0.0.1"


def listening_address() -> str:
    """``STREAMLIT_SERVER_ADDRESS``, else Streamlit's ``server.address`` (a flag, or its files), without brackets.

    Streamlit itself reads the variable for ``streamlit run`` only.

    Raises:
        InvalidInput: other machines could reach it, and the login is switched off.
    """
    found = (os.environ.get("STREAMLIT_SERVER_ADDRESS") or config.get_option("server.address") or DEFAULT).strip()
    address = found.removeprefix("[").removesuffix("]") or DEFAULT
    if load_settings().login is Login.OFF and not is_loopback(address):
        raise InvalidInput(
            "GRAFT_LOGIN=off is only possible on 127.0.0.1, ::1 or localhost, which no other machine can reach: unset "
            f"GRAFT_LOGIN, or forward a port (ssh -L 8501:127.0.0.1:8501 HOST). Received: server.address={found!r}"
        )
    return address


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach the address; a name must resolve to such addresses alone."""
    try:
        return _is_loopback(address)
    except ValueError:
        pass
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(address, None)}
    except (OSError, UnicodeError):  # no such name
        return False
    return bool(found) and all(_is_loopback(each) for each in found)


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    """Raises ValueError where it is no IP address."""
    found = ipaddress.ip_address(address)
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def dashboard_url(address: str, port: int, base: str = "") -> str:
    """``http://127.0.0.1:8501``; an IPv6 address is put in brackets, and all addresses are named by this machine's."""
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    return f"http://{f'[{address}]' if ':' in address else address}:{port}{base}"


def arrived_from_outside(server: object) -> bool:
    """Whether a connection was made to an IP address of the network.

    Args:
        server: of the ASGI scope, (address, port). Another server than Graft's own may listen on any address.
    """
    if not isinstance(server, tuple | list) or not server:
        return False
    try:
        return not _is_loopback(str(server[0]))
    except ValueError:  # a name or a Unix socket
        return False
