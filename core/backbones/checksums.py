"""Checksums of weights files."""

from pathlib import Path

from core.files.atomic import digest_of


def matches(path: Path, digest: str) -> bool:
    """Whether the file has the digest: ``sha256:<hex>``, ``md5:<hex>`` or ``size:<bytes>``.

    A file is read again only when its size or time has changed.
    """
    kind, _, wanted = digest.partition(":")
    if kind == "size":
        return path.stat().st_size == int(wanted)
    return digest_of(path, kind) == wanted
