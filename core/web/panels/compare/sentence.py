"""The first line of the page Compare: which is best, and is the difference real?"""

import streamlit as st

from core.comparison import verdict
from core.web.panels.compare.selected import Selected
from core.wording import listed, plain, share


def answer(selected: Selected) -> str:
    """One or two sentences in markdown about the chosen runs."""
    names, comparison = selected.brief_names, selected.comparison
    measured = [row for row in comparison.rows if row.accuracy is not None]
    if not measured:
        return "None of the chosen runs has been measured on the test photos yet."
    best = measured[0]
    right, best_name = share(best.accuracy, best.interval), plain(names[best.run_id])
    if len(comparison.rows) == 1:
        return f"{best_name} is right on {right} of the test photos; there is nothing to compare it with yet."
    pairs = comparison.against_best
    if len(pairs) == 1:
        return plain(verdict(pairs[0], names))
    equal = [row for row in measured if row.accuracy == best.accuracy]
    first = f"{best_name} is the most accurate of {len(measured)} runs, right on {right} of the test photos"
    if len(equal) > 1:
        leaders = listed([plain(names[row.run_id]) for row in equal], 3)
        first = (
            f"{leaders} are the most accurate of {len(measured)} runs, right on {right} of the test photos; "
            f"{best_name} costs least of them"
        )
    lower = {row.run_id for row in measured} - {row.run_id for row in equal}
    ties = [plain(names[pair.b]) for pair in pairs if pair.tie and pair.b in lower]
    if ties:
        return f"{first}. {listed(ties, 3)} may be as good: the difference could be chance."
    return f"{first}; the others are clearly behind." if lower else f"{first}."


def next_step(best: str) -> None:
    if st.button("Predict with the best", icon=":material/image_search:", type="primary", key="compare.predict"):
        st.switch_page("pages/predict.py", query_params={"models": best})
