"""What was chosen for a grid and means nothing for some of its recipes."""

from collections.abc import Sequence

from core.planning.decide import Concern
from core.planning.presets import Preset
from core.planning.question import note
from core.recipes.grid import GridChoice, InvalidCell
from core.recipes.hyperparameters import RELEVANT
from core.recipes.labels import PATTERNS, in_text
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.text.units import count, listed


def ignored(choice: GridChoice | Preset, recipes: Sequence[Recipe | InvalidCell]) -> tuple[Concern, ...]:
    """A note for every hyperparameter that was chosen for recipes which do not use it.

    Args:
        recipes: of ``choice``.
    """
    if isinstance(choice, Preset):
        return ()
    found = [_sentence(name, recipes, patterns) for name, patterns in _chosen(choice).items()]
    found += [_switched_off(name, choice, recipes) for name in _SWITCHES]
    found.append(_poolings(choice, recipes))
    return tuple(note(sentence) for sentence in found if sentence)


_SWITCHES = {"rank": "LoRA", "full_search": "a linear classifier"}
"""Hyperparameters without effect where another one has other values, and what they need."""


def _switched_off(name: str, choice: GridChoice, recipes: Sequence[Recipe | InvalidCell]) -> str:
    """``rank has no effect without LoRA; it is ignored for 1 of 3 recipes.``; "" where it was not chosen or has one."""
    patterns = _chosen(choice).get(name, set())
    off = [
        one
        for one in recipes
        if isinstance(one, Recipe) and one.pattern in patterns and _uses(one, name) and name not in one.used
    ]
    if not off:
        return ""
    return (
        f"{name} has no effect without {_SWITCHES[name]}; it is ignored for {len(off)} of "
        f"{count(len(recipes), 'recipe')}."
    )


def _poolings(choice: GridChoice, recipes: Sequence[Recipe | InvalidCell]) -> str:
    """Recipes whose backbone keeps its own pooling although another was chosen."""
    chosen = {pattern: settings["pooling"] for pattern, settings in choice.settings.items() if "pooling" in settings}
    kept = [
        one
        for one in recipes
        if isinstance(one, Recipe)
        and _uses(one, "pooling")
        and one.hyperparameters.pooling != chosen.get(one.pattern, one.hyperparameters.pooling)
    ]
    if not kept:
        return ""
    return (
        f"pooling is ignored for {len(kept)} of {count(len(recipes), 'recipe')}, whose backbone has no tokens or pools "
        "that way by itself."
    )


def _chosen(choice: GridChoice) -> dict[str, set[Pattern]]:
    """The patterns that every hyperparameter was chosen for."""
    found: dict[str, set[Pattern]] = {}
    for pattern, settings in choice.settings.items():
        for name in settings:
            found.setdefault(name, set()).add(pattern)
    if choice.depths:
        found.setdefault("depth", set()).update(choice.depths)
    return found


def _sentence(name: str, recipes: Sequence[Recipe | InvalidCell], patterns: set[Pattern]) -> str:
    """``head_epochs applies to fine-tuning only; it is ignored for 3 of 9 recipes.``; "" where all use it."""
    without = [one for one in recipes if one.pattern in patterns and not _uses(one, name)]
    if not without:
        return ""
    users = dict.fromkeys(one.pattern for one in recipes if _uses(one, name))
    titles = [in_text(PATTERNS[pattern].short) for pattern in users]
    applies = f"applies to {listed(titles, len(titles))} only" if users else "applies to none of these patterns"
    return f"{name} {applies}; it is ignored for {len(without)} of {count(len(recipes), 'recipe')}."


def _uses(one: Recipe | InvalidCell, name: str) -> bool:
    combines = one.cascade is not None and one.cascade.combines_runs
    return name in RELEVANT[one.pattern] and not combines
