"""What a run is called: "EfficientNet-Lite0 · fine-tuned top 2 blocks"."""

from collections.abc import Callable

from core.recipes.recipe import Cascade, Pattern, Recipe, Solver
from core.text.units import count

LONGEST = 120
"""Names of ensembles of ensembles would grow without end."""

SOLVERS: dict[Solver, str] = {
    Solver.LOGISTIC_REGRESSION: "logistic regression",
    Solver.LINEAR_SVM: "linear SVM",
    Solver.K_NEAREST_NEIGHBOURS: "nearest neighbours",
    Solver.GRADIENT_BOOSTING: "gradient boosting",
}


def name_of(recipe: Recipe, title_of: Callable[[str], str]) -> str:
    """The name of a run of ``recipe``; on a model of a run: "EfficientNet-Lite0 · new head, then linear SVM".

    Args:
        title_of: how a backbone (by its name) or a run (by its id) is called.
    """
    if recipe.cascade is not None:
        name = _CASCADES[recipe.cascade]([title_of(part) for part in (*recipe.backbones, *recipe.runs)])
    else:
        joint = ", then " if recipe.backbone.startswith("r-") else " · "
        name = f"{title_of(recipe.backbone)}{joint}{_PATTERNS[recipe.pattern](recipe)}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _without_top(recipe: Recipe) -> str:
    depth = recipe.hyperparameters.depth
    return f" without the top {count(depth, 'block') if depth > 1 else 'block'}" if depth else ""


def _fine_tuned(recipe: Recipe) -> str:
    depth = recipe.hyperparameters.depth
    return f"fine-tuned top {count(depth, 'block') if depth > 1 else 'block'}"


_PATTERNS: dict[Pattern, Callable[[Recipe], str]] = {
    Pattern.CLASSIFIER: lambda recipe: "as it is",
    Pattern.STANDALONE_EXTRACTOR: lambda recipe: f"{SOLVERS[recipe.hyperparameters.solver]}{_without_top(recipe)}",
    Pattern.INTEGRATED_EXTRACTOR: lambda recipe: f"new head{_without_top(recipe)}",
    Pattern.FINE_TUNING: _fine_tuned,
    Pattern.WEIGHT_INITIALIZATION: lambda recipe: "all layers trained",
    Pattern.FROM_SCRATCH: lambda recipe: "from scratch",
}

_CASCADES: dict[Cascade, Callable[[list[str]], str]] = {
    Cascade.FUSION: lambda names: f"Fusion of {_and(names)}",
    Cascade.STACKING: lambda names: f"{names[0]} stacked on {names[1]}",
    Cascade.CONFIDENCE: lambda names: f"{names[0]}, when unsure {names[1]}",
    Cascade.ENSEMBLE: lambda names: f"Ensemble of {_together(names)}",
}


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _together(names: list[str]) -> str:
    """What all were made by is said once: "Lite0, Lite1 and Lite2 · new head"."""
    parts = [name.partition(" · ") for name in names]
    made = {way for _, _, way in parts}
    if len(made) > 1 or "" in made:
        return _and(names)
    return f"{_and([network for network, _, _ in parts])} · {made.pop()}"
