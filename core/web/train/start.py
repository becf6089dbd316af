"""How much to try: a preset by the time one has, or everything chosen by hand."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from core.datasets.values import Dataset
from core.planning.grid_plan import GridPlan
from core.planning.presets import PRESETS, Preset, PresetLabel
from core.runs.values import Status
from core.web.parts.device import is_narrow
from core.web.train import address
from core.web.train.address import CUSTOM, STARTS
from core.workbench import Workbench

_LABELS: dict[str, PresetLabel] = {
    **{str(preset): label for preset, label in PRESETS.items()},
    CUSTOM: PresetLabel("Customise", "Patterns, backbones and hyperparameters chosen by hand."),
}


def suitable(bench: Workbench, dataset: Dataset) -> str:
    """What is chosen where nobody chose: ``quick`` until a run has finished."""
    finished = bench.registry.runs(dataset.id, status=Status.FINISHED, limit=1)
    return CUSTOM if finished else Preset.QUICK


def choose(chosen: str, plans: Mapping[Preset, GridPlan]) -> None:
    """The control, and under it what every choice does, how many runs it has and how long they take; only of the chosen
    one on a phone, and where everything is chosen by hand."""
    st.segmented_control(
        "How much to try", STARTS, required=True, default=STARTS[0], width="stretch",
        format_func=lambda start: _LABELS[start].title,
        **address.bound("train.start", chosen, lambda now, start: replace(now, start=start)),
    )  # fmt: skip
    shown = [chosen] if is_narrow() or chosen == CUSTOM else STARTS
    with st.grid(len(shown), min_column_width=180, key="starts"):
        for start in shown:
            with st.container(key=f"start-{start}", gap="xxsmall"):
                st.caption(_LABELS[start].description)
                if start in plans:
                    st.markdown(_cost(plans[Preset(start)]))


def _cost(plan: GridPlan) -> str:
    """``**3 runs, about 20 s**``, and below it the range."""
    runs, _, within = plan.sentence.partition(";")[0].partition(" (")
    return f"**{runs}**  \n{within.removesuffix(')')}" if within else f"**{runs}**"
