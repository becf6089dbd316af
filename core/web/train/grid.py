"""The grid of backbones x patterns: one row a backbone, with cells to tick and what the plan says of each."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.backbones.inputs import larger_size, takes_other_sizes
from core.backbones.values import HERE, Availability, Backbone
from core.datasets.decoding.fit import LARGEST_INPUT
from core.planning.decide import Decision, Plan
from core.planning.grid_plan import GridPlan, Row
from core.recipes.allowed import refused_patterns
from core.recipes.choosing import has_words
from core.recipes.grid import Cell, GridChoice
from core.recipes.labels import OFFERED, PATTERNS
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.text.units import count, magnitude, percent, plain, rough_duration
from core.web.parts.labels import weights_label
from core.web.parts.widgets import page_link
from core.web.train import address
from core.web.train.address import TrainAddress
from core.web.train.remedies import refusals, source_of

FIRST_CHOICE = ("efficientnet_lite0", "efficientnet_lite1")
"""Ticked at first: small, accurate, and always available."""

ROWS = 8
"""Backbones on one page."""

Choices = Sequence[tuple[Backbone, Availability]]
_READY, _ALL, _OWN, _ADDED = "Ready to use", "All", "Your models", "Added"


def ordered(everything: Choices) -> Choices:
    """Backbones whose weights are here first, then models of the user, then those that have to be downloaded."""
    return sorted(everything, key=lambda pair: pair[0].is_trained or 2 * (pair[1] not in HERE))


def usual(everything: Choices) -> list[str]:
    """The backbones that are ticked at first."""
    here = [backbone.name for backbone, state in everything if state in HERE]
    return [name for name in FIRST_CHOICE if name in here] or here[:2]


def in_order(cells: Collection[Cell], everything: Choices) -> list[Cell]:
    """The cells in the order of the grid; those of backbones that are not offered come last."""
    rows = {backbone.name: row for row, (backbone, _) in enumerate(everything)}
    patterns = list(OFFERED)
    return sorted(cells, key=lambda cell: (rows.get(cell[0], len(rows)), patterns.index(cell[1])))


def choose(everything: Choices, choice: GridChoice, plan: GridPlan | None) -> None:
    """Rows of all backbones that match the filter, those with ticks always among them."""
    ticked = {name for name, _ in choice.cells}
    shown = _filtered(everything, ticked)
    if not shown:
        st.caption("No backbone matches. Clear the filter to see all of them.")
        return
    pages = -(-len(shown) // ROWS)
    page = min(st.session_state.get("train.page", 1), pages)
    patterns = [pattern for pattern in OFFERED if pattern in {pattern for _, pattern in choice.cells}]
    outcomes = by_cell(plan) if plan else {}
    with st.container(border=True, key="grid", gap="small"):
        for backbone, state in shown[ROWS * (page - 1) : ROWS * page]:
            _row(backbone, state, patterns or [Pattern.INTEGRATED_EXTRACTOR], choice, outcomes)
    if pages > 1:
        st.pagination(pages, key="train.page")
    with st.container(horizontal=True):
        page_link("backbones", "Compare all backbones")


def by_cell(plan: GridPlan) -> dict[Cell, list[Row]]:
    """The rows of the plan in every cell; those of a cascade belong to none."""
    found: dict[Cell, list[Row]] = {}
    for row in plan.rows:
        source = source_of(row)
        if source.cascade is None:
            name = source.backbone if isinstance(source, Recipe) else source.sources[0]
            found.setdefault((name, source.pattern), []).append(row)
    return found


def _filtered(everything: Choices, ticked: Collection[str]) -> Choices:
    text, kinds = st.columns([3, 2], vertical_alignment="bottom")
    models = sum(backbone.is_trained for backbone, _ in everything)
    placeholder = count(len(everything) - models, "backbone") + (f" and {count(models, 'model')}" if models else "")
    wanted = text.text_input("Filter", key="train.filter", placeholder=placeholder, icon=":material/search:")
    added, own = (any(getattr(backbone, kind) for backbone, _ in everything) for kind in ("is_added", "is_trained"))
    options = [_READY, *([_ADDED] if added else []), *([_OWN] if own else []), _ALL]
    help_ = "The other backbones download their ImageNet weights when their first run starts."
    kind = kinds.segmented_control(
        "Show", options, default=_READY, required=True, key="train.kind", help=help_, wrap=True
    )
    wanted = wanted.strip()
    matching = [(backbone, state) for backbone, state in everything if has_words(backbone, wanted)]
    if wanted and kind == _READY:  # who looks for a name finds it wherever it is
        return matching
    return [pair for pair in matching if _is_kind(*pair, kind) or (pair[0].name in ticked and not wanted)]


def _is_kind(backbone: Backbone, state: Availability, kind: str | None) -> bool:
    if kind == _OWN:
        return backbone.is_trained
    if kind == _ADDED:
        return backbone.is_added
    return kind == _ALL or (state in HERE and not backbone.is_trained)


def _row(
    backbone: Backbone,
    state: Availability,
    patterns: Sequence[Pattern],
    choice: GridChoice,
    outcomes: Mapping[Cell, Sequence[Row]],
) -> None:
    left, right = st.columns([2, 5], gap="small")
    with left.container(gap=None):
        st.page_link(
            "pages/backbones.py", label=f"**{plain(backbone.title)}**", query_params={"backbone": backbone.name}
        )
        st.caption(plain(facts(backbone, state)))
    with right:
        mine = [pattern for pattern in patterns if (backbone.name, pattern) in choice.cells]
        reasons = refused_patterns(backbone)
        refused = {pattern: reasons[pattern] for pattern in patterns if pattern in reasons}
        offered = [pattern for pattern in patterns if pattern not in refused or pattern in mine]
        st.pills(  # labels do not change with the plan: a button whose label changes loses the keyboard's focus
            plain(backbone.title), offered, selection_mode="multi", label_visibility="collapsed", wrap=True,
            format_func=lambda pattern: PATTERNS[pattern].short,
            **address.bound(f"train.cells.{backbone.name}", mine, _ticks(backbone.name, choice.cells)),
        )  # fmt: skip
        if impossible := [f"{PATTERNS[one].short}: {why}" for one, why in refused.items() if one not in mine]:
            st.caption(f":material/block: Not possible. {plain(' '.join(impossible))}")
        if mine and takes_other_sizes(backbone):
            _sizes(backbone, choice.sizes.get(backbone.name, ()))
        planned = [expected(PATTERNS[pattern].short, outcomes.get((backbone.name, pattern), ())) for pattern in mine]
        if any(planned):
            st.caption(plain(" · ".join(filter(None, planned))))
        for pattern in mine:
            refusals(choice, PATTERNS[pattern].short, outcomes.get((backbone.name, pattern), ()))


def _sizes(backbone: Backbone, chosen: Sequence[int]) -> None:
    """The input sizes to try: the backbone's own, a larger one, or any that is typed."""
    larger = larger_size(backbone)
    now = tuple(chosen) or (0,)
    offered = sorted({0, *([larger] if larger else []), *now}, key=lambda size: size or backbone.input_size)
    help_ = f"One run per size. {plain(backbone.title)} was trained at {backbone.input_size} px. "
    help_ += f"{larger} px are twice the pixels: often more accurate, at twice the cost. " if larger else ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.pills(
            "Input size", offered, selection_mode="multi", help=help_.strip(), width="content",
            format_func=lambda size: f"{size or backbone.input_size} px",
            **address.bound(
                f"train.size.{backbone.name}", list(now),
                lambda address, some: address.with_sizes(backbone.name, tuple(some) if list(some) != [0] else ()),
            ),
        )  # fmt: skip
        st.text_input(
            f"Another input size of {plain(backbone.title)}", placeholder="other px", width=100,
            label_visibility="collapsed", help=f"{backbone.smallest_size} to {LARGEST_INPUT} px.",
            **address.bound(
                f"train.size.{backbone.name}.other", "",
                lambda address, text: address.with_sizes(backbone.name, _with_typed(now, text, backbone)),
            ),
        )  # fmt: skip


