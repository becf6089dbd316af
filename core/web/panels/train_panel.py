"""What to train: the grid of backbones x patterns and the hyperparameters."""

from collections.abc import Sequence
from dataclasses import asdict, fields

import pandas as pd
import streamlit as st

from core.backbones.values import Availability, Backbone
from core.planning import Decision, Plan
from core.recipes import Hyperparameters, Pattern, Recipe
from core.web.panels.tables import number, table
from core.web.panels.words import FIELDS, PATTERNS, weights_words
from core.wording import amount, count, duration, listed
from core.workbench import Workbench

FIRST_CHOICE = ("efficientnet_lite0", "efficientnet_lite1")
"""Ticked to begin with: small, good, and always here."""

Cell = tuple[str, Pattern]
_HERE = (Availability.READY, Availability.CACHED)
_TICKED = "train.ticked"


def grid(bench: Workbench) -> list[Cell]:
    """Backbones x patterns with cells to tick; what is ticked outlives a change of the filter."""
    everything = sorted(bench.backbones(), key=lambda pair: pair[1] not in _HERE)
    ticked: set[Cell] = st.session_state.setdefault(_TICKED, _first_ticks(everything))
    wanted, only_here = _filters(everything)
    shown = [(b, state) for b, state in everything if _matches(b, wanted) and (state in _HERE or not only_here)]
    if not shown:
        st.caption("No backbone matches. Clear the filter to see all of them.")
    else:
        _editor(shown, ticked, key=f"train.grid.{wanted}.{only_here}")
    order = [backbone.name for backbone, _ in everything]
    return sorted(ticked, key=lambda cell: (order.index(cell[0]), list(PATTERNS).index(cell[1])))


def _first_ticks(everything: Sequence[tuple[Backbone, Availability]]) -> set[Cell]:
    here = [backbone.name for backbone, state in everything if state in _HERE]
    names = [name for name in FIRST_CHOICE if name in here] or here[:2]
    return {(name, Pattern.INTEGRATED_EXTRACTOR) for name in names}


def _filters(everything: Sequence[tuple[Backbone, Availability]]) -> tuple[str, bool]:
    text, ready = st.columns([3, 2], vertical_alignment="bottom")
    with text:
        families = len({backbone.family for backbone, _ in everything})
        wanted = st.text_input(
            "Filter",
            key="train.filter",
            placeholder=f"{count(len(everything), 'backbone')} of {count(families, 'family', 'families')}",
            icon=":material/search:",
        )
    with ready:
        help_ = "The others download their ImageNet weights when their first run starts."
        only_here = st.toggle("Only those ready to use", key="train.ready", help=help_)
    return wanted.strip().lower(), only_here


def _matches(backbone: Backbone, wanted: str) -> bool:
    return wanted in f"{backbone.title} {backbone.family} {backbone.name}".lower()


def _editor(shown: Sequence[tuple[Backbone, Availability]], ticked: set[Cell], key: str) -> None:
    rows = [_row(backbone, state) | {p: (backbone.name, p) in ticked for p in PATTERNS} for backbone, state in shown]
    boxes = {
        pattern: st.column_config.CheckboxColumn(title, help=words) for pattern, (title, words) in PATTERNS.items()
    }
    frame = pd.DataFrame(rows)
    edited = st.data_editor(
        frame.style.format({"Parameters": amount, "Top-1": "{:.1f} %", "Input": "{} px"}),
        key=key,
        hide_index=True,
        disabled=[column for column in frame.columns if column not in boxes],
        column_config=boxes | _COLUMNS,
        column_order=("Backbone", *boxes, "Weights", "Top-1", "Parameters", "Input", "Family", "Licence"),
        height=min(len(rows) + 1, 11) * 35 + 2,
    )
    for place, (backbone, _) in enumerate(shown):
        for pattern in PATTERNS:
            (ticked.add if edited[pattern].iloc[place] else ticked.discard)((backbone.name, pattern))


