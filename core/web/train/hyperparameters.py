"""The hyperparameters of every pattern, with defaults for the dataset and a help text at each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import streamlit as st

from core.recipes.defaults import reasons as reasons_of
from core.recipes.grid import Depths
from core.recipes.labels import PATTERNS, hyperparameter_label, value_text
from core.recipes.program import depths
from core.recipes.recipe import BOUNDS, CHOICES, RELEVANT, Pattern, Schedule, Solver
from core.text.units import plain
from core.workbench import Workbench

REPETITIONS = "train.repeat"
"""Session state: the number of seeds per recipe."""

SHOWN = 4
"""Hyperparameters that are always visible; the others are in an expander."""


@dataclass(frozen=True, kw_only=True)
class HyperparameterChoice:
    """What was chosen for one pattern: the hyperparameters that are not the default, and depths; None for the default
    depth."""

    settings: dict[str, Any]
    depths: Depths | None


def choose(
    bench: Workbench, dataset_id: str, patterns: Sequence[tuple[Pattern, Sequence[str]]]
) -> dict[Pattern, HyperparameterChoice]:
    """One tab per pattern that has hyperparameters.

    Args:
        patterns: each with the backbones it is tried with.
    """
    with_fields = [(pattern, names) for pattern, names in patterns if RELEVANT[pattern]]
    if not with_fields:
        st.caption("No hyperparameters: nothing is trained.")
        return {}
    chosen = {}
    tabs = st.tabs([PATTERNS[pattern].short for pattern, _ in with_fields])
    for tab, (pattern, names) in zip(tabs, with_fields, strict=True):
        with tab:
            chosen[pattern] = _Form(bench, dataset_id, pattern, tuple(names)).choice()
    return chosen


def repetitions() -> int:
    """Number of seeds per recipe."""
    return int(st.session_state.get(REPETITIONS) or 1)


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
        changed = {name: value for name, value in chosen.items() if value != usual[name]}
        return HyperparameterChoice(settings=changed, depths=None if depths == (usual["depth"],) else depths)

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
