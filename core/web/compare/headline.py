"""The top of the page Compare: the result in one or two sentences, the next step, the report, the link."""

from pathlib import Path

import streamlit as st

from core.comparison.summary import accuracy_text, recommendation, standings_sentence
from core.datasets.values import Dataset
from core.text.units import count, plain
from core.web.compare.selected import Selected
from core.web.parts.downloads import file_name
from core.web.parts.widgets import heading

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
    found = selected.comparison.verdict
    assert found is not None
    names = selected.brief_names
    reached = f"{names[found.best.run_id]}: {accuracy_text(found.best)} test accuracy"
    of = f"the most accurate of {count(found.runs, 'run')}"
    return plain(f"{recommendation(found, names)} {reached}, {of}. {standings_sentence(found, names)}".rstrip())


def _predict_button(selected: Selected) -> None:
    """Predict new photos with the recommended run."""
    found = selected.comparison.verdict
    if found is None:
        return
    if st.button("Predict with it", icon=":material/image_search:", type="primary", key="compare.predict"):
        st.switch_page("pages/predict.py", query_params={"models": found.recommended.run_id})


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
