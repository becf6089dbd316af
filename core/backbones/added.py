"""Backbones that a person added: from the Hugging Face Hub, or from a file of their own.

The registry has their rows (``core.registry.backbones``). Their files lie in ``backbones/<name>/`` in the home; the
digest of the row covers all of them, so a fingerprint changes with any of them.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.backbones.downloads import Progress
from core.backbones.table import from_row, rows
from core.backbones.values import Availability, Backbone
from core.errors import InvalidInput, Unavailable
from core.files.atomic import digest_of
from core.files.folders import artifact_mark
from core.files.here import backbone_here
from core.files.home import added_folder
from core.settings import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


@dataclass(frozen=True, kw_only=True)
class AddedFile:
    """One file of an added backbone; ``path`` is its name in the folder, with ``/`` between folders."""

    path: str
    sha256: str
    bytes: int


@dataclass(frozen=True, kw_only=True)
class AddedBackbone:
    """A backbone that a person added.

    Args:
        backbone: its row. files: of its folder. added_at: seconds since 1970, UTC.
        facts: what was found out and agreed when it was added, as JSON: where it came from, the accepted licence, the
            check photo's features.
    """

    backbone: Backbone
    files: tuple[AddedFile, ...]
    added_at: float
    facts: Mapping[str, Any] = field(default_factory=dict)


def from_json(content: Mapping[str, Any]) -> AddedBackbone:
    """Reverse of ``asdict``."""
    return AddedBackbone(
        backbone=from_row(content["backbone"]),
        files=tuple(AddedFile(**file) for file in content["files"]),
        added_at=content["added_at"],
        facts=content["facts"],
    )


def check_name(name: str) -> None:
    """Raises:
    InvalidInput: no added backbone can have this name: it is not well formed, a run's id, or in the catalogue.
    """
    if not _NAME.fullmatch(name) or is_run(name):
        raise InvalidInput(
            f"A backbone's name has up to 80 small letters, digits, '-', '_' and '.', and does not begin with r-. "
            f"Received: {name!r}"
        )
    if name in rows():
        raise InvalidInput(f"The catalogue already has a backbone {name}. Choose another name.")


def is_run(name: str) -> bool:
    """Whether what a recipe names as backbone is a run, whose model is meant."""
    return name.startswith("r-")


def digest_of_files(files: Iterable[AddedFile]) -> str:
    """``sha256:<hex>`` of the names and digests of all files."""
    lines = sorted(f"{file.sha256}  {file.path}\n" for file in files)
    return f"sha256:{sha256(''.join(lines).encode()).hexdigest()}"


def files_of(folder: Path) -> tuple[AddedFile, ...]:
    """All files of a folder with their digests; a file is read again only when its size or time has changed."""
    mark = artifact_mark(folder, folder.name)  # of a copy of another machine's
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path != mark)
    return tuple(
        AddedFile(path=path.relative_to(folder).as_posix(), sha256=digest_of(path), bytes=path.stat().st_size)
        for path in found
    )


class AddedSource:
    """The source of every added backbone: its folder in the home."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        return bool(settings.artifacts) or added_folder(settings, backbone.name).exists()  # not fetched to find out

    def availability(self, backbone: Backbone, settings: Settings) -> Availability:
        return Availability.READY if self.is_here(backbone, settings) else Availability.GONE

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path:
        """The folder, unchanged since it was added."""
        folder = backbone_here(settings, backbone.name)
        if not folder.exists():
            raise Unavailable(f"The files of {backbone.title} are missing from {folder}. Add the backbone again.")
        if digest_of_files(files_of(folder)) != backbone.weights_digest:
            raise Unavailable(
                f"The files of {backbone.title} in {folder} were changed or damaged. Remove the backbone and add it "
                "again."
            )
        return folder
