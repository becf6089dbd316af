"""The report of the chosen runs as a file; it is made when the button is clicked, not before."""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.web.parts.downloads import file_name
from core.workbench import Workbench


def report_button(bench: Workbench, dataset: Dataset, run_ids: Sequence[str], *, key: str = "compare.report") -> None:
    """A button that hands over one HTML file; nothing of it is computed before the click.

    Args:
        run_ids: of one dataset; without any the button is disabled. key: unique on the page.
    """
    chosen = tuple(run_ids)
    st.download_button(
        "Report",
        lambda: bench.report(chosen),
        f"{file_name(dataset.name)}-report.html",
        "text/html",
        key=key,
        icon=":material/description:",
        on_click="ignore",
        disabled=not chosen,
        help="These runs side by side as one HTML file: it opens in any browser, offline, about 5 MB.",
    )
