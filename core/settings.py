"""Where Graft keeps its state and what the environment may change about it."""

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
    """Folders, port and limits; everything below ``home`` belongs to Graft.

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

    @property
    def registry_path(self) -> Path:
        return self.home / "registry.db"

    @property
    def datasets_dir(self) -> Path:
        return self.home / "datasets"

    @property
    def features_dir(self) -> Path:
        return self.home / "features"

    @property
    def runs_dir(self) -> Path:
        return self.home / "runs"

    @property
    def uploads_dir(self) -> Path:
        return self.home / "uploads"

    @property
    def weights_dir(self) -> Path:
        """Downloaded weights of ``keras.applications`` networks."""
        return self.home / "weights"

    def dataset_dir(self, dataset_id: str) -> Path:
        return inside(self.datasets_dir, dataset_id)

    def run_dir(self, run_id: str) -> Path:
        return inside(self.runs_dir, run_id)


def inside(root: Path, name: str) -> Path:
    """``root/name``, or an error when that would leave ``root`` (ids come from URLs and command lines)."""
    path = (root / name).resolve()
    if path.parent != root.resolve():
        raise InvalidInput(f"An id may only contain letters, digits, '-' and '_'. Received: {name!r}")
    return path


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
