"""Engine files that were exported at set-up, of the networks that come with Graft: a new home copies them.

They are in the environment of Python, ``share/graft/engines`` (``GRAFT_KEPT_ENGINES`` names another folder), written by
``python -m core.features.keep``. Files of other versions of the packages that export and run them are not used.
"""

import json
import os
import sys
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from core.features.engine_store import notes_of

VARIABLE = "GRAFT_KEPT_ENGINES"
_PACKAGES = ("ai-edge-litert", "keras", "tensorflow")


def kept_folder() -> Path:
    return Path(os.environ.get(VARIABLE) or Path(sys.prefix) / "share" / "graft" / "engines")


@lru_cache(maxsize=1)
def package_versions() -> dict[str, str]:
    """Of the packages that export engines and run them; without those that are not installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def kept_notes(name: str) -> dict[str, Any] | None:
    """What is known of the kept engine file of this name, as in ``engine_store``; None where it cannot be used."""
    path = kept_folder() / name
    try:
        notes: dict[str, Any] = json.loads(notes_of(path).read_text())
        usable = notes["versions"] == package_versions() and path.is_file() and not notes["refused"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return notes if usable else None
