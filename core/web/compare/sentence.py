"""The first line of the page Compare: which is best, and is the difference real?"""

from collections.abc import Sequence

import streamlit as st

from core.comparison.board_page import BoardPage
from core.comparison.summary import verdict
from core.datasets.values import Dataset
from core.text.units import count, listed, percent, plain
from core.web.compare.selected import Selected

_NAMED = 3


def answer(dataset: Dataset, selected: Selected | None) -> str:
    """One or two sentences in markdown about the chosen runs; of themselves about all that match."""
    if selected is None:
        return f"No run of {plain(dataset.name)} matches, so there is nothing to compare."
    measured = [row for row in selected.comparison.rows if row.accuracy is not None]
    if not measured:
        return "None of these runs has been measured on the test photos yet."
    if len(measured) == 1:
        best = plain(selected.brief_names[measured[0].run_id])
        right = percent(measured[0].accuracy, measured[0].interval)
        return f"{best} is right on {right} of the test photos; there is nothing to compare it with yet."
    pairs = selected.comparison.against_best
    if len(measured) == 2 and len(pairs) == 1:
        return plain(verdict(pairs[0], selected.brief_names))
    return _of_chosen(selected) if selected.best is None else _of_all(selected, selected.best)


def _of_chosen(selected: Selected) -> str:
    names = selected.brief_names
    rows = [row for row in selected.comparison.rows if row.accuracy is not None]
    best = rows[0]
    equal = [names[row.run_id] for row in rows if row.accuracy == best.accuracy]
    lower = {row.run_id for row in rows if row.accuracy != best.accuracy}
    ties = [names[pair.b] for pair in selected.comparison.against_best if pair.tie and pair.b in lower]
    return _said(equal, len(rows), percent(best.accuracy, best.interval), ties, behind=len(lower) - len(ties))


def _of_all(selected: Selected, page: BoardPage) -> str:
    """All lines that match were tested against the best; the first of them are drawn and have names here."""
    names, best = selected.brief_names, page.entries[0]
    accuracy = best.values["accuracy"]
    equal = [names[entry.run_id] for entry in page.entries if entry.values["accuracy"] == accuracy]
    ties = [names[entry.run_id] for entry in page.entries[len(equal) :] if entry.tie]
    unnamed = page.ties - sum(bool(entry.tie) for entry in page.entries[1:])
    row = next(row for row in selected.comparison.rows if row.run_id == best.run_id)
    times = best.counted
    right = percent(row.accuracy, row.interval) if times == 1 else f"{percent(accuracy)} (mean of {times} repetitions)"
    return _said(equal, page.runs, right, ties, behind=page.tests - page.ties, unnamed=unnamed)


def _said(leaders: Sequence[str], runs: int, right: str, ties: Sequence[str], *, behind: int, unnamed: int = 0) -> str:
    """From names that are still as the user gave them.

    Args:
        leaders: equally accurate, the cheapest first. ties: of lower accuracy; ``unnamed``: how many more there are.
        behind: how many are certainly worse.
    """
    of = f"the most accurate of {count(runs, 'run')}, right on {right} of the test photos"
    first = f"{plain(leaders[0])} is {of}"
    if len(leaders) > 1:
        first = f"{listed([plain(name) for name in leaders], _NAMED)} are {of}; {plain(leaders[0])} costs least of them"
    if ties or unnamed:
        return f"{first}. {_several(ties, unnamed)} may be as good: the difference could be chance."
    return f"{first}; the others are clearly behind." if behind else f"{first}."


def _several(names: Sequence[str], unnamed: int) -> str:
    """``A, B and 7 more``, of which only the first have names."""
    escaped = [plain(name) for name in names]
    if not unnamed:
        return listed(escaped, _NAMED)
    shown = escaped[: _NAMED - 1]
    more = len(names) - len(shown) + unnamed
    return f"{', '.join(shown)} and {more} more" if shown else count(more, "other run")


def next_step(selected: Selected) -> None:
    """On to new photos, with the most accurate run."""
    best = selected.comparison.rows[0]
    if best.accuracy is None:
        return
    if st.button("Predict with the best", icon=":material/image_search:", type="primary", key="compare.predict"):
        st.switch_page("pages/predict.py", query_params={"models": best.run_id})
