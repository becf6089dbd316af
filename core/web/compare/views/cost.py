"""Cost: accuracy against training time, energy, time per photo and every other cost that was measured."""

import streamlit as st

from core.charts.tradeoff import tradeoff_chart
from core.comparison.cost_axes import COSTS
from core.text.units import count
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.labels import cost_title
from core.web.parts.widgets import explained
from core.workbench import Workbench

_CHART = "compare.cost_chart"


def show(selected: Selected) -> None:
    rows = parts.named_rows(selected)
    accurate = [row for row in rows if row.accuracy is not None]
    kinds = [key for key in COSTS if any(row.value(key) is not None for row in accurate)]
    if not kinds:
        parts.nothing("None of these runs has both an accuracy and a measured cost yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        kind = COSTS[_choose(selected, kinds)]
        _rate(selected.bench)
    chart = tradeoff_chart(
        rows,
        kind.key,
        verdict=selected.comparison.verdict,
        currency=selected.bench.rate()[1],
        title_names=selected.brief_names,
        styles=selected.styles,
    )
    parts.titled_chart(
        selected,
        chart,
        key=_CHART,
        alt=f"Test accuracy with 95 % interval against {kind.title} of {count(len(rows), 'run')}",
        caption=f"{kind.help} Click a marker to see its run.",
        selection_mode="points",
        on_select=_clicked,
    )
    _clicked_run(selected, [row.run.id for row in rows])


def _clicked() -> None:
    custom = parts.clicked(_CHART)
    if custom and custom[0]:
        address.change(a=str(custom[0]))


def _clicked_run(selected: Selected, ids: list[str]) -> None:
    """Links from the run that was clicked: to its page, and head to head with the best (or the next best)."""
    run_id = selected.address.a
    if run_id not in ids:
        return
    predicted = list(selected.comparison.predictions)
    rivals = [other for other in predicted if other != run_id]
    with st.container(horizontal=True, vertical_alignment="center", key="compare.clicked"):
        parts.chip(selected, run_id)
        st.page_link(
            "pages/runs.py", label="Open this run", icon=":material/open_in_new:", query_params={"run": run_id}
        )
        if rivals and run_id in predicted:
            st.button(
                f"Head to head with the {'best' if rivals[0] == predicted[0] else 'next'}", type="tertiary",
                key="compare.clicked.pairs", icon=":material/compare_arrows:",
                on_click=address.change, kwargs={"view": "pairs", "a": run_id, "b": rivals[0]},
            )  # fmt: skip


def _choose(selected: Selected, kinds: list[str]) -> str:
    """The cost of the URL, if it was measured."""
    asked = selected.address.cost
    key: str = st.selectbox(
        "Cost", kinds, format_func=lambda key: cost_title(COSTS[key]), width=320,
        help="Time spent is what a run took; the other times are those without cached features.",
        **address.bound("compare.cost", "cost", asked if asked in kinds else kinds[0]),
    )  # fmt: skip
    return key


def _rate(bench: Workbench) -> None:
    """What an hour of this machine costs; with it, time is also shown as money."""
    stored, currency = bench.rate()
    per_hour = None if stored is None else float(stored)  # a whole number comes back from the registry as an int
    with (
        st.popover("Hourly cost", icon=":material/payments:", type="tertiary", key="compare.rate"),
        st.form("compare.rate_form", border=False),
    ):
        help_ = "Of this machine, for example electricity or rent. Empty: no costs in money are shown."
        price = st.number_input("Hourly cost", 0.0, 999_999.0, per_hour, key="compare.price", help=help_)
        unit = st.text_input("Currency", currency, max_chars=8, key="compare.currency")
        if st.form_submit_button("Save", icon=":material/save:", key="compare.rate_save"):
            with explained():
                bench.set_rate(price, unit.strip() or "EUR")
                st.rerun()
