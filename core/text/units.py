"""Numbers with their units, lists, and names escaped for Streamlit's Markdown."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeGuard

from core.text.invisible import without_invisible

NOT_MEASURED = "not measured"
_JOINER = "\u2060"  # word joiner: invisible
_SPACES = str.maketrans("\t\r\n", "   ")


def duration(seconds: float | None) -> str:
    """``under 0.1 s``, ``0.4 s``, ``42 s``, ``3 min 12 s``, ``2 h 05 min``, ``3 d 4 h``."""
    if not _known(seconds):
        return NOT_MEASURED
    if 0 < seconds < 0.05:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def rough_duration(seconds: float | None) -> str:
    """An estimate, no more precise than it can be: ``4 s``, ``40 s``, ``6 min``, ``2 h 20 min``, ``3 d 4 h``."""
    if not _known(seconds):
        return NOT_MEASURED
    if seconds < 57.5:
        return f"{max(1, round(seconds))} s" if seconds < 9.5 else f"{round(seconds / 5) * 5} s"
    if seconds < 3570:
        return f"{max(1, round(seconds / 60))} min"
    if seconds < 85_800:
        tens = round(seconds / 600)
        return f"{tens // 6} h" + (f" {tens % 6}0 min" if tens % 6 else "")
    return duration(seconds)


def rough_range(low: float, high: float) -> str:
    """Two estimates as a range: ``5–8 min``, ``8–12 s``, ``42 s–2 min``; ``6 min`` where both are the same."""
    first, last = (f"{max(1, round(end))} s" if end < 57.5 else rough_duration(end) for end in (low, high))
    if first == last:
        return first
    (number, _, unit), other = first.partition(" "), last.partition(" ")[2]
    return f"{number}–{last}" if unit == other and unit in ("s", "min", "h") else f"{first}–{last}"


def milliseconds(value: float | None) -> str:
    """``0.4 ms``, ``8.3 ms``, ``120 ms``, ``1.2 s``."""
    if not _known(value):
        return NOT_MEASURED
    if value >= 999.5:
        return duration(value / 1000)
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def size(count: float | None) -> str:
    """Bytes as ``812 bytes``, ``14 kB``, ``1.4 MB``, ``148 MB``, ``2.3 GB`` (powers of 1000)."""
    if not _known(count):
        return NOT_MEASURED
    if count < 1000:
        return f"{count:.0f} bytes"
    return _scaled(count, ("kB", "MB", "GB", "TB"))


def unbroken(text: str) -> str:
    """``text`` on one line: its blanks do not break."""
    return text.replace(" ", "\u00a0")


_UNIT = re.compile(r"(?<=\d) (?=\\?%|(?:ms|s|min|h|d|kB|MB|GB|TB|J|Wh|kWh|px)\b)")


def glued(text: str) -> str:
    """``text`` in which no line ends between a number and its unit: ``about 4 min left``, ``80 % (63–91)``."""
    return _UNIT.sub("\u00a0", text)


def breakable(text: str) -> str:
    """A name of a class that may be continued on the next line after ``_``, not inside of a word.

    Not for what people copy: it has an invisible character there.
    """
    return text.replace("_", "_\u200b")


def amount(count: float | None) -> str:
    """Large counts as ``950``, ``4.7 million``, ``1.2 billion``."""
    if not _known(count):
        return NOT_MEASURED
    if count < 999_999.5:
        return _thousands(count)
    return _scaled(count / 1000, ("million", "billion", "trillion"))


def magnitude(count: float | None) -> str:
    """As ``amount`` with two digits from ten thousand on: ``9 520``, ``720 thousand``, ``4.7 million``."""
    if not _known(count) or count < 9_999.5 or count >= 999_999.5:
        return amount(count)
    return _scaled(count, ("thousand", "million"))


def energy(joules: float | None) -> str:
    """``820 J`` below a watt-hour, then ``1.4 Wh``, ``12 Wh``, ``3.4 kWh``."""
    if not _known(joules):
        return NOT_MEASURED
    if joules < 3600:
        return f"{joules:.0f} J"
    return _scaled(joules / 3.6, ("Wh", "kWh", "MWh"))


def money(price: float | None, currency: str = "EUR") -> str:
    """``0.42 EUR``; amounts that would be rounded to zero are ``under 0.01 EUR``."""
    if not _known(price):
        return NOT_MEASURED
    if 0 < price < 0.01:
        return f"under 0.01 {currency}"
    return f"{price:,.2f} {currency}"


def percent(value: float | None, interval: tuple[float | None, float | None] | None = None) -> str:
    """A fraction in 0..1 as ``92.4 %``; with its interval as a range ``92.4 % (91.2–93.5)``.

    Without decimals where the interval is wider than 4 points: ``80 % (63–91)``.
    """
    if not _known(value):
        return "–"
    low, high = interval or (None, None)
    if low is None or high is None:
        return f"{100 * value:.1f} %"
    digits = 0 if high - low >= 0.04 else 1
    return f"{100 * value:.{digits}f} % ({100 * low:.{digits}f}–{100 * high:.{digits}f})"


def whole_percent(value: float | None) -> str:
    """A fraction of few photos, as of those of one class: ``82 %``."""
    return f"{100 * value:.0f} %" if _known(value) else "–"


def points(difference: float) -> str:
    """Absolute difference of two fractions in percentage points: ``4.2 points``, ``1 point``."""
    value = f"{100 * abs(difference):.1f}".removesuffix(".0")
    return f"{value} point{'' if value == '1' else 's'}"


_PARTS = {2: "half", 3: "a third of", 4: "a quarter of", 5: "a fifth of", 10: "a tenth of"}


def times(ratio: float) -> str:
    """A ratio, to be followed by a noun: ``1.6 times the``, ``half the``, ``a fifth of the``, ``3 % of the``."""
    if 0.95 < ratio < 1.05:
        return "the same"
    if ratio > 1:
        return f"{ratio:.1f} times the" if ratio < 9.95 else f"{_thousands(ratio)} times the"
    for part, words in _PARTS.items():
        if abs(ratio * part - 1) < 0.06:
            return f"{words} the"
    return f"{100 * ratio:.0f} % of the" if ratio >= 0.005 else "under 1 % of the"


def p_value(p: float) -> str:
    """``p = 0.34``, ``p = 0.012``, ``p < 0.001``."""
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.2f}" if p >= 0.0995 else f"p = {p:.3f}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 photo``, ``3 photos``, ``2 classes`` (with ``plural``)."""
    return f"{_thousands(number)} {noun if number == 1 else plural or noun + 's'}"


