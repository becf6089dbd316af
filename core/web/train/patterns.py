"""Which ways to use a network are tried: one card each, with a sentence."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.recipes.labels import PATTERNS
from core.recipes.recipe import Pattern

CHOSEN = "train.ways"
"""Session state: the chosen patterns; outlives a visit to another page, unlike the boxes themselves."""


def choose(changed: Callable[[Pattern, bool], None]) -> list[Pattern]:
    """The ticked patterns in the order of ``PATTERNS``; ``changed`` is told of every tick."""
    chosen: set[Pattern] = st.session_state.setdefault(CHOSEN, {Pattern.INTEGRATED_EXTRACTOR})
    with st.container(key="cards-ways"):
        for pattern, (title, sentence) in PATTERNS.items():
            with st.container(key=f"way-{pattern}"):
                st.checkbox(
                    title, pattern in chosen, key=f"train.way.{pattern}",
                    on_change=_changed, args=(pattern, changed),
                )  # fmt: skip
                st.caption(sentence)
    return [pattern for pattern in PATTERNS if pattern in chosen]


def _changed(pattern: Pattern, changed: Callable[[Pattern, bool], None]) -> None:
    ticked = st.session_state[f"train.way.{pattern}"]
    (st.session_state[CHOSEN].add if ticked else st.session_state[CHOSEN].discard)(pattern)
    changed(pattern, ticked)


def in_order(tried: Mapping[Pattern, Sequence[str]]) -> list[tuple[Pattern, Sequence[str]]]:
    """Patterns with their backbones, in the order of the cards."""
    return [(pattern, tried[pattern]) for pattern in PATTERNS if pattern in tried]
