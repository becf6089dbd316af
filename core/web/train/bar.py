"""The bar that stays in sight: what a launch takes, what must be confirmed, and the button."""

from collections.abc import Sequence

import streamlit as st

from core.planning.decide import Concern, Level
from core.planning.grid_plan import GridPlan
from core.recipes.grid import GridChoice
from core.runs.needs import RunNeeds
from core.text.units import count, plain, rough_duration, size
from core.web.parts.device import is_narrow
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained
from core.web.train.plans import concerns
from core.web.train.remedies import buttons
from core.workbench import Workbench

_SHOWN = 2
"""Concerns in the bar; the others are behind a button, so that it stays low on a phone."""


def bar(bench: Workbench, plan: GridPlan | None, choice: GridChoice | None, needs: RunNeeds) -> None:
    """After the launch the page Runs opens.

    Args:
        choice: to which remedies are applied; None for a preset.
        needs: what the machine must have.
    """
    with st.bottom, st.container(key="launch-bar", gap="xsmall"):
        if plan is not None:
            _concerns(plan, choice)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(facts(plan, short=is_narrow()), width="stretch" if not is_narrow() else "content")
            agreed = plan is not None and _agreed(plan)
            clicked = st.button(
                launch_label(plan), type="primary", icon=":material/rocket_launch:", key="train.launch",
                **allowed(disabled=not (plan and plan.launchable and agreed)),
            )  # fmt: skip
        if clicked and plan is not None:
            with explained(), st.spinner("Launching …"):
                launched = bench.launch_grid(plan, needs=needs)
                st.switch_page("pages/runs.py", query_params={"runs": ",".join(run.id for _, run in launched)})


def facts(plan: GridPlan | None, *, short: bool = False) -> str:
    """``6 runs · about 4 min · 52 MB of disk``; ``short`` for a phone."""
    if plan is None or not plan.rows:
        return "Nothing is ticked"
    work, about, of_disk = len(plan.to_do), "" if short else "about ", "" if short else " of disk"
    parts = [f"**{count(work, 'run')}**" if work else "**No new runs**"]
    within = f" ({plan.range_text})" if plan.range_text and not short else ""
    parts += [f"{about}{rough_duration(plan.seconds)}{within}"] if work else []
    parts += [f"{size(plan.disk_bytes)}{of_disk}"] if plan.disk_bytes else []
    return " · ".join([*parts, *([f":red[{len(plan.refused)} refused]"] if plan.refused else [])])


def launch_label(plan: GridPlan | None) -> str:
    if plan is None or not plan.launchable:
        return "Launch"
    if not plan.to_do:
        return "Show the run" if len(plan.launchable) == 1 else "Show the runs"
    return f"Launch {count(len(plan.to_do), 'run')}"


def _agreed(plan: GridPlan) -> bool:
    """Whether nothing forbids the launch, and what must be confirmed is; asks for it beside the button."""
    asked = _asked(plan)
    if concerns(plan, Level.REFUSE):
        return False
    if not asked:
        return True
    # the key contains the sentences, so that a confirmation holds for these concerns only
    return st.checkbox("Launch anyway", key=f"train.sure.{'|'.join(concern.sentence for concern in asked)}")


def _asked(plan: GridPlan) -> list[Concern]:
    return concerns(plan, Level.ASK) if plan.to_do else []


def _concerns(plan: GridPlan, choice: GridChoice | None) -> None:
    """What forbids the launch, and what must be confirmed."""
    for concern in concerns(plan, Level.REFUSE):
        st.caption(f":red[:material/block:] {plain(concern.sentence)}")
    asked = _asked(plan)
    _questions(plan, asked[:_SHOWN], choice)
    if len(asked) > _SHOWN:
        with st.popover(f"{len(asked) - _SHOWN} more", type="tertiary"):
            _questions(plan, asked[_SHOWN:], choice)


def _questions(plan: GridPlan, asked: Sequence[Concern], choice: GridChoice | None) -> None:
    for concern in asked:
        row = next((one for one in plan.launchable if concern in one.concerns), None)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f":orange[:material/warning:] {plain(concern.sentence)}", width="content")
            if row is not None and choice is not None:
                buttons(choice, row, concern.remedies)
