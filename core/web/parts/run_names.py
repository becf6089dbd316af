"""Names of runs shortened to the available width, still distinct."""

from collections.abc import Mapping, Sequence

from core.text.units import brief

_PADDING, _LETTER = 16, 6.8
"""Pixels around the text of a cell, and of a character in it."""


def fitting(names: Mapping[str, str], pixels: int) -> dict[str, str]:
    """Names shortened in the middle to fit a column of this width, which would cut their ends."""
    limit = letters(pixels)
    short = {run_id: both_ends(name, limit) for run_id, name in names.items()}
    alike = _alike(names, short)
    short = {run_id: _beginning(names[run_id], limit) if name in alike else name for run_id, name in short.items()}
    alike = _alike(names, short)
    return {run_id: names[run_id] if name in alike else name for run_id, name in short.items()}


def all_fitting(names: Sequence[str], pixels: int) -> list[str]:
    """As ``fitting``, of names in their order."""
    return list(fitting({str(place): name for place, name in enumerate(names)}, pixels).values())


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
