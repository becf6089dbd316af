"""Which characters of a name cannot be seen: one decision for the names of uploads and for everything that is shown.

Invisible are control characters, marks that change the writing direction, zero-width and filling characters, tags,
variation selectors and lone surrogates. Joiners and variation selectors are part of the writing in Indic and Arabic
words and in emoji, and are kept there.

Sources: Unicode 15, ``Default_Ignorable_Code_Point`` and ``Bidi_Control`` of its property files; UTS 51 (emoji).
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

_JOINERS = "\u200c\u200d"
_TAGS = ("\U000e0020", "\U000e007f")
_BLACK_FLAG = "\U0001f3f4"
_FLAG_TAGS = 7  # the flag of a region has at most six tags
_KEYCAPS = "#*0123456789"

_CANDIDATES = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u034f"  # soft hyphen, grapheme joiner
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # writing direction
    "\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800"  # fillers and blanks
    "\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
    "\u200b-\u200d\u2060-\u2065\ufeff"  # zero width
    "\u2028\u2029\ufff0-\ufffb"  # separators of lines and annotations
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # formatting, tags
    "\ud800-\udfff]"
)


def has_invisible(text: str) -> bool:
    """Whether the text holds a character that cannot be seen."""
    return any(True for _ in _found(text))


def without_invisible(text: str) -> str:
    """The text without characters that cannot be seen."""
    return _replaced(text, lambda char: "")


def invisible_in(text: str) -> str:
    """The characters of the text that cannot be seen, in order."""
    return "".join(text[index] for index in _found(text))


def escaped(text: str) -> str:
    """The text with ``\\uXXXX`` in place of what cannot be seen."""
    return _replaced(text, lambda char: f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")


def _replaced(text: str, replacement: Callable[[str], str]) -> str:
    found = set(_found(text))
    if not found:
        return text
    return "".join(replacement(char) if index in found else char for index, char in enumerate(text))


def _found(text: str) -> Iterator[int]:
    if text.isascii() and text.isprintable():
        return
    for match in _CANDIDATES.finditer(text):
        if not _belongs(text, match.start()):
            yield match.start()


def _belongs(text: str, index: int) -> bool:
    """Whether a joiner, variation selector or tag is part of the writing at its place."""
    char = text[index]
    before, after = text[max(index - 1, 0) : index], text[index + 1 : index + 2]
    if char in _JOINERS:
        in_word = _is_complex(before) and _is_complex(after)
        return in_word or (char == "\u200d" and _is_emoji(before) and _is_emoji(after))
    if char in "\ufe0e\ufe0f":
        return bool(before) and (unicodedata.category(before) in ("So", "Sm", "Po") or before in _KEYCAPS)
    if _TAGS[0] <= char <= _TAGS[1]:
        return _BLACK_FLAG in text[max(index - _FLAG_TAGS, 0) : index]
    return False


def _is_complex(char: str) -> bool:
    """A letter or mark of a writing whose letters join: Arabic, Syriac, Mongolian and the Indic ones."""
    if not char or unicodedata.category(char)[0] not in "LM":
        return False
    return any(
        first <= char <= last for first, last in (("\u0600", "\u08ff"), ("\u0900", "\u0fff"), ("\u1000", "\u1aff"))
    )


def _is_emoji(char: str) -> bool:
    return bool(char) and (char == "\ufe0f" or unicodedata.category(char) in ("So", "Sk"))
