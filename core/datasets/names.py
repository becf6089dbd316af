"""Names from uploads: which are accepted, and how messages quote them."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from core.errors import InvalidInput
from core.text.invisible import escaped, has_invisible, without_invisible

NAME_LENGTH = 80
"""Characters a dataset or class name may have."""

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
"""Of the archives that are read, for choosing a file; their kind is told from their content."""


def name_key(text: str) -> str:
    """The key under which two names count as equal: NFC-normalised and case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def quoted(text: str, length: int = 80) -> str:
    """A name in quotes, for messages: invisible characters escaped, cut to ``length``."""
    safe = escaped(text)
    return "'" + (safe if len(safe) <= length else safe[: length - 1] + "…") + "'"


def quoted_list(names: list[str], limit: int = 5) -> str:
    """``'a', 'b' and 'c'``; of more than ``limit`` the first ones and ``3 more``."""
    rest = len(names) - limit
    parts = [quoted(name) for name in names[:limit]] + ([f"{rest} more"] if rest > 0 else [])
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


@lru_cache(10_000)
def class_name(folder: str) -> str:
    """The class name of a folder: NFC, without surrounding spaces.

    Characters that cannot be seen stay in it, because ``lookalike`` decides about them with all classes at hand.

    Raises:
        InvalidInput: it has nothing to see, is too long or holds control characters.
    """
    text = unicodedata.normalize("NFC", folder).strip()
    control = any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
    seen = _checked(text if control else without_invisible(text).strip(), "class name")
    return seen if not has_invisible(text) else text


def dataset_name(name: str | None, source: Path) -> str:
    """The name of a dataset: the given one, or that of the archive or folder.

    Raises:
        InvalidInput: the given name is empty, too long, or holds invisible characters, ``/`` or ``:``.
    """
    if name is None:
        stem = source.resolve().name if source.is_dir() else archive_stem(source.name)
        text = without_invisible(unicodedata.normalize("NFC", stem)).replace(":", "-").strip()
        return text[:NAME_LENGTH].strip() or "photos"
    text = _checked(unicodedata.normalize("NFC", name).strip(), "dataset name")
    if ":" in text or "/" in text:  # "name:version" and paths of the REST routes
        raise InvalidInput(f"A dataset name must not contain ':' or '/'. Received: {quoted(text)}")
    return text


def archive_stem(file: str) -> str:
    """A file name without the suffix of an archive: ``photos`` of ``photos.tar.gz``."""
    for suffix in sorted(ARCHIVE_SUFFIXES, key=len, reverse=True):
        if file.lower().endswith(suffix) and len(file) > len(suffix):
            return file[: -len(suffix)]
    return Path(file).stem


def _checked(text: str, what: str) -> str:
    if not text:
        raise InvalidInput(f"A {what} must not be empty.")
    if has_invisible(text):
        raise InvalidInput(f"A {what} must not contain control or invisible characters. Received: {quoted(text)}")
    if len(text) > NAME_LENGTH:
        raise InvalidInput(f"A {what} may have {NAME_LENGTH} characters. Received {len(text)}: {quoted(text)}")
    return text
