"""The numbers of every way, beginning with what suits the photos; a title, a help and a reason at each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import streamlit as st

from core.errors import GraftError
from core.recipes.defaults import reasons as reasons_of
from core.recipes.labels import PATTERNS, hyperparameter_label, value_text
from core.recipes.program import depths
from core.recipes.recipe import BOUNDS, CHOICES, RELEVANT, Hyperparameters, Pattern, Recipe, Schedule, Solver
from core.text.units import plain
from core.workbench import Workbench

Depths = Literal["all"] | tuple[int, ...] | None
REPETITIONS = "train.repeat"
"""Key of the field that says how many seeds of every recipe are tried."""

SHOWN = 4
"""Numbers beside each other; the others are one click away."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What was chosen for one way; ``depths`` is None where depth means nothing."""

    hyperparameters: Hyperparameters
    depths: Depths


def choose(
    bench: Workbench, dataset_id: str, ways: Sequence[tuple[Pattern, Sequence[str]]]
) -> dict[Pattern, Numbers] | None:
    """One tab per way that has numbers, in this order; None when one of them is out of bounds, which is said there.

    Args:
        ways: a pattern and the backbones it is tried with.
    """
    chosen: dict[Pattern, Numbers | None] = {
        pattern: Numbers(hyperparameters=Hyperparameters(), depths=None) for pattern, _ in ways
    }
    with_numbers = [(pattern, names) for pattern, names in ways if RELEVANT[pattern]]
    if not with_numbers:
        st.caption("There is nothing to choose: nothing learns.")
        return {pattern: numbers for pattern, numbers in chosen.items() if numbers}
    tabs = st.tabs([PATTERNS[pattern].short for pattern, _ in with_numbers])
    for tab, (pattern, names) in zip(tabs, with_numbers, strict=True):
        with tab:
            chosen[pattern] = _checked(_Form(bench, dataset_id, pattern, tuple(names)))
    good = {pattern: numbers for pattern, numbers in chosen.items() if numbers}
    return good if len(good) == len(chosen) else None


def recipes(
    bench: Workbench,
    dataset_id: str,
    tried: Mapping[Pattern, Sequence[str]],
    chosen: Mapping[Pattern, Numbers],
    mapping: Sequence[tuple[str, str]] = (),
) -> list[Recipe]:
    """A recipe per cell, depth and repetition, network by network."""
    grids = [
        bench.grid(
            dataset_id,
            names,
            [pattern],
            depths=chosen[pattern].depths,
            repeat=repetitions(),
            hyperparameters={pattern: chosen[pattern].hyperparameters},
            mapping=tuple(mapping),
        )
        for pattern, names in tried.items()
    ]
    return [recipe for grid in grids for recipe in grid]


def repetitions() -> int:
    """How many seeds of every recipe."""
    return int(st.session_state.get(REPETITIONS) or 1)


def _checked(form: "_Form") -> Numbers | None:
    """None after saying what is wrong, where it is wrong; the other ways keep their fields."""
    try:
        return form.numbers()
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


@dataclass(frozen=True)
class _Form:
    """The fields of one way."""

    bench: Workbench
    dataset_id: str
    pattern: Pattern
    backbones: tuple[str, ...]

    def numbers(self) -> Numbers:
        usual = asdict(self.bench.defaults(self.dataset_id, self.pattern, next(iter(self.backbones), None)))
        reasons = reasons_of(self.pattern)
        names = [name for name in RELEVANT[self.pattern] if name != "depth"]
        ask_depth = partial(self._depths, usual["depth"], reasons.get("depth", ""))
        deep, first = "depth" in RELEVANT[self.pattern] and bool(self.backbones), self.pattern is Pattern.FINE_TUNING
        depths = ask_depth() if deep and first else None
        chosen = self._fields(names[:SHOWN], usual, reasons)
        with st.expander("More hyperparameters", icon=":material/tune:", key=f"train.more.{self.pattern}"):
            depths = ask_depth() if deep and not first else depths
            chosen |= self._fields(names[SHOWN:], usual, reasons) if names[SHOWN:] else {}
        depth = depths[0] if depths and depths != "all" else usual["depth"]
        return Numbers(hyperparameters=Hyperparameters(**(usual | chosen | {"depth": depth})), depths=depths)

    def _depths(self, usual: int, reason: str) -> Depths:
        """One depth, several, or all of them."""
        networks = [self.bench.backbone(name) for name in self.backbones]
        possible = sorted({depth for network in networks for depth in depths(self.pattern, network.blocks)})
        title, help_ = hyperparameter_label(self.pattern, "depth")
        key = f"train.depth.{self.pattern}.{self.dataset_id}"
        few, all_ = st.columns([3, 2], vertical_alignment="bottom")
        sweep = all_.toggle(
            "Every depth",
            key=f"{key}.all",
            help=f"A depth sweep: one run for each of up to {possible[-1] - possible[0] + 1} depths of a network, to "
            "see where accuracy and cost cross.",
        )
        chosen = few.multiselect(
            title, possible, [usual if usual in possible else possible[0]], key=key, disabled=sweep,
            help=f"{help_} Several: one run each. {reason}".strip(),
        )  # fmt: skip
        return "all" if sweep else tuple(sorted(chosen)) or (usual,)

    def _fields(self, names: Sequence[str], usual: dict, reasons: dict[str, str]) -> dict[str, Any]:
        with st.container(key=f"fields-{self.pattern}-{names[0]}"):
            return {name: self._field(name, usual[name], reasons.get(name, "")) for name in names}

    def _field(self, name: str, usual: Any, reason: str) -> Any:
        title, help_ = hyperparameter_label(self.pattern, name)
        key = f"train.{name}.{self.pattern}.{self.dataset_id}"
        help_ = plain_help(help_, usual, reason)
        if isinstance(usual, bool):
            return st.checkbox(title, usual, key=key, help=help_)
        if isinstance(usual, Schedule | Solver):
            options = CHOICES[name]
            return st.selectbox(title, options, options.index(usual), format_func=value_text, key=key, help=help_)
        value = st.number_input(title, value=usual, key=key, help=help_, **_steps(name))
        return usual if value is None else value


def plain_help(help_: str, usual: Any, reason: str) -> str:
    """What the number does, what it is for these photos, and why."""
    return " ".join(part for part in (help_, f"Here: {value_text(usual)}.", plain(reason)) if part)


def _steps(name: str) -> dict[str, Any]:
    if isinstance(BOUNDS[name][0], int):
        return {"step": 1}
    return {"step": 1e-4 if "rate" in name and name != "rate_decay" else 0.05, "format": "%g"}
