"""The recipes that a search may propose: backbone x pattern x input size x the hyperparameters that matter.

Which hyperparameters exist depends on the pattern, and which patterns on the backbone, so a recipe is asked for step by
step (Optuna's define-by-run, Akiba et al. 2019). All others keep Graft's defaults for the dataset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from core.backbones.inputs import larger_size
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.recipes.allowed import refused_patterns
from core.recipes.defaults import usual_for
from core.recipes.hyperparameters import Adapter, Hyperparameters, Solver
from core.recipes.patterns import TRAINS_TOP_BLOCKS, Pattern
from core.recipes.recipe import Recipe

PATTERNS = (
    Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.MULTI_LAYER_PROBE, Pattern.FINE_TUNING,
    Pattern.PARAMETER_EFFICIENT, Pattern.WEIGHT_INITIALIZATION,
)  # fmt: skip
"""Those that are searched. The pretrained classifier and training from scratch are controls, and cascades need runs."""

MOST_BACKBONES = 6
"""The cheapest ones, as the presets have them."""
LEFT_OUT, TRAINED, MOST_CUTS = 2, 4, 8
"""Blocks left out at the top at most; blocks trained at most; cuts of a multi-layer probe at most."""
SOLVERS = (Solver.LOGISTIC_REGRESSION, Solver.LINEAR_SVM)
RANKS, HIDDEN, SMOOTHING = (4, 8, 16), (0, 256), (0.0, 0.1)
RATES: dict[Pattern, tuple[float, float]] = {
    Pattern.INTEGRATED_EXTRACTOR: (3e-4, 1e-2),
    Pattern.FINE_TUNING: (3e-5, 1e-3),
    Pattern.PARAMETER_EFFICIENT: (1e-4, 3e-3),
    Pattern.WEIGHT_INITIALIZATION: (1e-4, 1e-3),
}
"""Learning rates, about a factor of three to ten around the defaults (``core.recipes.defaults``)."""


class Asker(Protocol):
    """What is asked of an Optuna trial."""

    def suggest_categorical(self, name: str, choices: Sequence[Any], /) -> Any: ...

    def suggest_float(self, name: str, low: float, high: float, /, *, log: bool = False) -> float: ...

    def suggest_int(self, name: str, low: int, high: int, /) -> int: ...


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What may be proposed for a dataset.

    Args:
        backbones: in an order that does not change while a study is kept.
    """

    dataset: Dataset
    backbones: Sequence[Backbone]

    def ask(self, trial: Asker) -> Recipe:
        """The recipe that a trial proposes.

        Raises:
            InvalidInput: its hyperparameters do not go together.
        """
        backbone = self._backbone(trial.suggest_categorical("backbone", [one.name for one in self.backbones]))
        patterns = patterns_of(backbone)
        name = "pattern" if patterns == PATTERNS else f"pattern of {backbone.name}"
        pattern = Pattern(trial.suggest_categorical(name, [str(one) for one in patterns]))
        hp = usual_for(self.dataset, pattern, backbone)
        if larger_size(backbone):
            hp = replace(hp, input_size=self._size(backbone, trial.suggest_categorical("larger input", (False, True))))
        hp = _ASKED[pattern](trial, hp, len(backbone.blocks))
        return Recipe(backbone=backbone.name, pattern=pattern, hyperparameters=hp)

    def answers(self, recipe: Recipe) -> dict[str, Any] | None:
        """The parameters of a trial that proposes this recipe; None where the space does not have it."""
        recorder = _Recorder(recipe, self)
        try:
            asked = self.ask(recorder)
        except (LookupError, ValueError):
            return None
        return recorder.params if asked == recipe else None

    def _backbone(self, name: str) -> Backbone:
        return next(one for one in self.backbones if one.name == name)

    @staticmethod
    def _size(backbone: Backbone, larger: bool) -> int:
        return (larger_size(backbone) or 0) if larger else 0


def patterns_of(backbone: Backbone) -> tuple[Pattern, ...]:
    """The searched patterns that a backbone allows."""
    refused = refused_patterns(backbone)
    return tuple(one for one in PATTERNS if one not in refused)


# --- the hyperparameters of a pattern ---


def _rate(trial: Asker, pattern: Pattern) -> float:
    """To two digits, so that names of runs can be read."""
    return float(f"{trial.suggest_float(f'{pattern}: learning rate', *RATES[pattern], log=True):.2g}")


