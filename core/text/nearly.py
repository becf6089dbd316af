"""The name that was probably meant, for errors about names that do not exist."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.7
"""Ratio of ``difflib`` from which on two names are nearly the same."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that ``name`` is nearly; case, blanks, ``-``, ``_`` and ``.`` make no difference."""
    known = {_bare(one): str(one) for one in names}
    found = get_close_matches(_bare(name), known, n=1, cutoff=CUTOFF)
    return known[found[0]] if found else None


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`` Did you mean 'efficientnet_lite0'?``, with the blank before it, or ""."""
    found = nearest(name, names)
    return f" Did you mean {found!r}?" if found else ""


def _bare(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(char for char in folded if char not in " -_.") or folded
