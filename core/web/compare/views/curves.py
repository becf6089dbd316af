"""Learning curves over epochs, time in training or time spent."""

from functools import lru_cache
from typing import cast

import streamlit as st

from core.charts import Chart, RunStyle
from core.charts.curves import MOST_RUNS, OVER, Over, curves_chart
from core.comparison.curves import METRICS, Curve
from core.text.units import count
from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.views import parts

_HELP = (
    "Time in training starts at the first epoch. Time spent so far also includes loading and computing features "
    "before it; cached features cost nothing."
)


def show(selected: Selected) -> None:
    metric, over = _choose(selected)
    ids = [row.run.id for row in selected.comparison.rows if row.run.epochs_done][:MOST_RUNS]
    found = _curves(selected, ids, metric)
    if not found:
        parts.nothing("None of these runs has finished an epoch: their patterns are not trained in epochs.")
        return
    chart = _drawn(found, over, tuple(selected.styles.items()))
    parts.titled_chart(
        selected,
        chart,
        key="compare.curves",
        alt=f"{METRICS[metric].title} of {count(len(found), 'run')} over {OVER[over]}",
        caption=_left_out(selected, len(found)) + chart.caption,
    )
    st.page_link(
        "pages/board.py", label="All curves in TensorBoard", icon=":material/monitoring:",
        query_params={"runs": ",".join(ids[:12])},
    )  # fmt: skip


@lru_cache(maxsize=8)
def _drawn(found: tuple[Curve, ...], over: Over, styles: tuple[tuple[str, RunStyle], ...]) -> Chart:
    """Cached for the same curves: for 20 runs of 200 epochs a chart takes 10 ms."""
    return curves_chart(found, over, styles=dict(styles))


def _curves(selected: Selected, ids: list[str], metric: str) -> tuple[Curve, ...]:
    return selected.bench.curves(ids, metric) if ids else ()


def _left_out(selected: Selected, drawn: int) -> str:
    trained = sum(row.run.epochs_done > 0 for row in selected.comparison.rows)
    without = len(selected.comparison.rows) - trained
    most = f"The {drawn} most accurate of {trained} runs. " if trained > drawn else ""
    return most + (f"Not drawn: {count(without, 'run')} without epochs. " if without else "")


def _choose(selected: Selected) -> tuple[str, Over]:
    """Pills, which wrap on a phone, where segments would be cut off."""
    metric = st.pills(
        "Metric", list(METRICS), required=True, format_func=lambda key: METRICS[key].title.capitalize(),
        **address.bound("compare.metric", "metric", selected.address.metric),
    )  # fmt: skip
    over = st.pills(
        "Over", list(OVER), required=True, format_func=lambda key: OVER[key].capitalize(), help=_HELP,
        **address.bound("compare.over", "over", selected.address.over),
    )  # fmt: skip
    return str(metric), cast(Over, over)
