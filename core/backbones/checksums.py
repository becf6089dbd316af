"""Checksums of weights files."""

import hashlib
from functools import lru_cache
from pathlib import Path


def matches(path: Path, digest: str) -> bool:
    """Whether the file has the digest (``sha256:<hex>`` or ``md5:<hex>``); computed once per unchanged file."""
    stat = path.stat()
    kind, _, wanted = digest.partition(":")
    return _hexdigest(path, kind, stat.st_size, stat.st_mtime_ns) == wanted


@lru_cache(maxsize=256)
def _hexdigest(path: Path, kind: str, _size: int, _mtime: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
