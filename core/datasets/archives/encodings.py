"""The encoding of file names that an archive does not mark as UTF-8.

All names of an archive are decided together: UTF-8 where it is valid, else the encoding in which they are
most likely text of one of its languages (``language``). charset-normalizer, made for pages of text, reads 72 of the 309
pairs of class names in ``tests/core/datasets/archives/class_names.toml`` rightly, this module 307.
"""

import codecs
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from core.datasets.archives.language import likelihood
from core.datasets.names import quoted
from core.errors import InvalidInput

CERTAIN = 3.0
"""The best reading is certain when it is e ** 3 = 20 times as likely as the next."""

MOST_READINGS = 4
_SAMPLE = 60
"""Names that are scored; all of them together would only repeat the answer."""

_WEST = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "no", "fi")
_CENTRAL = ("pl", "cs", "sk", "hu", "hr", "sl", "ro")
_BALTIC = ("lt", "lv", "et")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """An encoding of file names: Python's name, words for display, its languages, and the logarithm of its rarity.

    ``oem``: whether it is a code page of DOS, which ZIP programs for Windows use in preference.
    """

    name: str
    title: str
    languages: tuple[str, ...]
    rarity: float = 0.0
    oem: bool = False


ENCODINGS = (
    Encoding(name="cp850", title="DOS Western European (cp850)", languages=_WEST, oem=True),
    Encoding(name="cp437", title="DOS (cp437)", languages=_WEST, rarity=-1, oem=True),
    Encoding(name="cp1252", title="Windows Western European (cp1252)", languages=_WEST),
    Encoding(name="mac_roman", title="Mac OS Roman", languages=_WEST, rarity=-6),
    Encoding(name="cp852", title="DOS Central European (cp852)", languages=_CENTRAL, rarity=-1, oem=True),
    Encoding(name="cp1250", title="Windows Central European (cp1250)", languages=_CENTRAL, rarity=-1),
    Encoding(name="iso8859_2", title="ISO 8859-2", languages=_CENTRAL, rarity=-4),
    Encoding(name="cp857", title="DOS Turkish (cp857)", languages=("tr",), rarity=-1, oem=True),
    Encoding(name="cp1254", title="Windows Turkish (cp1254)", languages=("tr",), rarity=-1),
    Encoding(name="cp775", title="DOS Baltic (cp775)", languages=_BALTIC, rarity=-3, oem=True),
    Encoding(name="cp1257", title="Windows Baltic (cp1257)", languages=_BALTIC, rarity=-3),
    Encoding(name="cp866", title="DOS Cyrillic (cp866)", languages=("ru", "bg", "uk"), oem=True),
    Encoding(name="cp1125", title="DOS Ukrainian (cp1125)", languages=("uk",), rarity=-1, oem=True),
    Encoding(name="cp1251", title="Windows Cyrillic (cp1251)", languages=("ru", "bg", "uk", "sr")),
    Encoding(name="koi8_r", title="KOI8-R", languages=("ru",), rarity=-1),
    Encoding(name="koi8_u", title="KOI8-U", languages=("uk",), rarity=-3),
    Encoding(name="cp855", title="DOS Cyrillic (cp855)", languages=("sr", "bg"), rarity=-5, oem=True),
    Encoding(name="cp737", title="DOS Greek (cp737)", languages=("el",), rarity=-1, oem=True),
    Encoding(name="cp1253", title="Windows Greek (cp1253)", languages=("el",), rarity=-1),
    Encoding(name="cp862", title="DOS Hebrew (cp862)", languages=("he",), rarity=-1, oem=True),
    Encoding(name="cp1255", title="Windows Hebrew (cp1255)", languages=("he",), rarity=-1),
    Encoding(name="cp720", title="DOS Arabic (cp720)", languages=("ar", "fa"), rarity=-1, oem=True),
    Encoding(name="cp1256", title="Windows Arabic (cp1256)", languages=("ar", "fa"), rarity=-1),
    Encoding(name="cp874", title="Windows Thai (cp874)", languages=("th",), rarity=-1, oem=True),
    Encoding(name="cp932", title="Shift-JIS (Japanese)", languages=("ja",), oem=True),
    Encoding(name="euc_jp", title="EUC-JP (Japanese)", languages=("ja",), rarity=-2),
    Encoding(name="gb18030", title="GBK (Chinese)", languages=("zh", "zh-Hant"), oem=True),
    Encoding(name="cp950", title="Big5 (traditional Chinese)", languages=("zh-Hant",), oem=True),
    Encoding(name="cp949", title="EUC-KR (Korean)", languages=("ko",), oem=True),
)
_OEM = 1.0
"""How much more likely code pages of DOS are in an archive that was made on Windows."""