def about(number: int, noun: str) -> str:
    """An estimate: ``about 60 photos``, ``about 1 400 photos``: two digits of it."""
    step = 10 ** max(0, len(str(number)) - 2)
    return f"about {count(max(1, round(number / step) * step), noun)}"


def listed(names: Sequence[str], limit: int = 5) -> str:
    """``a, b and c``; of more than ``limit`` the first ones and ``4 more``."""
    shown = list(names) if len(names) <= limit else [*names[: limit - 1], f"{len(names) - limit + 1} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def brief(text: str, limit: int = 56) -> str:
    """``text``, shortened in the middle between words where it is longer than ``limit``: names differ at both ends."""
    if len(text) <= limit:
        return text
    head, tail = _whole_words(text, limit * 2 // 3 - 1), text[-limit // 3 + 1 :]
    if text[-len(tail) - 1] != " ":
        tail = tail.partition(" ")[2] or _last_word(text, limit) or tail
        head = _whole_words(text, min(len(head), limit - len(tail) - 3))
    return f"{head.rstrip(' ,·')} … {tail.lstrip(' ,·')}"


def _last_word(text: str, limit: int) -> str:
    """ "" where it leaves no room for a beginning."""
    word = text.rpartition(" ")[2]
    return word if len(word) <= limit // 2 else ""


def _whole_words(text: str, limit: int) -> str:
    """The beginning of a text, cut between words where it has several."""
    return text[:limit] if text[limit] == " " else text[:limit].rpartition(" ")[0] or text[:limit]


def moment(seconds: float | None) -> str:
    """A time since 1970 as ``2026-03-04 17:05`` in UTC."""
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


_MARKUP = re.compile(r"([!-/:-@\[-`{-~])")  # all ASCII punctuation may be escaped (CommonMark 2.4)
_LATE = re.compile(r"(?<=[:@])(?=[\w/+-])|(?<=\bww)(?=w\.)|(?<=[<>~-])(?=[->=])", re.IGNORECASE)


def plain(text: object) -> str:
    """``text`` (a file, class or run name) escaped so that Streamlit's Markdown shows it unchanged, on one line.

    Backslashes alone are not enough: Streamlit replaces icons (``:material/home:``), emoji (``:smile:``), web and mail
    addresses and arrows after it has removed the backslashes. An invisible word joiner interrupts those.
    """
    line = " ".join(visible(str(text)).split())
    return _MARKUP.sub(r"\\\1", _LATE.sub(_JOINER, line))


def visible(text: str) -> str:
    """``text`` without characters that cannot be seen or that change the writing direction; tabs and ends of lines
    become spaces."""
    return without_invisible(text.translate(_SPACES))


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _thousands(value: float) -> str:
    return f"{value:,.0f}"


def _scaled(value: float, units: tuple[str, ...]) -> str:
    for unit in units:
        value /= 1000
        if round(value) < 1000 or unit == units[-1]:
            break
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
