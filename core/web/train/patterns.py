"""The patterns to try: one card each, with an explanation."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.recipes.labels import PATTERNS
from core.recipes.recipe import Pattern

CHOSEN = "train.patterns"
"""Session state: the chosen patterns; kept during a visit to another page, unlike the checkboxes."""


def choose(changed: Callable[[Pattern, bool], None]) -> list[Pattern]:
    """The ticked patterns in the order of ``PATTERNS``; ``changed`` is called at every tick."""
    chosen: set[Pattern] = st.session_state.setdefault(CHOSEN, {Pattern.INTEGRATED_EXTRACTOR})
    with st.container(key="cards-patterns"):
        for pattern, (title, description) in PATTERNS.items():
            with st.container(key=f"pattern-{pattern}"):
                st.checkbox(
                    title, pattern in chosen, key=f"train.pattern.{pattern}",
                    on_change=_changed, args=(pattern, changed),
                )  # fmt: skip
                st.caption(description)
    return [pattern for pattern in PATTERNS if pattern in chosen]


def _changed(pattern: Pattern, changed: Callable[[Pattern, bool], None]) -> None:
    ticked = st.session_state[f"train.pattern.{pattern}"]
    (st.session_state[CHOSEN].add if ticked else st.session_state[CHOSEN].discard)(pattern)
    changed(pattern, ticked)


def in_order(tried: Mapping[Pattern, Sequence[str]]) -> list[tuple[Pattern, Sequence[str]]]:
    """Patterns with their backbones, in the order of the cards."""
    return [(pattern, tried[pattern]) for pattern in PATTERNS if pattern in tried]
