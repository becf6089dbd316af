"""The hyperparameters of every pattern, with defaults for the dataset and a help text at each."""

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
"""Session state: the number of seeds per recipe."""

SHOWN = 4
"""Hyperparameters that are always visible; the others are in an expander."""


@dataclass(frozen=True, kw_only=True)
class HyperparameterChoice:
    """What was chosen for one pattern; ``depths`` is None where the pattern has no depth."""

    hyperparameters: Hyperparameters
    depths: Depths


def choose(
    bench: Workbench, dataset_id: str, patterns: Sequence[tuple[Pattern, Sequence[str]]]
) -> dict[Pattern, HyperparameterChoice] | None:
    """One tab per pattern that has hyperparameters; None when one is out of bounds, which is shown in its tab.

    Args:
        patterns: each with the backbones it is tried with.
    """
    chosen: dict[Pattern, HyperparameterChoice | None] = {
        pattern: HyperparameterChoice(hyperparameters=Hyperparameters(), depths=None) for pattern, _ in patterns
    }
    with_fields = [(pattern, names) for pattern, names in patterns if RELEVANT[pattern]]
    if not with_fields:
        st.caption("No hyperparameters: nothing is trained.")
        return {pattern: choice for pattern, choice in chosen.items() if choice}
    tabs = st.tabs([PATTERNS[pattern].short for pattern, _ in with_fields])
    for tab, (pattern, names) in zip(tabs, with_fields, strict=True):
        with tab:
            chosen[pattern] = _checked(_Form(bench, dataset_id, pattern, tuple(names)))
    valid = {pattern: choice for pattern, choice in chosen.items() if choice}
    return valid if len(valid) == len(chosen) else None


def recipes(
    bench: Workbench,
    dataset_id: str,
    tried: Mapping[Pattern, Sequence[str]],
    chosen: Mapping[Pattern, HyperparameterChoice],
    mapping: Sequence[tuple[str, str]] = (),
) -> list[Recipe]:
    """A recipe per cell, depth and repetition."""
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
    """Number of seeds per recipe."""
    return int(st.session_state.get(REPETITIONS) or 1)


def _checked(form: "_Form") -> HyperparameterChoice | None:
    """None, after showing the error in this tab, where a value is invalid."""
    try:
        return form.choice()
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None


@dataclass(frozen=True)
class _Form:
    """The fields of one pattern."""

    bench: Workbench
    dataset_id: str
    pattern: Pattern
    backbones: tuple[str, ...]

    def choice(self) -> HyperparameterChoice:
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
        return HyperparameterChoice(
            hyperparameters=Hyperparameters(**(usual | chosen | {"depth": depth})), depths=depths
        )

    def _depths(self, usual: int, reason: str) -> Depths:
        """One depth, several, or all."""
        backbones = [self.bench.backbone(name) for name in self.backbones]
        possible = sorted({depth for one in backbones for depth in depths(self.pattern, one.blocks)})
        title, help_ = hyperparameter_label(self.pattern, "depth")
        key = f"train.depth.{self.pattern}.{self.dataset_id}"
        few, all_ = st.columns([3, 2], vertical_alignment="bottom")
        sweep = all_.toggle(
            "All depths",
            key=f"{key}.all",
            help=f"Depth sweep: one run for each of up to {possible[-1] - possible[0] + 1} depths of a backbone, to "
            "compare accuracy and cost.",
        )
        chosen = few.multiselect(
            title, possible, [usual if usual in possible else possible[0]], key=key, disabled=sweep,
            help=f"{help_} One run per value. {reason}".strip(),
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
    """What the hyperparameter does, its default for this dataset, and why."""
    return " ".join(part for part in (help_, f"Default: {value_text(usual)}.", plain(reason)) if part)


def _steps(name: str) -> dict[str, Any]:
    if isinstance(BOUNDS[name][0], int):
        return {"step": 1}
    return {"step": 1e-4 if "rate" in name and name != "rate_decay" else 0.05, "format": "%g"}
