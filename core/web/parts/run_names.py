"""Names of runs shortened to the available width, still distinct."""

from collections.abc import Mapping

from core.text.units import brief

_PADDING, _LETTER = 16, 6.8
"""Pixels around the text of a cell, and of a character in it."""


def fitting(names: Mapping[str, str], pixels: int) -> dict[str, str]:
    """Names shortened in the middle to fit a column of this width, which would cut their ends."""
    limit = int((pixels - _PADDING) / _LETTER)
    return _distinct(names, {run_id: both_ends(name, limit) for run_id, name in names.items()})


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
        return brief(text, limit)
    head, tail = max(fit, key=lambda cut: (min(map(len, cut)), len(cut[0])))
    return f"{head} … {tail}"


def _distinct(names: Mapping[str, str], short: Mapping[str, str]) -> dict[str, str]:
    taken = list(short.values())
    return {run_id: name if taken.count(name) == 1 else names[run_id] for run_id, name in short.items()}