def _head(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    pattern = Pattern.INTEGRATED_EXTRACTOR
    return replace(
        hp,
        learning_rate=_rate(trial, pattern),
        hidden_units=trial.suggest_categorical(f"{pattern}: hidden units", HIDDEN),
        dropout=trial.suggest_categorical(f"{pattern}: dropout", (0.0, 0.2, 0.5)),
        label_smoothing=trial.suggest_categorical(f"{pattern}: label smoothing", SMOOTHING),
        depth=_left_out(trial, pattern, blocks),
    )


def _left_out(trial: Asker, pattern: Pattern, blocks: int) -> int:
    return trial.suggest_int(f"{pattern}: blocks left out", 0, max(0, min(LEFT_OUT, blocks - 1)))


def _classic(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    pattern = Pattern.STANDALONE_EXTRACTOR
    solver = Solver(trial.suggest_categorical(f"{pattern}: solver", [str(one) for one in SOLVERS]))
    return replace(hp, solver=solver, depth=_left_out(trial, pattern, blocks))


def _probe(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    most = max(2, min(MOST_CUTS, blocks))
    return replace(hp, cuts=trial.suggest_int(f"{Pattern.MULTI_LAYER_PROBE}: cuts", 2, most))


def _fine_tuning(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    return _top_blocks(trial, Pattern.FINE_TUNING, hp, blocks)


def _top_blocks(trial: Asker, pattern: Pattern, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    assert pattern in TRAINS_TOP_BLOCKS
    return replace(
        hp,
        fine_tuning_rate=_rate(trial, pattern),
        depth=trial.suggest_int(f"{pattern}: blocks", 1, max(1, min(TRAINED, blocks))),
        label_smoothing=trial.suggest_categorical(f"{pattern}: label smoothing", SMOOTHING),
    )


def _adapters(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    pattern = Pattern.PARAMETER_EFFICIENT
    adapter = Adapter(trial.suggest_categorical(f"{pattern}: adapter", [str(one) for one in Adapter]))
    hp = _top_blocks(trial, pattern, replace(hp, adapter=adapter), blocks)
    return replace(hp, rank=trial.suggest_categorical(f"{pattern}: rank", RANKS)) if adapter is Adapter.LORA else hp


def _whole_network(trial: Asker, hp: Hyperparameters, blocks: int) -> Hyperparameters:
    return replace(hp, learning_rate=_rate(trial, Pattern.WEIGHT_INITIALIZATION))


_ASKED = {
    Pattern.INTEGRATED_EXTRACTOR: _head,
    Pattern.STANDALONE_EXTRACTOR: _classic,
    Pattern.MULTI_LAYER_PROBE: _probe,
    Pattern.FINE_TUNING: _fine_tuning,
    Pattern.PARAMETER_EFFICIENT: _adapters,
    Pattern.WEIGHT_INITIALIZATION: _whole_network,
}


class _Recorder:
    """Answers as a known recipe has it, and keeps the answers."""

    _FIELDS: Mapping[str, str] = {
        "hidden units": "hidden_units", "dropout": "dropout", "label smoothing": "label_smoothing", "solver": "solver",
        "blocks left out": "depth", "blocks": "depth", "cuts": "cuts", "adapter": "adapter", "rank": "rank",
    }  # fmt: skip
    _RATES: Mapping[Pattern, str] = dict.fromkeys(TRAINS_TOP_BLOCKS, "fine_tuning_rate")

    def __init__(self, recipe: Recipe, space: SearchSpace) -> None:
        self._recipe, self._space = recipe, space
        self.params: dict[str, Any] = {}

    def _value(self, name: str) -> Any:
        recipe, hp = self._recipe, self._recipe.hyperparameters
        if name == "backbone":
            return recipe.backbone
        if name.startswith("pattern"):
            return str(recipe.pattern)
        if name == "larger input":
            return hp.input_size != 0
        field = name.partition(": ")[2]
        if field == "learning rate":
            return getattr(hp, self._RATES.get(recipe.pattern, "learning_rate"))
        value = getattr(hp, self._FIELDS[field])
        return str(value) if isinstance(value, str) else value

    def suggest_categorical(self, name: str, choices: Sequence[Any], /) -> Any:
        value = self._value(name)
        if value not in choices:
            raise ValueError(name)
        return self.params.setdefault(name, value)

    def suggest_float(self, name: str, low: float, high: float, /, *, log: bool = False) -> float:
        return float(self._within(name, low, high))

    def suggest_int(self, name: str, low: int, high: int, /) -> int:
        return int(self._within(name, low, high))

    def _within(self, name: str, low: float, high: float) -> Any:
        value = self._value(name)
        if not low <= value <= high:
            raise ValueError(name)
        return self.params.setdefault(name, value)
