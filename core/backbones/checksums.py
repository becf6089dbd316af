"""Checksums of weights files."""

import hashlib
from functools import lru_cache
from pathlib import Path


def matches(path: Path, digest: str) -> bool:
    """Whether the file has the digest: ``sha256:<hex>``, ``md5:<hex>`` or ``size:<bytes>``.

    A file is read once as long as its size and time stay the same.
    """
    stat = path.stat()
    kind, _, wanted = digest.partition(":")
    if kind == "size":
        return stat.st_size == int(wanted)
    return _hexdigest(path, kind, stat.st_size, stat.st_mtime_ns) == wanted


@lru_cache(maxsize=256)
def _hexdigest(path: Path, kind: str, _size: int, _mtime: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
