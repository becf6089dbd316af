"""Where the time of a run goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from core.charts.look import ACCENT, GREY, HOVER, axis, categories, distinct_labels, escape, figure, require_some, shade
from core.runs import Cost, Run
from core.wording import duration

REUSED = "reused, not paid"


@dataclass(frozen=True, kw_only=True)
class StageBar:
    """Seconds on the clock of one stage of one run."""

    run_id: str
    name: str
    stage: str
    seconds: float


def stage_bars(names: Mapping[str, str], costs: Mapping[str, Cost]) -> tuple[StageBar, ...]:
    """The stages of every run with a measured cost, and what it did not pay because it was there already.

    Args:
        names: ``{run id: name}``, in the order to be shown; costs: by run id.
    """
    bars = []
    for run_id, name in names.items():
        if (cost := costs.get(run_id)) is None:
            continue
        stages = dict(cost.stages) or {"everything": cost.wall_seconds}
        if (saved := cost.alone_wall_seconds - cost.wall_seconds) > 0:
            stages[REUSED] = saved
        bars += [StageBar(run_id=run_id, name=name, stage=stage, seconds=spent) for stage, spent in stages.items()]
    return tuple(bars)


def cost_stages_rows(names: Mapping[str, str], costs: Mapping[str, Cost]) -> list[dict[str, Any]]:
    """One row per stage of every run."""
    return [
        {"run": bar.run_id, "name": bar.name, "stage": bar.stage, "seconds": bar.seconds}
        for bar in stage_bars(names, costs)
    ]


def cost_stages_title(runs: Sequence[Run], costs: Mapping[str, Cost]) -> str:
    """Which stage takes most: "Computing features takes 62 % of the time", or what reuse saved if that is more."""
    totals: dict[str, float] = {}
    for bar in stage_bars({run.id: run.name for run in runs}, costs):
        totals[bar.stage] = totals.get(bar.stage, 0.0) + bar.seconds
    everything = sum(totals.values())
    if not everything:
        return "Where does the time go?"
    stage = max(totals, key=totals.__getitem__)
    part = f"{100 * totals[stage] / everything:.0f} %"
    return f"Reuse saved {part} of the time" if stage == REUSED else f"{stage} takes {part} of the time"


def cost_stages(runs: Sequence[Run], costs: Mapping[str, Cost], names: Mapping[str, str] | None = None) -> go.Figure:
    """Seconds per stage of every run, stacked; hatched what was reused instead of computed. At most 40 runs.

    Args:
        names: of ``comparison.labels``; by default the runs' own names.
    """
    named = {run.id: (names or {}).get(run.id, run.name) for run in runs if run.id in costs}
    named = dict(list(named.items())[:40])
    bars = stage_bars(named, costs)
    require_some(bars, "no run has a measured cost")
    labels = dict(zip(named, distinct_labels(list(named.values())), strict=True))
    stages = list(dict.fromkeys(bar.stage for bar in bars if bar.stage != REUSED))
    traces = [
        _stage_trace([bar for bar in bars if bar.stage == stage], labels, 1.0 - 0.75 * place / max(1, len(stages) - 1))
        for place, stage in enumerate(stages)
    ]
    reused = [bar for bar in bars if bar.stage == REUSED]
    return figure(
        traces + ([_stage_trace(reused, labels, 0.0)] if reused else []),
        revision="cost stages",
        height=120 + 34 * len(named),
        barmode="stack",
        showlegend=True,
        xaxis=axis("time on the clock", "s"),
        yaxis=categories(list(labels.values()), autorange="reversed"),
    )


def _stage_trace(bars: Sequence[StageBar], labels: Mapping[str, str], strength: float) -> go.Bar:
    """Stages in shades of the accent; hatched grey for strength 0."""
    look: dict = {"color": shade(ACCENT, strength), "line": {"width": 0}}
    if not strength:
        pattern = {"shape": "/", "fgcolor": GREY, "bgcolor": "rgba(0, 0, 0, 0)", "size": 6, "solidity": 0.2}
        look = {"color": "rgba(0, 0, 0, 0)", "pattern": pattern, "line": {"width": 1, "color": GREY}}
    return go.Bar(
        name=escape(bars[0].stage),
        orientation="h",
        y=[labels[bar.run_id] for bar in bars],
        x=[bar.seconds for bar in bars],
        marker=look,
        customdata=[[bar.run_id, escape(bar.name), f"{escape(bar.stage)}: {duration(bar.seconds)}"] for bar in bars],
        hovertemplate=HOVER,
    )
