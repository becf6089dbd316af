"""The settings in which several recipes differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.recipes.labels import setting_title
from core.recipes.recipe import PARTS, Recipe


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One setting that differs between recipes.

    Args:
        name: as in ``Recipe`` or ``Hyperparameters``; title: as the page Train calls it.
        values: by run id, as text; None where a run's pattern does not use it.
    """

    name: str
    title: str
    values: Mapping[str, str | None]

    @property
    def in_text(self) -> str:
        """The title inside a sentence and on an axis."""
        return self.title[:1].lower() + self.title[1:]


def differing(recipes: Mapping[str, Recipe]) -> tuple[Difference, ...]:
    """The settings that are not the same in all recipes (by run id): their parts first, then hyperparameters.

    A hyperparameter that only some of the patterns use is not a difference by that alone: the patterns differ. That
    views differ with the seed is none where the seeds differ.
    """
    facts = {run_id: {name: _text(v) for name, v in recipe.settings().items()} for run_id, recipe in recipes.items()}
    names = dict.fromkeys(name for fact in facts.values() for name in fact)
    found = [
        Difference(
            name=name,
            title=setting_title(name),
            values={run_id: fact.get(name) for run_id, fact in facts.items()},
        )
        for name in names
    ]
    differ = {one.name: one for one in found if _differs(one)}
    if "seed" in differ:
        differ.pop("views_by_seed", None)
    return tuple(differ.values())


def _differs(one: Difference) -> bool:
    values = set(one.values.values())
    return len(values if one.name in PARTS else values - {None}) > 1


def _text(value: Any) -> str | None:
    """A setting as text: ``yes``, ``0.003``, ``r-1, r-2``, ``n02123045 = cat``; None where it is empty."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(one if isinstance(one, str) else f"{one[0]} = {one[1] or 'none'}" for one in value)
    return str(value)
