"""How long the stages of a run took."""

from collections.abc import Mapping

from core.charts.chart import Chart
from core.charts.look import ACCENT, GREY, axis, bar, categories, escape, figure, require_some, time_unit
from core.runs.stages import STAGES, in_order, short_stage_label, stage_label
from core.text.units import duration

_ROW, _MARGINS = 30, 84
"""Pixels of a bar, and of the axis."""


def stages_chart(stages: Mapping[str, float], current: str | None = None) -> Chart:
    """A bar per stage with its time, in the order of the stages.

    Args:
        stages: seconds per stage. current: the stage that runs; stages after it have no bar yet, but their room.
    """
    require_some(list(stages), "no stage was measured")
    shown = in_order(stages)
    if current is not None:
        shown = in_order({name: 0.0 for name in STAGES if name in stages or "(once)" not in name} | shown)
    names = [escape(short_stage_label(name)) for name in shown]
    longest = max(shown.values())
    per_unit, unit = time_unit(longest)
    slowest = max(shown, key=lambda name: shown[name])
    whole = f"Longest stage: {stage_label(slowest)}, {duration(shown[slowest])} of {duration(sum(shown.values()))}"
    return Chart(
        figure=figure(
            [
                bar(
                    y=names,
                    x=[seconds / per_unit for seconds in shown.values()],
                    orientation="h",
                    text=[duration(seconds) if seconds else "" for seconds in shown.values()],
                    textposition="outside",
                    cliponaxis=False,
                    marker={"color": [ACCENT if current in (None, name) else GREY for name in shown]},
                    hoverinfo="skip",
                )
            ],
            revision="stages",
            height=_ROW * len(shown) + _MARGINS,
            xaxis=axis("time", unit, range=[0, 1.35 * max(longest, 1.0) / per_unit]),
            yaxis=categories(names, autorange="reversed"),
        ),
        title=whole if current is None else "Time of each stage so far",
        rows=lambda: [{"stage": name, "seconds": seconds} for name, seconds in shown.items()],
    )
