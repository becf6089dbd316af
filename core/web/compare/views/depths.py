"""Depth sweeps of a dataset: accuracy and cost by the number of blocks that are trained or left out."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.charts import RunStyle, run_styles
from core.charts.depth import best_and_cheapest, depth_chart, depth_title
from core.comparison.depths import DepthSeries, depth_series
from core.comparison.subset import run_on
from core.comparison.table import leaderboard
from core.errors import GraftError
from core.recipes.hyperparameters import RELEVANT
from core.registry.search import RunQuery
from core.runs.values import Run, Status
from core.text.units import count, p_value
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts
from core.web.parts.charts import finding

_SHOWN = ("accuracy", "seconds", "ms_per_photo")
_KEY = "compare.depths"
_MOST = 4
"""Sweeps in one chart."""
_MOST_RUNS = 1000
"""The newest runs, which are searched for sweeps."""


def show(selected: Selected) -> None:
    """All finished runs that differ only in depth, whichever are chosen."""
    runs = _sweepable(selected)
    styles = run_styles(runs)
    series = depth_series(leaderboard(runs, selected.bench.registry.costs([run.id for run in runs])))
    if not series:
        parts.nothing(
            "No two finished runs of this dataset differ only in depth. On the page Train, fine-tuning and feature "
            "extraction can be launched at several depths at once."
        )
        st.page_link("pages/train.py", label="Try several depths on Train", icon=":material/arrow_forward:")
        return
    if chosen := _choose(selected, {one.points[0].run_ids[0]: one for one in series}):
        _charts(selected, chosen, styles)


def _choose(selected: Selected, by_id: Mapping[str, DepthSeries]) -> list[DepthSeries]:
    """The sweeps of the URL (``cell`` names a run of each), else the longest one."""
    if len(by_id) == 1:
        return list(by_id.values())
    asked = [run_id for run_id in selected.address.cell.split(",") if run_id in by_id][:_MOST]
    st.session_state[_KEY] = asked or list(by_id)[:1]
    ids = st.multiselect(
        "Depth sweeps", list(by_id), key=_KEY, max_selections=_MOST, on_change=_into_url,
        format_func=lambda run_id: by_id[run_id].name, help=f"At most {_MOST} in one chart.",
    )  # fmt: skip
    return [by_id[run_id] for run_id in ids]


def _into_url() -> None:
    address.change(cell=",".join(st.session_state[_KEY]))


def _sweepable(selected: Selected) -> list[Run]:
    """The newest finished runs whose pattern uses the depth."""
    patterns = tuple(str(pattern) for pattern, names in RELEVANT.items() if "depth" in names)
    found = selected.bench.board_page(
        selected.dataset.id,
        RunQuery(patterns=patterns, statuses=(Status.FINISHED,)),
        sort="created_at",
        fold=False,
        size=_MOST_RUNS,
        without=selected.address.flags,
    )
    runs = selected.bench.registry.runs_of([entry.run_id for entry in found.entries])
    subset = selected.comparison.subset
    if subset is None:
        return runs
    accuracies = {entry.run_id: entry.values["accuracy"] for entry in found.entries}
    return [run_on(run, accuracies[run.id], subset.photos) for run in runs]


def _tested(selected: Selected, one: DepthSeries) -> None:
    """Whether the difference that the title names is significant; nothing for depths with several seeds."""
    best, cheapest, _ = best_and_cheapest(one)
    if cheapest is None or cheapest is best or len(best.run_ids) + len(cheapest.run_ids) > 2:
        return
    (a,), (b,) = best.run_ids, cheapest.run_ids
    try:
        pair = selected.bench.comparison([a, b], without=selected.address.flags).pair(a, b)
    except GraftError:  # predictions are missing: nothing can be tested
        return
    says = "The two are not distinguishable" if pair.tie else "The difference is significant"
    photos = count(pair.n, "test photo")
    st.caption(f"{says}: McNemar's exact test on {photos}, {p_value(pair.adjusted_p)}.")


def _charts(selected: Selected, chosen: Sequence[DepthSeries], styles: Mapping[str, RunStyle]) -> None:
    for one in chosen:
        finding(depth_title(one))
        _tested(selected, one)
    points = [point for one in chosen for point in one.points]
    measured = [metric for metric in _SHOWN if any(getattr(point, metric) is not None for point in points)]
    for column, metric in zip(st.columns(len(measured)), measured, strict=True):
        with column:
            parts.chart(
                selected,
                depth_chart(chosen, metric, styles=styles),
                key=f"compare.depth_{metric}",
                alt=f"{metric.replace('_', ' ')} by depth of {', '.join(one.name for one in chosen)}",
            )
    runs = sum(len(point.run_ids) for point in points)
    st.caption(f"{count(runs, 'run')}; the mean where a depth was trained with several seeds.")
