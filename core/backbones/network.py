"""Whether downloads are possible, determined without sending anything: only a requested download uses the network."""

import os
import time
from pathlib import Path

from core.files.home import weights_folder
from core.settings import Settings

REMEMBER_SECONDS = 600
"""How long a download that failed without a network is remembered."""

ROUTES = Path("/proc/net/route")
ROUTES6 = Path("/proc/net/ipv6_route")


def forbidden() -> bool:
    """Whether ``GRAFT_OFFLINE=1`` forbids downloads."""
    return os.environ.get("GRAFT_OFFLINE", "") not in ("", "0")


def seems_reachable(settings: Settings) -> bool:
    """False when downloads are forbidden, there is no route out of this machine, or a download failed recently."""
    return not forbidden() and _has_route() and not _failed_lately(settings)


def remember_failure(settings: Settings) -> None:
    _mark(settings).parent.mkdir(parents=True, exist_ok=True)
    _mark(settings).touch()


def forget_failure(settings: Settings) -> None:
    _mark(settings).unlink(missing_ok=True)


def _mark(settings: Settings) -> Path:
    return weights_folder(settings) / ".no-network"


def _failed_lately(settings: Settings) -> bool:
    try:
        return time.time() - _mark(settings).stat().st_mtime < REMEMBER_SECONDS
    except FileNotFoundError:
        return False


def _has_route() -> bool:
    """Whether there is a proxy or a default route; True on systems without ``/proc/net/route``."""
    if os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or not ROUTES.exists():
        return True
    return _default_route(ROUTES, column=1) or _default_route(ROUTES6, column=0)


def _default_route(table: Path, *, column: int) -> bool:
    """Whether the kernel's routing table has a route with destination 0 that is not loopback."""
    if not table.exists():
        return False
    lines = [line.split() for line in table.read_text().splitlines()]
    return any(line and not line[column].strip("0") and "lo" not in (line[0], line[-1]) for line in lines)
