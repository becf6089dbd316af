"""The patterns to try: one card each, with an explanation."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import streamlit as st

from core.recipes.grid import Cell
from core.recipes.labels import OFFERED
from core.recipes.patterns import Cascade, Pattern
from core.web.train import address
from core.web.train.address import TrainAddress


def choose(cells: Sequence[Cell], cascade: Cascade | None, usual: Collection[str]) -> None:
    """A tick adds the pattern to every backbone that has a tick, or removes it from all.

    Args:
        usual: the backbones that are ticked where none is.
    """
    chosen = {pattern for _, pattern in cells} | ({Pattern.CASCADE} if cascade else set())
    with st.container(key="cards-patterns"):
        for pattern, (title, description) in OFFERED.items():
            with st.container(key=f"pattern-{pattern}"):
                change = _change(cells, pattern, usual)
                st.checkbox(title, **address.bound(f"train.pattern.{pattern}", pattern in chosen, change))
                st.caption(description)


def _change(
    cells: Sequence[Cell], pattern: Pattern, usual: Collection[str]
) -> Callable[[TrainAddress, bool], TrainAddress]:
    def change(now: TrainAddress, ticked: bool) -> TrainAddress:
        if pattern is Pattern.CASCADE:
            return replace(now, cascade=Cascade.FUSION if ticked else None, members=None)
        rest = [cell for cell in cells if cell[1] is not pattern]
        names = dict.fromkeys(name for name, _ in cells) or usual
        return replace(now, cells=(*rest, *((name, pattern) for name in names)) if ticked else tuple(rest))

    return change
