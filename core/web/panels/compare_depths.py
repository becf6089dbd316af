"""Depth sweeps of a dataset: what is reached and what it costs, block by block."""

from collections.abc import Sequence

import streamlit as st

from core import charts
from core.comparison import DepthSeries, depth_series, leaderboard
from core.recipes import RELEVANT
from core.runs import Run
from core.wording import plain
from core.workbench import Workbench

_SHOWN = ("accuracy", "seconds", "ms_per_photo")
_MOST = 4
"""Sweeps in one chart."""


def show(bench: Workbench, finished: Sequence[Run]) -> None:
    """All finished runs that differ in nothing but the depth, whichever are chosen above; nothing without any."""
    runs = [run for run in finished if "depth" in RELEVANT[run.recipe.pattern]]
    series = depth_series(leaderboard(runs, bench.costs([run.id for run in runs])))
    if not series:
        return
    st.subheader("How deep", anchor=False)
    by_name = {one.name: one for one in series}
    names = list(by_name)
    if len(names) > 1:
        names = st.multiselect(
            "Depth sweeps", names, names[:1], key="compare.depths", max_selections=_MOST,
            help="Runs of these photos that differ in nothing but the depth (and the seed).",
        )  # fmt: skip
    if names:
        _charts([by_name[name] for name in names])


def _charts(chosen: Sequence[DepthSeries]) -> None:
    for one in chosen:
        st.markdown(f"**{plain(charts.depth_title(one))}**")
    measured = [what for what in _SHOWN if any(_known(point, what) for one in chosen for point in one.points)]
    for column, what in zip(st.columns(len(measured)), measured, strict=True):
        alt = f"{what.replace('_', ' ')} by depth of {plain(', '.join(one.name for one in chosen))}"
        figure = charts.over_depth(chosen, what)
        column.plotly_chart(figure, key=f"compare.depth.{what}", theme="streamlit", config=charts.CONFIG, alt=alt)


def _known(point, what: str) -> bool:
    return getattr(point, what) is not None
