"""Cost: how much accuracy does each second, each watt-hour, each millisecond buy?"""

import streamlit as st

from core.charts.tradeoff import tradeoff_chart
from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.table import Row
from core.text.units import count
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding
from core.web.parts.labels import cost_title
from core.web.parts.widgets import explained
from core.workbench import Workbench

_CHART = "compare.cost_chart"


def show(selected: Selected) -> None:
    parts.question(
        "What does accuracy cost?",
        "Every run with its 95 % interval; the dotted line joins those that nothing cheaper beats (the Pareto front).",
    )
    rows = parts.named_rows(selected)
    kinds = [kind for kind in COSTS.values() if any(_there(row, kind) for row in rows)]
    if not kinds:
        parts.nothing("None of the chosen runs has both an accuracy and a measured cost yet.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        kind = _choose(selected, kinds)
        _rate(selected.bench)
    chart = tradeoff_chart(
        rows,
        kind.key,
        pairs=selected.comparison.against_best,
        currency=selected.bench.rate()[1],
        title_names=selected.brief_names,
        styles=selected.styles,
    )
    finding(chart.title)
    parts.chart(
        selected,
        chart,
        key=_CHART,
        alt=f"Test accuracy with 95 % interval against {kind.title} of {count(len(rows), 'run')}",
        caption=f"{kind.help} Click a marker to go on with its run.",
        selection_mode="points",
        on_select=_clicked,
    )
    _clicked_run(selected, [row.run_id for row in rows])


def _clicked() -> None:
    """The run of the marker into the URL. A second click takes the mark away, but the run stays."""
    points = st.session_state[_CHART]["selection"]["points"]
    custom = points[0].get("customdata") if points else None
    if custom and custom[0]:
        address.change(a=str(custom[0]))


def _clicked_run(selected: Selected, ids: list[str]) -> None:
    """Where to go from the run that was clicked: to its page, or head to head with the best (or the next best)."""
    run_id = selected.address.a
    if run_id not in ids:
        return
    answered = parts.answered(selected)
    rivals = [other for other in answered if other != run_id]
    with st.container(horizontal=True, vertical_alignment="center", key="compare.clicked"):
        parts.chip(selected, run_id)
        st.page_link(
            "pages/runs.py", label="Open this run", icon=":material/open_in_new:", query_params={"run": run_id}
        )
        if rivals and run_id in answered:
            st.button(
                f"Head to head with the {'best' if rivals[0] == answered[0] else 'next'}", type="tertiary",
                key="compare.clicked.pairs", icon=":material/compare_arrows:",
                on_click=address.change, kwargs={"view": "pairs", "a": run_id, "b": rivals[0]},
            )  # fmt: skip


def _there(row: Row, kind: CostKind) -> bool:
    return row.accuracy is not None and getattr(row, kind.key) is not None


def _choose(selected: Selected, kinds: list[CostKind]) -> CostKind:
    """The cost of the URL, if it was measured."""
    by_key = {kind.key: kind for kind in kinds}
    start = selected.address.cost if selected.address.cost in by_key else next(iter(by_key))
    key = st.selectbox(
        "Cost", list(by_key), format_func=lambda key: cost_title(by_key[key]), width=320,
        help="Paid is what a run really took; the others as if nothing had been reused.",
        **address.bound("compare.cost", "cost", start),
    )  # fmt: skip
    return by_key[key]


def _rate(bench: Workbench) -> None:
    """What an hour of this machine costs; with it, time is also shown as money."""
    stored, currency = bench.rate()
    per_hour = None if stored is None else float(stored)  # a whole number comes back from the registry as an int
    with (
        st.popover("Price of an hour", icon=":material/payments:", type="tertiary", key="compare.rate"),
        st.form("compare.rate_form", border=False),
    ):
        help_ = "Of this machine: electricity, rent, whatever you count. Empty: no prices are shown."
        price = st.number_input("Price of an hour", 0.0, 999_999.0, per_hour, key="compare.price", help=help_)
        unit = st.text_input("Currency", currency, max_chars=8, key="compare.currency")
        if st.form_submit_button("Save", icon=":material/save:", key="compare.rate_save"):
            with explained():
                bench.set_rate(price, unit.strip() or "EUR")
                st.rerun()
