"""What the hub says of a model at one commit: its files with their checksums, and the metadata of its card."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.backbones.hub.address import HubAddress
from core.backbones.hub.client import HubClient
from core.errors import Unavailable

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file at one commit.

    Args:
        path: in the repository, with ``/`` between folders. size: in bytes.
        sha256: of the content of a large file (LFS). blob: of a small one, Git's SHA-1 of its length and content.
    """

    path: str
    size: int
    sha256: str | None = None
    blob: str | None = None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def matches(self, path: Path) -> bool:
        """Whether the file at ``path`` has this content."""
        with path.open("rb") as file:
            return path.stat().st_size == self.size and self._is_of(iter(lambda: file.read(_CHUNK), b""))

    def holds(self, content: bytes) -> bool:
        """Whether this is its content."""
        return len(content) == self.size and self._is_of([content])

    def _is_of(self, chunks: Iterable[bytes]) -> bool:
        digest = sha256() if self.sha256 else sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
        for chunk in chunks:
            digest.update(chunk)
        return digest.hexdigest() == (self.sha256 or self.blob)


@dataclass(frozen=True, kw_only=True)
class HubRepository:
    """A model at one commit.

    Args:
        address: with the commit as its revision. files: all of them, by path.
        card: metadata of its card (licence, data sets). tags: those of the hub.
        gated: whether its files are given only to those who accepted terms on the hub's site.
        parameters: of the whole network as the hub counts them; 0 where it does not say.
    """

    address: HubAddress
    files: Mapping[str, HubFile]
    card: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    gated: bool = False
    parameters: int = 0

    def file_path(self, file: HubFile) -> str:
        """Where the hub has the file at this commit, for ``HubClient.open``."""
        return f"/{self.address.name}/resolve/{self.address.revision}/{quote(file.path)}"


def repository_of(address: HubAddress, client: HubClient) -> HubRepository:
    """What the hub says now of a model; a branch becomes the commit it points to.

    Raises:
        NotFound, Unavailable: see ``HubClient.open``; or the hub answers with another commit than the one asked for.
    """
    revision = quote(address.revision, safe="")
    answer = client.json(f"/api/models/{address.name}/revision/{revision}?blobs=true")
    commit = answer.get("sha") if isinstance(answer, dict) else None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise Unavailable(f"{client.endpoint} does not name the commit of {address.name}, so it cannot be pinned.")
    if address.is_pinned and commit != address.revision:
        raise Unavailable(
            f"{client.endpoint} answers with commit {commit[:12]} of {address.name} instead of "
            f"{address.revision[:12]}. Look at the model again before you add it."
        )
    card = answer.get("cardData")
    return HubRepository(
        address=replace(address, revision=commit),
        files={file.path: file for file in map(_file, _rows(answer.get("siblings"))) if file},
        card=card if isinstance(card, dict) else {},
        tags=tuple(tag for tag in _list(answer.get("tags")) if isinstance(tag, str)),
        gated=bool(answer.get("gated")),
        parameters=_total(answer.get("safetensors")),
    )


def _file(row: Mapping[str, Any]) -> HubFile | None:
    """None for a path that is unsafe, or without size or checksum."""
    path, size = row.get("rfilename"), row.get("size")
    if not isinstance(path, str) or not isinstance(size, int) or size < 0 or not _is_safe(path):
        return None
    large = row.get("lfs")
    if isinstance(large, dict):
        digest = large.get("sha256") or large.get("oid")
        known = isinstance(digest, str) and _DIGEST.fullmatch(digest)
        return HubFile(path=path, size=size, sha256=digest) if known else None
    blob = row.get("blobId")
    known = isinstance(blob, str) and _COMMIT.fullmatch(blob)
    return HubFile(path=path, size=size, blob=blob) if known else None


def _is_safe(path: str) -> bool:
    parts = path.split("/")
    return all(part not in ("", ".", "..") for part in parts) and "\\" not in path and path.isprintable()


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in _list(value) if isinstance(row, dict)]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _total(value: Any) -> int:
    total = value.get("total") if isinstance(value, dict) else None
    return total if isinstance(total, int) and total > 0 else 0
