"""The menu of the page Compare: the report, the link of the page, and what an hour of this machine costs."""

from urllib.parse import urlencode

import streamlit as st

from core.people.acting import Role
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.parts.downloads import file_name
from core.web.parts.rights import allowed
from core.workbench import Workbench

REPORT, LINK, RATE = "Report", "Copy link", "Hourly cost"
_ICONS = {REPORT: ":material/description:", LINK: ":material/link:", RATE: ":material/payments:"}


def menu(selected: Selected) -> None:
    """A button with the rare actions; each opens a dialog."""
    asked = st.menu_button(
        "More", list(_ICONS), key="compare.menu", icon=":material/more_horiz:",
        format_func=lambda action: f"{_ICONS[action]} {action}",
    )  # fmt: skip
    if asked == REPORT:
        _report(selected)
    elif asked == LINK:
        _link()
    elif asked == RATE:
        _rate(selected.bench)


@st.dialog(REPORT, icon=_ICONS[REPORT])
def _report(selected: Selected) -> None:
    """The report is computed when the button is clicked."""
    run_ids = tuple(row.run.id for row in selected.comparison.rows)
    st.markdown("The runs shown here as one HTML file that opens offline in any browser, about 5 MB.")
    subset = selected.comparison.subset
    without = () if subset is None else subset.without
    if subset is not None:
        st.caption(f"On {subset.words}, as the page; the report names those that are left out.")
    st.download_button(
        "Download the report", lambda: selected.bench.report(run_ids, without=without),
        f"{file_name(selected.dataset.name)}-report.html", "text/html", key="compare.report",
        icon=":material/download:", type="primary", on_click="ignore",
    )  # fmt: skip


@st.dialog(LINK, icon=_ICONS[LINK])
def _link() -> None:
    """The address of the page, with the button of a code block that copies it."""
    st.markdown("The link shows the same dataset, runs, view and filters.")
    st.code(link(), language=None, wrap_lines=True)


def link() -> str:
    """The address of the page with everything that differs from a bare one."""
    query = urlencode(address.params(address.get()), doseq=True, safe=",:")
    return f"{st.context.url or ''}{f'?{query}' if query else ''}"


@st.dialog(RATE, icon=_ICONS[RATE])
def _rate(bench: Workbench) -> None:
    """With it, time is also shown as money."""
    stored, currency = bench.rate()
    per_hour = None if stored is None else float(stored)  # a whole number comes back from the registry as an int
    with st.form("compare.rate_form", border=False):
        help_ = "Of this machine, for example electricity or rent. Empty: no costs in money are shown."
        st.number_input("Cost of an hour", 0.0, 999_999.0, per_hour, key="compare.price", help=help_)
        st.text_input("Currency", currency, max_chars=8, key="compare.currency")
        if st.form_submit_button(
            "Save",
            icon=":material/save:",
            key="compare.rate_save",
            type="primary",
            on_click=_save_rate,
            args=(bench,),
            **allowed(Role.ADMIN),
        ):
            st.rerun()


def _save_rate(bench: Workbench) -> None:
    bench.set_rate(st.session_state["compare.price"], st.session_state["compare.currency"].strip() or "EUR")
