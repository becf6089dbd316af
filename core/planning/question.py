"""What a check of a plan examines, and how it says what it found."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.planning.decide import Concern, Level, Plan
from core.planning.resources import ResourceEstimate
from core.recipes.recipe import Recipe
from core.recipes.remedy import Remedy
from core.registry import Registry
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a check examines.

    Args:
        plan: with its estimates; backbones: of the recipe, by name.
        resources: of another recipe in its place.
        largest_memory: bytes of the largest machine that trains; None where this one does, 0 where it is not known.
    """

    plan: Plan
    dataset: Dataset
    backbones: Mapping[str, Backbone]
    registry: Registry
    settings: Settings
    resources: Callable[[Recipe], ResourceEstimate]
    largest_memory: int | None = None

    @property
    def recipe(self) -> Recipe:
        return self.plan.recipe


def refuse(sentence: str, *remedies: Remedy) -> Concern:
    """It cannot be done. The planner offers those of ``remedies`` after which it can."""
    return Concern(level=Level.REFUSE, sentence=sentence, remedies=remedies)


def ask(sentence: str, *remedies: Remedy) -> Concern:
    """It must be confirmed."""
    return Concern(level=Level.ASK, sentence=sentence, remedies=remedies)


def note(sentence: str, *remedies: Remedy) -> Concern:
    """It is good to know."""
    return Concern(level=Level.NOTE, sentence=sentence, remedies=remedies)
