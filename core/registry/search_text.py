"""The text in which runs are searched: one spelling for all ways to write the same word."""

import unicodedata

from core.runs.values import Run


def normalised(text: str) -> str:
    """``text`` without differences of case and Unicode form: a substring search on the results ignores both.

    Case folding within compatibility composition (Unicode Standard, section 3.13, "Default Caseless Matching").
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def search_text(run: Run) -> str:
    """What is stored in ``runs.search``: name, id, pattern, backbone, tags and notes, one per line, normalised.

    The name is first, so that runs can be sorted by it. The text is never empty: an empty column marks a row written
    before the column existed.
    """
    return normalised("\n".join((run.name, run.id, run.recipe.pattern, run.recipe.backbone, *run.tags, run.notes)))
