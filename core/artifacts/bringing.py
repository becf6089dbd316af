"""What ``core.files.here`` fetches with: the registry and the store that the settings name, opened when needed."""

import os
import time
from functools import lru_cache
from pathlib import Path

from core.artifacts.fetching import fetch
from core.artifacts.marks import marked
from core.artifacts.photo_shards import fetch_dataset
from core.files.folders import artifact_mark
from core.files.here import fetch_with
from core.registry import Registry
from core.settings import Settings

NEWER_SECONDS = 5.0
"""How often the registry is asked for a newer version of a copy."""
_asked: dict[Path, float] = {}


def install() -> None:
    """Called when a process starts."""
    fetch_with(bring)


def bring(settings: Settings, name: str, folder: Path, *, into: bool = False, newer: bool = False) -> None:
    """Fetches an artifact that is missing here; with ``newer`` also where an older version of it is.

    Files that were made here and are not published (yet) have no mark, and are left alone.
    """
    if not settings.artifacts:
        return
    if newer and folder.exists():
        mark = artifact_mark(folder, name)
        if marked(mark) is None or time.monotonic() - _asked.get(folder, -NEWER_SECONDS) < NEWER_SECONDS:
            return
        _asked[folder] = time.monotonic()
    kind, _, rest = name.partition("/")
    if kind == "datasets" and not into:
        fetch_dataset(settings, registry_of(settings), rest, folder)
    else:
        fetch(settings, registry_of(settings), name, folder, into=into)


def registry_of(settings: Settings) -> Registry:
    """The registry of these settings; one object for each process."""
    return _registry_of(settings, os.getpid())


@lru_cache(maxsize=4)
def _registry_of(settings: Settings, _pid: int) -> Registry:
    return Registry.of(settings)
