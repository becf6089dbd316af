"""The top of the page Compare: the result in one or two sentences, the next step, the report, the link."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.comparison.board_page import BoardPage
from core.comparison.summary import pair_sentence
from core.datasets.values import Dataset
from core.text.units import count, listed, percent, plain
from core.web.compare.selected import Selected
from core.web.parts.downloads import file_name
from core.web.parts.widgets import heading

_NAMED = 3
_COPY_LINK = Path(__file__).with_name("copy_link")


def show(dataset: Dataset, selected: Selected | None) -> None:
    """Title, result and buttons."""
    heading("Compare", result(dataset, selected))
    with st.container(horizontal=True, vertical_alignment="center", key="compare.next"):
        if selected:
            _predict_button(selected)
            _report_button(selected)
        _copy_link_button()


def result(dataset: Dataset, selected: Selected | None) -> str:
    """One or two sentences in markdown about the selected runs; without a selection about all that match."""
    if selected is None:
        return f"No run of {plain(dataset.name)} matches the filters."
    measured = [row for row in selected.comparison.rows if row.accuracy is not None]
    if not measured:
        return "None of these runs has been measured on the test photos yet."
    names, best = selected.brief_names, measured[0]
    reached = percent(best.accuracy, best.interval)
    if len(measured) == 1:
        return f"{plain(names[best.run.id])}: {reached} test accuracy. Select a second run to compare it with."
    pairs = selected.comparison.against_best
    if len(measured) == 2 and len(pairs) == 1:
        return plain(pair_sentence(pairs[0], names))
    if selected.best is not None:
        return _of_all(selected, selected.best)
    leaders = [names[row.run.id] for row in measured if row.accuracy == best.accuracy]
    lower = {row.run.id for row in measured if row.accuracy != best.accuracy}
    ties = [names[pair.b] for pair in pairs if pair.tie and pair.b in lower]
    return _sentences(leaders, len(measured), reached, ties, behind=len(lower) - len(ties))


def _of_all(selected: Selected, page: BoardPage) -> str:
    """All lines that match were tested against the best; the first of them are drawn and have names here."""
    names, best = selected.brief_names, page.entries[0]
    accuracy = best.values["accuracy"]
    leaders = [names[entry.run_id] for entry in page.entries if entry.values["accuracy"] == accuracy]
    ties = [names[entry.run_id] for entry in page.entries[len(leaders) :] if entry.tie]
    unnamed = page.ties - sum(bool(entry.tie) for entry in page.entries[1:])
    row = next(row for row in selected.comparison.rows if row.run.id == best.run_id)
    runs = best.counted
    reached = percent(row.accuracy, row.interval) if runs == 1 else f"{percent(accuracy)} (mean of {runs} repetitions)"
    return _sentences(leaders, page.runs, reached, ties, behind=page.tests - page.ties, unnamed=unnamed)


def _sentences(
    leaders: Sequence[str], runs: int, reached: str, ties: Sequence[str], *, behind: int, unnamed: int = 0
) -> str:
    """From names that are not escaped yet.

    Args:
        leaders: equally accurate, the cheapest first. ties: of lower accuracy, but not distinguishable from the best;
            unnamed: how many more of these there are. behind: how many are significantly less accurate.
    """
    first, several = plain(leaders[0]), len(leaders) > 1
    who = f"{listed([plain(name) for name in leaders], _NAMED)} have" if several else f"{first} has"
    best = f"{who} the highest test accuracy of {count(runs, 'run')}, {reached}"
    if several:
        best = f"{best}; {first} has the shortest training time of them"
    if ties or unnamed:
        return f"{best}. Not distinguishable from the best (difference not significant): {_some(ties, unnamed)}."
    return f"{best}; the others are significantly less accurate." if behind else f"{best}."


def _some(names: Sequence[str], unnamed: int) -> str:
    """``A, B and 7 more``, of which only the first have names."""
    escaped = [plain(name) for name in names]
    if not unnamed:
        return listed(escaped, _NAMED)
    shown = escaped[: _NAMED - 1]
    more = len(names) - len(shown) + unnamed
    return f"{', '.join(shown)} and {more} more" if shown else count(more, "other run")


def _predict_button(selected: Selected) -> None:
    """Predict new photos with the most accurate run."""
    best = selected.comparison.rows[0]
    if best.accuracy is None:
        return
    if st.button("Predict with the best", icon=":material/image_search:", type="primary", key="compare.predict"):
        st.switch_page("pages/predict.py", query_params={"models": best.run.id})


def _report_button(selected: Selected) -> None:
    """The report is computed when the button is clicked."""
    run_ids = tuple(row.run.id for row in selected.comparison.rows)
    st.download_button(
        "Report", lambda: selected.bench.report(run_ids), f"{file_name(selected.dataset.name)}-report.html",
        "text/html", key="compare.report", icon=":material/description:", on_click="ignore",
        help="These runs as one HTML file that opens offline in any browser, about 5 MB.",
    )  # fmt: skip


def _copy_link_button() -> None:
    """Copies the URL of the page and shows it, to be copied by hand where the browser does not allow it."""
    html, css, js = ((_COPY_LINK / f"link.{ending}").read_text("utf-8") for ending in ("html", "css", "js"))
    st.components.v2.component("graft_copy_link", html=html, css=css, js=js)(key="compare.link")
