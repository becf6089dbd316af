"""Buttons that apply what would help where the plan refuses something or asks."""

from collections.abc import Sequence

import streamlit as st

from core.planning.decide import Decision, Plan
from core.planning.grid_plan import Row
from core.recipes.grid import GridChoice, InvalidCell
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy
from core.text.units import plain
from core.web.train import address


def refusals(choice: GridChoice, what: str, rows: Sequence[Row]) -> None:
    """Why rows are refused, each reason once, with a button for every remedy."""
    reasons = {row.because: row for row in rows if row.decision is Decision.REFUSED}
    for because, row in reasons.items():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":red[:material/block:] **{plain(what)}**: {plain(because)}", width="content")
            buttons(choice, row, row.remedies)


def buttons(choice: GridChoice, row: Row, remedies: Sequence[Remedy]) -> None:
    """One for every remedy of a row; a click changes the choice in the URL."""
    source = source_of(row)
    for remedy in remedies:
        key = f"train.remedy.{row.name}.{remedy.label}"
        st.button(plain(remedy.label), icon=":material/build:", key=key, on_click=_apply, args=(remedy, choice, source))


def source_of(row: Row) -> Recipe | InvalidCell:
    """What was chosen for a row of the plan."""
    return row.recipe if isinstance(row, Plan) else row.cell


def _apply(remedy: Remedy, choice: GridChoice, source: Recipe | InvalidCell) -> None:
    address.write(address.get().with_choice(remedy.choice(choice, source)))