def _with_typed(sizes: tuple[int, ...], text: str, backbone: Backbone) -> tuple[int, ...]:
    """With the sizes in a text (``300``, ``300 px, 400``); the plan refuses those that the network cannot take."""
    typed = [int(number) for number in re.findall(r"\d{1,5}", text)]
    return tuple(dict.fromkeys([*sizes, *(0 if size == backbone.input_size else size for size in typed)]))


def _ticks(name: str, cells: Sequence[Cell]) -> Callable[[TrainAddress, Sequence[Pattern]], TrainAddress]:
    def change(now: TrainAddress, ticked: Sequence[Pattern]) -> TrainAddress:
        rest = [cell for cell in cells if cell[0] != name]
        return replace(now, cells=(*rest, *((name, pattern) for pattern in ticked)))

    return change


def facts(backbone: Backbone, state: Availability) -> str:
    """``● ready · 75.1 % ImageNet top-1 · 3.4 million parameters · 224 px``; with the licence of its weights."""
    own = backbone.is_trained and state in HERE
    parts = ["● your model" if own else weights_label(backbone, state)]
    parts += [f"{percent(backbone.top1)} ImageNet top-1"] if backbone.top1 is not None else []
    return " · ".join(
        [*parts, f"{magnitude(backbone.parameters)} parameters", f"{backbone.input_size} px", backbone.licence]
    )


def expected(title: str, rows: Sequence[Row]) -> str:
    """What the plan says of a cell: ``Fine-tuning: new, about 40 s``; "" where all of it is refused."""
    possible = [row for row in rows if isinstance(row, Plan) and row.decision is not Decision.REFUSED]
    if not possible:
        return ""
    what = count(len(possible), "run") if len(possible) > 1 else str(possible[0].decision)
    seconds = sum(row.estimate_seconds for row in possible)
    return f"{title}: {what}{f', about {rough_duration(seconds)}' if seconds else ''}"
