"""The grid of backbones x patterns with cells to tick."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.backbones.values import Availability, Backbone
from core.recipes.labels import PATTERNS, without_family
from core.recipes.recipe import Pattern
from core.text.units import count
from core.web.parts.labels import weights_label
from core.web.parts.tables import ColumnConfig, number

FIRST_CHOICE = ("efficientnet_lite0", "efficientnet_lite1")
"""Ticked at first: small, accurate, and always available."""

Cell = tuple[str, Pattern]
Choices = Sequence[tuple[Backbone, Availability]]
_HERE = (Availability.READY, Availability.CACHED)
TICKED = "train.ticked"
"""Session state: the ticked cells; kept when the filter changes and during a visit to another page."""

_ALL, _READY, _OWN = "All", "Ready to use", "Your models"


def ordered(everything: Choices) -> Choices:
    """Backbones whose weights are here first, then models of the user, then those that have to be downloaded."""
    return sorted(everything, key=lambda pair: _is_own(pair[0]) or 2 * (pair[1] not in _HERE))


def choose(everything: Choices, patterns: Sequence[Pattern]) -> list[Cell]:
    """The ticked cells of these patterns, in the order of the grid."""
    ticked: set[Cell] = st.session_state.setdefault(TICKED, first_ticks(everything, patterns))
    wanted, kind = _filters(everything)
    shown = [(b, state) for b, state in everything if _matches(b, wanted) and _is_kind(b, state, kind)]
    if not shown:
        st.caption("No backbone matches. Clear the filter to see all of them.")
    else:
        _editor(shown, ticked, patterns, key=f"train.grid.{wanted}.{kind}.{'.'.join(patterns)}")
    names = [backbone.name for backbone, _ in everything]
    known = [cell for cell in ticked if cell[0] in names and cell[1] in patterns]  # a ticked model may be deleted since
    return sorted(known, key=lambda cell: (names.index(cell[0]), list(PATTERNS).index(cell[1])))


def first_ticks(everything: Choices, patterns: Sequence[Pattern]) -> set[Cell]:
    here = [backbone.name for backbone, state in everything if state in _HERE]
    names = [name for name in FIRST_CHOICE if name in here] or here[:2]
    return {(name, pattern) for name in names for pattern in patterns}


def tick_pattern(pattern: Pattern, ticked: bool) -> None:
    """Ticks a pattern for the backbones that are ticked already, or unticks it for all."""
    cells: set[Cell] = st.session_state.setdefault(TICKED, set())
    if not ticked:
        cells -= {cell for cell in cells if cell[1] is pattern}
    elif pattern is not Pattern.CASCADE:
        cells |= {(name, pattern) for name in {name for name, _ in cells} or FIRST_CHOICE}


def _is_own(backbone: Backbone) -> bool:
    return backbone.source.startswith("model:")


def _is_kind(backbone: Backbone, state: Availability, kind: str | None) -> bool:
    if kind == _OWN:
        return _is_own(backbone)
    return kind != _READY or state in _HERE


def _filters(everything: Choices) -> tuple[str, str | None]:
    text, kinds = st.columns([3, 2], vertical_alignment="bottom")
    with text:
        families = len({backbone.family for backbone, _ in everything})
        wanted = st.text_input(
            "Filter",
            key="train.filter",
            placeholder=f"{count(len(everything), 'backbone')} of {count(families, 'family', 'families')}",
            icon=":material/search:",
        )
    with kinds:
        options = [_ALL, _READY, *([_OWN] if any(_is_own(backbone) for backbone, _ in everything) else [])]
        help_ = "The other backbones download their ImageNet weights when their first run starts."
        kind = st.segmented_control("Show", options, default=_ALL, key="train.kind", help=help_)
    return wanted.strip().lower(), kind


def _matches(backbone: Backbone, wanted: str) -> bool:
    return wanted in f"{backbone.title} {backbone.family} {backbone.name}".lower()


def _editor(shown: Choices, ticked: set[Cell], patterns: Sequence[Pattern], key: str) -> None:
    rows = [_row(backbone, state) | {p: (backbone.name, p) in ticked for p in patterns} for backbone, state in shown]
    boxes = {p: st.column_config.CheckboxColumn(PATTERNS[p].short, help=PATTERNS[p].description) for p in patterns}
    frame = pd.DataFrame(rows)
    frame["Top-1"] = pd.to_numeric(frame["Top-1"])  # a column of None would be text
    edited = st.data_editor(
        frame.style.format({"Parameters": _parameters, "Top-1": "{:.1f} %", "Input": "{} px"}, na_rep="–"),
        key=key,
        hide_index=True,
        disabled=[column for column in frame.columns if column not in boxes],
        column_config=boxes | _COLUMNS | {"Backbone": _names(shown)},
        column_order=("Backbone", *boxes, *_facts(shown)),
        placeholder="–",
        height=min(len(rows) + 1, 9) * 35 + 2,
    )
    for row, (backbone, _) in enumerate(shown):
        for pattern in patterns:
            (ticked.add if edited[pattern].iloc[row] else ticked.discard)((backbone.name, pattern))


def _names(shown: Choices) -> ColumnConfig:
    """Pinned, and narrow enough that the checkboxes beside it stay visible on a phone."""
    longest = max(len(_title(backbone)) for backbone, _ in shown)
    return st.column_config.TextColumn("Backbone", pinned=True, width=225 if longest > 24 else None)


def _facts(shown: Choices) -> list[str]:
    """The columns beside the checkboxes; for models of the user with the full name, which the pinned column cuts."""
    if all(_is_own(backbone) for backbone, _ in shown):
        return ["Full name", "Parameters", "Input", "Licence"]
    return ["Weights", "Top-1", "Parameters", "Input", "Licence"]


def _title(backbone: Backbone) -> str:
    """Title of a backbone; of a model of the user without the family."""
    return without_family(backbone.title) if _is_own(backbone) else backbone.title


def _parameters(number: float) -> str:
    """All in one unit, so that they can be compared."""
    return f"{number / 1e6:.1f} million"


def _row(backbone: Backbone, state: Availability) -> dict:
    return {
        "Backbone": _title(backbone),
        "Full name": backbone.title,
        "Weights": "● your model" if _is_own(backbone) and state in _HERE else weights_label(backbone, state),
        "Top-1": None if backbone.top1 is None else 100 * backbone.top1,
        "Parameters": backbone.parameters,
        "Input": backbone.input_size,
        "Licence": backbone.licence,
    }


_COLUMNS = {
    "Full name": st.column_config.TextColumn(width=520),
    "Weights": st.column_config.TextColumn("Weights", help="Whether the pretrained weights are on this machine."),
    "Top-1": number("ImageNet top-1", "Published ImageNet accuracy: an indication, not the accuracy on your photos."),
    "Parameters": number("Parameters", "Without the ImageNet classification top."),
    "Input": number("Input", "Side of the square input image."),
    "Licence": st.column_config.TextColumn("Licence", help="Of the weights."),
}