def _row(backbone: Backbone, state: Availability) -> dict:
    return {
        "Backbone": backbone.title,
        "Family": backbone.family,
        "Weights": weights_words(backbone, state),
        "Top-1": 100 * backbone.top1,
        "Parameters": backbone.parameters,
        "Input": backbone.input_size,
        "Licence": backbone.licence,
    }


_COLUMNS = {
    "Backbone": st.column_config.TextColumn("Backbone"),
    "Weights": st.column_config.TextColumn("Weights", help="Whether the pretrained weights are on this machine."),
    "Top-1": number("ImageNet top-1", "Published accuracy on ImageNet: a hint, not what it will reach on your photos."),
    "Parameters": number("Parameters", "Of the network without its ImageNet top."),
    "Input": number("Input", "Side of the square picture it looks at."),
    "Licence": st.column_config.TextColumn("Licence", help="Of the weights."),
}


def hyperparameters(bench: Workbench, dataset_id: str) -> Hyperparameters:
    """The numbers a user may choose, beginning with what suits a dataset of this size."""
    usual = asdict(bench.defaults(dataset_id))
    names = list(FIELDS)
    chosen = _fields(names[:4], usual, dataset_id)
    with st.expander("More hyperparameters", icon=":material/tune:"):
        chosen |= _fields(names[4:], usual, dataset_id)
    return Hyperparameters(**chosen)


def _fields(names: Sequence[str], usual: dict, dataset_id: str) -> dict:
    columns = st.columns(len(names))
    return {name: _field(column, name, usual[name], dataset_id) for column, name in zip(columns, names, strict=True)}


def _field(column, name: str, usual, dataset_id: str):
    title, help_ = FIELDS[name]
    whole = {field.name: field.type for field in fields(Hyperparameters)}[name] is int
    help_ += f" For these photos: {usual:g}."
    options = {"step": 1} if whole else {"step": 10**-4 if name == "learning_rate" else 0.05, "format": "%g"}
    value = column.number_input(title, value=usual, key=f"train.{name}.{dataset_id}", help=help_, **options)
    return usual if value is None else value


def recipes(cells: Sequence[Cell], chosen: Hyperparameters) -> list[Recipe]:
    return [Recipe(backbone=name, pattern=pattern, hyperparameters=chosen) for name, pattern in cells]


WORK = {
    Decision.REUSED: "● reused",
    Decision.RESUMED: "↻ resumed",
    Decision.EXTENDED: "→ extended",
    Decision.NEW: "○ new",
}


def summary(bench: Workbench, plans: Sequence[Plan]) -> None:
    """What will happen with every ticked cell, why, and what it is expected to cost."""
    rows = [
        {
            "Backbone": bench.backbone(plan.recipe.backbone).title,
            "Pattern": PATTERNS[plan.recipe.pattern][0],
            "What happens": WORK[plan.decision],
            "Because": plan.because,
            "Expected time": expected(plan),
        }
        for plan in plans
    ]
    help_ = "Where the estimate is from is said below; waiting in the queue is not counted."
    columns = {
        "Because": st.column_config.TextColumn(width="large"),
        "Expected time": st.column_config.TextColumn("Expected time (estimate)", help=help_, alignment="right"),
    }
    table(rows, key="train.summary", columns=columns)


def expected(plan: Plan) -> str:
    if plan.decision is Decision.REUSED:
        return "nothing"
    return f"about {duration(plan.estimate_seconds)}"


def total_words(plans: Sequence[Plan]) -> str:
    """Under the table: how much there is to do, and what is saved."""
    work = [plan for plan in plans if plan.decision is not Decision.REUSED]
    parts = [f"{count(len(work), 'run')} to do"]
    if work:
        sources = listed(sorted({plan.estimate_source for plan in work}))
        total = duration(sum(plan.estimate_seconds for plan in work))
        parts.append(f"about {total} in all, an estimate from {sources}")
    stored = sum(plan.features_stored for plan in work)
    if stored:
        parts.append(f"features of {stored} are stored already and cost nothing")
    return "; ".join(parts) + "."
