"""Names from uploads: which are accepted, and how messages quote them."""

import re
import unicodedata
from pathlib import Path

from core.errors import InvalidInput

NAME_LENGTH = 80
"""Characters a dataset or class name may have."""

# Control characters, line separators, direction marks that change how a name is displayed, lone surrogates.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def is_unsafe(text: str) -> bool:
    """Whether the text holds control, bidirectional or otherwise invisible characters."""
    return _UNSAFE.search(text) is not None


def name_key(text: str) -> str:
    """The key under which two names count as equal: NFC-normalised and case-folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def quoted(text: str, length: int = 80) -> str:
    """A name in quotes, for messages: unsafe characters escaped, cut to ``length``."""
    safe = _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return "'" + (safe if len(safe) <= length else safe[: length - 1] + "…") + "'"


def quoted_list(names: list[str], limit: int = 5) -> str:
    """``'a', 'b' and 3 more``."""
    rest = len(names) - limit
    text = ", ".join(quoted(name) for name in names[:limit])
    return f"{text} and {rest} more" if rest > 0 else text


def class_name(folder: str) -> str:
    """The class name of a folder: NFC, without surrounding spaces.

    Raises:
        InvalidInput: it is empty, too long or holds invisible characters.
    """
    return _checked(unicodedata.normalize("NFC", folder).strip(), "class name")


def dataset_name(name: str | None, source: Path) -> str:
    """The name of a dataset: the given one, or that of the archive or folder.

    Raises:
        InvalidInput: the given name is empty, too long, or holds invisible characters, ``/`` or ``:``.
    """
    if name is None:
        stem = source.resolve().name if source.is_dir() else source.stem
        text = _UNSAFE.sub("", unicodedata.normalize("NFC", stem)).replace(":", "-").strip()
        return text[:NAME_LENGTH].strip() or "photos"
    text = _checked(unicodedata.normalize("NFC", name).strip(), "dataset name")
    if ":" in text or "/" in text:  # "name:version" and paths of the REST routes
        raise InvalidInput(f"A dataset name must not contain ':' or '/'. Received: {quoted(text)}")
    return text


def _checked(text: str, what: str) -> str:
    if not text:
        raise InvalidInput(f"A {what} must not be empty.")
    if is_unsafe(text):
        raise InvalidInput(f"A {what} must not contain control or invisible characters. Received: {quoted(text)}")
    if len(text) > NAME_LENGTH:
        raise InvalidInput(f"A {what} may have {NAME_LENGTH} characters. Received {len(text)}: {quoted(text)}")
    return text
