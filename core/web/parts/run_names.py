"""Names of runs shortened to the available width, still distinct."""

from collections.abc import Iterable, Mapping, Sequence

from core.text.units import brief

LINES, TALL_ROW = 3, 65
"""Lines of a name in a tall row of a table, and its pixels: from 65 on Streamlit continues text on a further line."""
_PADDING, _LETTER = 16, 6.8
"""Pixels around the text of a cell, and of a character in it."""
_THIN, _BROAD = frozenset("ilj.,:;|'!·- ftrI()/"), frozenset("mwMW…@%")
_WIDTHS, _SPARE = (4.2, 8.0, 12.0), 8
"""Pixels of a thin, an ordinary and a broad letter, since where a line is broken depends on them; and what they may be
wrong by on a line."""


def fitting(names: Mapping[str, str], pixels: int, lines: int = 1) -> dict[str, str]:
    """Names shortened in the middle to fit a column of this width, which would cut their ends.

    Args:
        lines: of a cell, as ``lines_for`` has them.
    """
    limit = letters(pixels)
    short = {run_id: _shortened(name, pixels, lines) for run_id, name in names.items()}
    alike = _alike(names, short)
    limit *= lines
    short = {run_id: _beginning(names[run_id], limit) if name in alike else name for run_id, name in short.items()}
    alike = _alike(names, short)
    return {run_id: names[run_id] if name in alike else name for run_id, name in short.items()}


def all_fitting(names: Sequence[str], pixels: int, lines: int = 1) -> list[str]:
    """As ``fitting``, of names in their order."""
    return list(fitting({str(place): name for place, name in enumerate(names)}, pixels, lines).values())


def lines_for(names: Iterable[str], pixels: int, *, wrapped: bool) -> int:
    """Lines of a name in a column of this width: several where they may and one is not enough for all names.

    Short forms of long names look alike in a narrow column: ``Lite0 … block`` and ``Lite0 … blocks``.
    """
    return LINES if wrapped and any(len(name) > letters(pixels) for name in names) else 1


def row_height(lines: int) -> int | None:
    """Pixels of a row with names on so many lines, for ``st.dataframe``; None for its own height."""
    return TALL_ROW if lines > 1 else None


def _shortened(name: str, pixels: int, lines: int) -> str:
    """The name with as much of both ends as fits on so many lines of a cell."""
    limit = letters(pixels)
    for room in range(2 * lines * limit if lines > 1 else limit, limit, -1):
        short = both_ends(name, room)
        if lines_of(short, pixels) <= lines:
            return short
    return both_ends(name, limit)


def lines_of(text: str, pixels: int) -> int:
    """On how many lines a cell of this width shows a text: broken at blanks."""
    count, used = 1, 0.0
    for word in text.split(" "):
        wide = _width(f"{word} ")
        if used and used + wide - _width(" ") > pixels - _PADDING - _SPARE:
            count, used = count + 1, 0.0
        used += wide
    return count


def _width(text: str) -> float:
    thin, ordinary, broad = _WIDTHS
    return sum(thin if one in _THIN else broad if one in _BROAD else ordinary for one in text)


def letters(pixels: int) -> int:
    """How many fit into a cell of this width."""
    return int((pixels - _PADDING) / _LETTER)


def both_ends(text: str, limit: int) -> str:
    """As many whole words from the beginning and the end as fit; names of ensembles differ at either end."""
    words = text.split(" ")
    if len(text) <= limit or len(words) < 3:
        return brief(text, limit)
    cuts = [
        (" ".join(words[:first]).rstrip(" ,·"), " ".join(words[last:]).lstrip(" ,·"))
        for first in range(1, len(words))
        for last in range(first + 1, len(words))
    ]
    fit = [(head, tail) for head, tail in cuts if head and tail and len(head) + len(tail) + 3 <= limit]
    if not fit:
        return _beginning(text, limit) if len(text) - limit <= len(" · ") else _first_and_last(words, limit)
    head, tail = max(fit, key=lambda cut: (min(map(len, cut)), len(cut[0])))
    return f"{head} … {tail}"


def _first_and_last(words: list[str], limit: int) -> str:
    """The first word and the beginning of the last one: the end of a word alone tells nothing."""
    room = limit - len(words[0]) - 4
    return f"{words[0]} … {words[-1][:room]}…" if room > 2 else brief(" ".join(words), limit)


def _beginning(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip(' ·')}…"


def _alike(names: Mapping[str, str], short: Mapping[str, str]) -> set[str]:
    """Short forms that stand for several names."""
    meant: dict[str, set[str]] = {}
    for run_id, name in short.items():
        meant.setdefault(name, set()).add(names[run_id])
    return {name for name, whole in meant.items() if len(whole) > 1}
