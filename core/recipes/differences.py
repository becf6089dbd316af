"""Only what differs: the parts of several recipes that are not the same in all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.recipes.labels import setting_title
from core.recipes.recipe import RELEVANT, Recipe


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One part of the recipes.

    Args:
        name: as in ``Recipe`` or ``Hyperparameters``; title: as the page Train calls it.
        values: by run id, as text; None where a run's pattern does not look at it.
    """

    name: str
    title: str
    values: Mapping[str, str | None]

    @property
    def in_text(self) -> str:
        """Its title as it stands inside a sentence and on an axis."""
        return self.title[:1].lower() + self.title[1:]


def differing(recipes: Mapping[str, Recipe]) -> tuple[Difference, ...]:
    """What is not the same in all recipes (by run id): backbone, pattern and members first, then hyperparameters.

    That only some patterns look at a hyperparameter is no difference of its own: their patterns differ.
    """
    facts = {run_id: facts_of(recipe) for run_id, recipe in recipes.items()}
    names = dict.fromkeys(name for fact in facts.values() for name in fact)
    found = [
        Difference(
            name=name,
            title=setting_title(name),
            values={run_id: fact.get(name) for run_id, fact in facts.items()},
        )
        for name in names
    ]
    return tuple(one for one in found if _differs(one))


def _differs(one: Difference) -> bool:
    values = set(one.values.values())
    return len(values if one.name in _PARTS else values - {None}) > 1


_PARTS = frozenset({"backbone", "pattern", "cascade", "members", "mapping"})


def facts_of(recipe: Recipe) -> dict[str, str | None]:
    """All that counts in a recipe, flat, as text."""
    facts: dict[str, str | None] = {
        "backbone": recipe.backbone or None,
        "pattern": str(recipe.pattern),
        "cascade": None if recipe.cascade is None else str(recipe.cascade),
        "members": _listed(recipe.members),
        "mapping": _listed([f"{synset} = {name or 'none'}" for synset, name in recipe.mapping]),
    }
    if recipe.cascade is not None and recipe.cascade.combines_runs:
        return facts  # nothing is trained, so no number changes anything
    return facts | {name: _text(getattr(recipe.hyperparameters, name)) for name in RELEVANT[recipe.pattern]}


def _listed(words: Sequence[str]) -> str | None:
    return ", ".join(words) or None


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
