"""What a snapshot is, and the file that describes it: one JSON object with the SHA-256 of its own content."""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from core.errors import Unavailable

FORMAT = 1


class BackupPart(StrEnum):
    """What a snapshot may have besides the registry."""

    MODELS = "models"
    DATASETS = "datasets"


@dataclass(frozen=True, kw_only=True)
class SavedFolder:
    """The files of one folder.

    Args:
        folder: below the home: ``runs/<id>/model``. listing: SHA-256 of the listing of its files.
        stamp: of the paths, sizes and times of the files when they were read; "" when they came from a store.
    """

    folder: str
    listing: str
    size_bytes: int
    files: int
    stamp: str


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One backup.

    Args:
        id: its time (UTC) and four random letters. created_at: seconds since 1970, UTC.
        version: of Graft. schema: revision of the registry. database: where the registry was: ``SQLite 3.53.0``.
        registry: SHA-256 of the registry as an SQLite file. registry_bytes: its size.
        missing: what the registry names and the home did not have: names of artifacts.
    """

    id: str
    created_at: float
    version: str
    schema: str
    database: str
    registry: str
    registry_bytes: int
    parts: tuple[BackupPart, ...]
    folders: tuple[SavedFolder, ...]
    missing: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Of everything that it has, also of what other snapshots have too."""
        return self.registry_bytes + sum(one.size_bytes for one in self.folders)

    @property
    def files(self) -> int:
        return 1 + sum(one.files for one in self.folders)


def encoded(snapshot: Snapshot) -> bytes:
    """The content of its file."""
    body = {"format": FORMAT} | asdict(snapshot)
    return json.dumps(body | {"sha256": _digest(body)}, indent=1).encode()


def decoded(name: str, content: bytes) -> Snapshot:
    """Reverse of ``encoded``.

    Args:
        name: of the file, for messages.

    Raises:
        Unavailable: it was altered, or is of a newer Graft.
    """
    try:
        body = json.loads(content)
        digest = body.pop("sha256")
        number = body.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unavailable(f"{name} is no description of a snapshot. It was not used.") from None
    if number != FORMAT:
        raise Unavailable(f"{name} was written by a newer Graft (format {number}). Update Graft.")
    if digest != _digest({"format": number} | body):
        raise Unavailable(f"{name} was altered: its SHA-256 is not that of its content. It was not used.")
    folders = tuple(SavedFolder(**one) for one in body.pop("folders"))
    parts = tuple(map(BackupPart, body.pop("parts")))
    return Snapshot(**body | {"folders": folders, "parts": parts, "missing": tuple(body["missing"])})


def _digest(body: dict[str, Any]) -> str:
    return sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