def check_encoding(encoding: str) -> None:
    """Checks a name of an encoding that a user gave.

    Raises:
        InvalidInput: there is no such text encoding.
    """
    try:
        if codecs.lookup(encoding)._is_text_encoding and "a/b".encode(encoding) == b"a/b":
            return
    except (LookupError, ValueError):
        pass
    raise InvalidInput(
        f"There is no encoding {quoted(encoding)}. Name one like cp866, cp1252, shift_jis, gb18030, big5 or euc_kr."
    )


def decoded(raw: bytes, encoding: str) -> str:
    """A name as text; bytes that are no text in this encoding become U+FFFD."""
    return raw.decode("ascii" if raw.isascii() else encoding, "replace")


def title_of(encoding: str) -> str:
    """Words for an encoding, its name where there are none."""
    return next((known.title for known in ENCODINGS if known.name == encoding), encoding)


def find_encodings(names: Sequence[bytes], *, windows: bool = False) -> tuple[str, ...]:
    """The encodings that the names of an archive may have, the most likely first.

    Args:
        names: paths with ``/`` between their parts, as stored.
        windows: whether the archive was made on DOS or Windows.

    Returns:
        One encoding where it is certain. Several encodings read at least one folder differently: file names are for
        display only, but folders are classes. ``("utf-8",)`` where the names are, up to single damaged ones.
    """
    odd = [name for name in names if not name.isascii()]
    if _are_utf8(odd):
        return ("utf-8",)
    folders, files = _parts(odd)
    sample = (folders + files)[:_SAMPLE]
    others = sorted({part.decode() for name in names if name.isascii() for part in name.split(b"/")[:-1]})[:_SAMPLE]
    readings: dict[tuple[str, ...], tuple[float, str]] = {}
    for encoding in ENCODINGS:
        texts = tuple(unicodedata.normalize("NFC", part.decode(encoding.name, "replace")) for part in sample)
        score = _score((*texts, *others), encoding, windows)
        if texts not in readings or readings[texts][0] < score:
            readings[texts] = (score, encoding.name)
    return _likely(readings, len(folders[:_SAMPLE]))


def _likely(readings: dict[tuple[str, ...], tuple[float, str]], folders: int) -> tuple[str, ...]:
    """The best encoding, and those nearly as likely that read the first ``folders`` texts differently."""
    (best, (most, first)), *others = sorted(readings.items(), key=lambda item: -item[1][0])
    near = [name for texts, (score, name) in others if most - score < CERTAIN and texts[:folders] != best[:folders]]
    return (first, *near[: MOST_READINGS - 1])


def _are_utf8(names: Sequence[bytes]) -> bool:
    """Whether at least half of the names are valid UTF-8 and the others are damaged, with some letters left.

    A short name of another encoding can be valid by chance, as one of two classes: the other one has no letter then.
    """
    invalid = [name for name in names if not _is_utf8(name)]
    if 2 * len(invalid) > len(names):
        return False
    parts = [part for group in _parts(invalid) for part in group if not _is_utf8(part)]
    return all(any(map(str.isalnum, part.decode("utf-8", "ignore"))) for part in parts)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parts(names: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Distinct folder names, and stems of file names, that are not ASCII. No encoding of the table has ``/`` inside a
    character.
    """
    folders: dict[bytes, None] = {}
    files: dict[bytes, None] = {}
    for name in names:
        *above, last = name.split(b"/")
        folders |= dict.fromkeys(part for part in above if not part.isascii())
        stem = last.rpartition(b".")[0] or last
        if not stem.isascii():
            files[stem] = None
    return list(folders), list(files)


def _score(texts: Sequence[str], encoding: Encoding, windows: bool) -> float:
    best = max(sum(likelihood(text, language) for text in texts) for language in encoding.languages)
    return best + encoding.rarity + (_OEM if windows and encoding.oem else 0)
