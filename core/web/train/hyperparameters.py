"""The hyperparameters of every chosen pattern, with defaults for the dataset and a help text at each."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

import streamlit as st

from core.datasets.decoding.fit import Fit
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.recipes.defaults import SUGGESTED_FIT
from core.recipes.defaults import reasons as reasons_of
from core.recipes.grid import CascadeChoice, Cell
from core.recipes.hyperparameters import BOUNDS, CHOICES, RELEVANT
from core.recipes.labels import FITS, HYPERPARAMETERS, PATTERNS, hyperparameter_label, in_text, value_text
from core.recipes.patterns import Pattern
from core.recipes.program import depths
from core.text.units import plain
from core.web.parts.labels import own_sizes
from core.web.train import address
from core.web.train.address import TrainAddress
from core.workbench import Workbench


def tried(cells: Sequence[Cell], cascade: CascadeChoice | None) -> dict[Pattern, list[str]]:
    """The chosen patterns that train, each with the backbones it is tried with."""
    found: dict[Pattern, list[str]] = {}
    for name, pattern in cells:
        found.setdefault(pattern, []).append(name)
    if cascade is not None and cascade.is_trained:
        found[Pattern.CASCADE] = list(cascade.backbones)
    return found


def choose(bench: Workbench, dataset: Dataset, now: TrainAddress, tried: Mapping[Pattern, Sequence[str]]) -> None:
    """One tab per pattern that has hyperparameters, then repetitions and retraining.

    Args:
        tried: the patterns, each with the backbones it is tried with.
    """
    chosen = bool(now.settings or now.depths or now.fits or now.repetitions > 1 or now.force)
    with st.expander("Hyperparameters", icon=":material/tune:", key="train.hyperparameters", expanded=chosen):
        _repetitions(now)
        _fits(now)
        forms = [_Form(bench, dataset, now, pattern, tuple(tried[pattern])) for pattern in PATTERNS if pattern in tried]
        forms = [form for form in forms if form.names]
        if not forms:
            st.caption("The chosen patterns have no hyperparameters: nothing is trained.")
            return
        for tab, form in zip(st.tabs([PATTERNS[form.pattern].short for form in forms]), forms, strict=True):
            with tab, st.container(key=f"fields-{form.pattern}"):
                form.draw()


def _repetitions(now: TrainAddress) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Repetitions", 1, 50, width=160,
            help="Train every recipe with this many consecutive seeds, to measure the variance.",
            **address.bound("train.repeat", min(now.repetitions, 50), lambda now, many: replace(now, repetitions=many)),
        )  # fmt: skip
        st.toggle(
            "Retrain even if a result exists",
            help="Trains a further repetition (the next seed) instead of reusing, resuming or extending a run.",
            **address.bound("train.force", now.force, lambda now, force: replace(now, force=force)),
        )


def _fits(now: TrainAddress) -> None:
    label = HYPERPARAMETERS["fit"]
    st.pills(
        label.title, list(Fit), selection_mode="multi", format_func=FITS.__getitem__,
        help=f"{label.description} One run per value. With none ticked {in_text(FITS[SUGGESTED_FIT])}, or what your "
        "model was trained with.",
        **address.bound("train.fit", list(now.fits), lambda now, some: replace(now, fits=tuple(some))),
    )  # fmt: skip


_CHOSEN_ELSEWHERE = ("input_size", "fit")
"""Of backbones, input sizes and fits are chosen for all patterns together."""


@dataclass(frozen=True)
class _Form:
    """The fields of one pattern."""

    bench: Workbench
    dataset: Dataset
    now: TrainAddress
    pattern: Pattern
    backbones: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The hyperparameters that have a field here; those chosen elsewhere only where the address has them."""
        there = self.now.settings.get(self.pattern, {})
        elsewhere: tuple[str, ...] = () if self.pattern is Pattern.CASCADE else _CHOSEN_ELSEWHERE
        elsewhere += () if self._pooling_matters() else ("pooling",)
        return [name for name in RELEVANT[self.pattern] if name not in elsewhere or name in there]

    def _pooling_matters(self) -> bool:
        """Whether one of the backbones is a network of tokens, or pools in a way of its own."""
        with suppress(NotFound, InvalidInput):
            rows = map(self.bench.backbone, self.backbones)
            return any(one.tokens or one.own_pooling for one in rows)
        return False

    def draw(self) -> None:
        usual = asdict(self.bench.defaults(self.dataset.id, self.pattern, next(iter(self.backbones), None)))
        reasons = reasons_of(self.pattern)
        if "depth" in self.names and self.backbones:
            self._depths(usual["depth"], reasons.get("depth", ""))
        for name in (name for name in self.names if name != "depth"):
            self._field(name, usual[name], reasons.get(name, ""))

    def _depths(self, usual: int, reason: str) -> None:
        """One depth, several, or all."""
        backbones = [self.bench.backbone(name) for name in self.backbones]
        possible = sorted({depth for one in backbones for depth in depths(self.pattern, one.blocks)})
        chosen = self.now.depths.get(self.pattern, (usual,))
        title, help_ = hyperparameter_label(self.pattern, "depth")
        st.multiselect(
            title, possible, disabled=chosen == "all", help=f"{help_} One run per value. {reason}".strip(),
            **address.bound(
                f"train.depth.{self.pattern}",
                [depth for depth in possible if chosen == "all" or depth in chosen],
                lambda now, some: now.with_depths(self.pattern, _or_usual(tuple(sorted(some)), usual)),
            ),
        )  # fmt: skip
        st.toggle(
            "All depths",
            help=f"Depth sweep: one run for each of up to {len(possible)} depths of a backbone, to compare accuracy "
            "and cost.",
            **address.bound(
                f"train.depth.{self.pattern}.all",
                chosen == "all",
                lambda now, all_: now.with_depths(self.pattern, "all" if all_ else None),
            ),
        )

    def _field(self, name: str, usual: Any, reason: str) -> None:
        title, help_ = hyperparameter_label(self.pattern, name)
        help_ = plain_help(help_, usual, reason)
        shown = self.now.settings.get(self.pattern, {}).get(name, usual)
        bound = partial(address.bound, f"train.{name}.{self.pattern}")
        change = _change(self.pattern, name, usual)
        if name == "input_size":  # empty for the size of every backbone, which is 0 in a recipe
            own = own_sizes(self.bench, self.backbones)
            help_ = plain_help(hyperparameter_label(self.pattern, name).description, own, reason)
            st.number_input(title, value=None, step=1, placeholder=own, help=help_, **bound(shown or None, change))
        elif isinstance(usual, bool):
            st.checkbox(title, help=help_, **bound(bool(shown), change))
        elif isinstance(usual, StrEnum):
            st.selectbox(title, CHOICES[name], format_func=value_text, help=help_, **bound(shown, change))
        else:
            st.number_input(title, value=usual, help=help_, **_steps(name), **bound(shown, change))


def _change(pattern: Pattern, name: str, usual: Any) -> Callable[[TrainAddress, Any], TrainAddress]:
    """A default, or an emptied field, is left out of the URL."""
    return lambda now, value: now.with_setting(pattern, name, None if value == usual else value)


def _or_usual(chosen: tuple[int, ...], usual: int) -> tuple[int, ...] | None:
    return None if chosen in ((), (usual,)) else chosen


def plain_help(help_: str, usual: Any, reason: str) -> str:
    """What the hyperparameter does, its default for this dataset (a value, or its text), and why."""
    default = usual if isinstance(usual, str) and not isinstance(usual, StrEnum) else value_text(usual)
    return " ".join(part for part in (help_, f"Default: {default}.", plain(reason)) if part)


def _steps(name: str) -> dict[str, Any]:
    if isinstance(BOUNDS[name][0], int):
        return {"step": 1}
    return {"step": 1e-4 if "rate" in name and name != "rate_decay" else 0.05, "format": "%g"}
