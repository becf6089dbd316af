"""What the environment sets: the folder of all state, the port, limits. Paths below it: ``core.files.home``."""

import math
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInput

REPOSITORY = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Home folder, port and limits; everything below ``home`` belongs to Graft.

    Args:
        home: folder of all state (``GRAFT_HOME``).
        port: TCP port of the dashboard (``GRAFT_PORT``).
        features_limit_bytes: stored features beyond this are evicted, oldest use first (``GRAFT_FEATURES_GB``).
    """

    home: Path = REPOSITORY / "models"
    port: int = 8501
    features_limit_bytes: int = 10 * 10**9

    def __post_init__(self) -> None:
        if not 1 <= self.port <= 65535:
            raise InvalidInput(f"The port must be between 1 and 65535. Received: port={self.port}")
        if self.features_limit_bytes < 0:
            raise InvalidInput(
                f"The limit of stored features must not be negative. Received: {self.features_limit_bytes}"
            )


def load_settings(environ: dict[str, str] | None = None) -> Settings:
    """Settings from ``GRAFT_HOME``, ``GRAFT_PORT`` and ``GRAFT_FEATURES_GB``."""
    environ = dict(os.environ) if environ is None else environ
    chosen: dict = {}
    if environ.get("GRAFT_HOME"):
        chosen["home"] = _folder(environ, "GRAFT_HOME")
    if environ.get("GRAFT_PORT"):
        chosen["port"] = _whole_number(environ, "GRAFT_PORT")
    if environ.get("GRAFT_FEATURES_GB"):
        chosen["features_limit_bytes"] = int(_number(environ, "GRAFT_FEATURES_GB") * 10**9)
    return Settings(**chosen)


def _folder(environ: dict[str, str], name: str) -> Path:
    try:
        return Path(environ[name]).expanduser().resolve()
    except (RuntimeError, OSError) as error:  # no such user, a loop of links
        raise InvalidInput(f"{name} must be a folder ({error}). Received: {environ[name]!r}") from None


def _whole_number(environ: dict[str, str], name: str) -> int:
    try:
        return int(environ[name])
    except ValueError:
        raise InvalidInput(f"{name} must be a whole number. Received: {environ[name]!r}") from None


def _number(environ: dict[str, str], name: str) -> float:
    try:
        number = float(environ[name])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise InvalidInput(f"{name} must be a number. Received: {environ[name]!r}")
    return number
