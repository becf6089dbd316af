"""Accuracy against a cost, beside the leaderboard: training time, energy, time per photo, whatever was measured."""

import streamlit as st

from core.charts.placement import PHONE_WIDTH, WIDTH
from core.charts.tradeoff import tradeoff_chart
from core.comparison.cost_axes import COSTS
from core.text.units import count
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.device import is_narrow

_CHART = "compare.cost_chart"


def show(selected: Selected) -> None:
    rows = selected.comparison.rows
    accurate = [row for row in rows if row.accuracy is not None]
    kinds = [key for key in COSTS if any(row.value(key) is not None for row in accurate)]
    if not kinds:
        parts.nothing("None of these runs has both an accuracy and a measured cost yet.")
        return
    kind = COSTS[_choose(selected, kinds)]
    chart = tradeoff_chart(
        rows,
        kind.key,
        verdict=selected.comparison.verdict,
        currency=selected.bench.rate()[1],
        styles=selected.styles,
        legend=False,
        width=PHONE_WIDTH if is_narrow() else WIDTH,
    )
    parts.titled_chart(
        selected,
        chart,
        key=_CHART,
        alt=f"Test accuracy with 95 % interval against {kind.title} of {count(len(rows), 'run')}",
        caption="Bars: 95 % intervals. Dotted: the Pareto front: no other run is more accurate and cheaper. "
        "Click a marker to see its run.",
        selection_mode="points",
        on_select=_clicked,
    )
    _clicked_run(selected, [row.run.id for row in rows])


def _choose(selected: Selected, kinds: list[str]) -> str:
    """The cost of the URL, if it was measured."""
    asked = selected.address.cost
    key: str = st.selectbox(
        "Accuracy against", kinds, format_func=lambda key: f"Accuracy against {COSTS[key].title}",
        label_visibility="collapsed",
        **address.bound("compare.cost", "cost", asked if asked in kinds else kinds[0]),
    )  # fmt: skip
    return key


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
