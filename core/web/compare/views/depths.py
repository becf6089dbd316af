"""Depth sweeps of a dataset: what is reached and what it costs, block by block."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.charts.depth import depth_chart, depth_title
from core.comparison.depths import DepthPoint, DepthSeries, depth_series
from core.comparison.table import leaderboard
from core.recipes.recipe import RELEVANT
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.text.units import count, plain
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding

_SHOWN = ("accuracy", "seconds", "ms_per_photo")
_KEY = "compare.depths"
_MOST = 4
"""Sweeps in one chart."""
_MOST_RUNS = 1000
"""Looked through for sweeps; the newest ones."""


def show(selected: Selected) -> None:
    """All finished runs that differ in nothing but the depth, whichever are chosen."""
    parts.question(
        "How deep should the network be cut?",
        "Runs of these photos that differ in nothing but the depth (and the seed), whether or not they are chosen.",
    )
    runs = _sweepable(selected)
    series = depth_series(leaderboard(runs, selected.bench.registry.costs([run.id for run in runs])))
    if not series:
        parts.nothing(
            "No two finished runs of these photos differ in nothing but the depth. "
            "On the page Train, a fine-tuned network or an extractor can be tried at several depths at once."
        )
        st.page_link("pages/train.py", label="Try several depths on Train", icon=":material/arrow_forward:")
        return
    if chosen := _choose(selected, {one.points[0].run_ids[0]: one for one in series}):
        _charts(selected, chosen)


def _choose(selected: Selected, by_id: Mapping[str, DepthSeries]) -> list[DepthSeries]:
    """The sweeps of the URL (``cell`` names a run of each), else the longest one."""
    if len(by_id) == 1:
        return list(by_id.values())
    asked = [run_id for run_id in selected.address.cell.split(",") if run_id in by_id][:_MOST]
    st.session_state[_KEY] = asked or list(by_id)[:1]
    ids = st.multiselect(
        "Depth sweeps", list(by_id), key=_KEY, max_selections=_MOST, on_change=_into_url,
        format_func=lambda run_id: by_id[run_id].name, help=f"Beside each other, at most {_MOST}.",
    )  # fmt: skip
    return [by_id[run_id] for run_id in ids]


def _into_url() -> None:
    address.change(cell=",".join(st.session_state[_KEY]))


def _sweepable(selected: Selected) -> list[Run]:
    """The newest finished runs whose pattern looks at the depth."""
    patterns = tuple(str(pattern) for pattern, names in RELEVANT.items() if "depth" in names)
    found = selected.bench.board_page(
        selected.dataset.id,
        RunQuery(patterns=patterns, statuses=(Status.FINISHED,)),
        sort="created_at",
        fold=False,
        size=_MOST_RUNS,
    )
    return selected.bench.registry.runs_of([entry.run_id for entry in found.entries])


def _charts(selected: Selected, chosen: Sequence[DepthSeries]) -> None:
    for one in chosen:
        finding(depth_title(one))
    measured = [what for what in _SHOWN if any(_known(point, what) for one in chosen for point in one.points)]
    for column, what in zip(st.columns(len(measured)), measured, strict=True):
        with column:
            parts.chart(
                selected,
                depth_chart(chosen, what),
                key=f"compare.depth_{what}",
                alt=f"{what.replace('_', ' ')} by depth of {', '.join(one.name for one in chosen)}",
            )
    runs = sum(len(point.run_ids) for one in chosen for point in one.points)
    st.caption(plain(f"{count(runs, 'run')}. Where a depth was tried with several seeds, their mean."))


def _known(point: DepthPoint, what: str) -> bool:
    return getattr(point, what) is not None
