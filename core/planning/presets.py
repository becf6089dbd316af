"""Presets: the recipes that Graft suggests for a dataset, by the time one has. Pure values, no registry.

The runs of a preset are in the order in which they are launched: cheap answers first, and runs of one backbone one
after the other, because they share its features and a trainer that is loaded already.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations
from typing import Any, NamedTuple

from core.backbones.inputs import larger_size
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.models.heads.mapping import mapped
from core.recipes.adapters import trains_something
from core.recipes.defaults import usual_for
from core.recipes.hyperparameters import RELEVANT, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe


class Preset(StrEnum):
    """How much is tried."""

    QUICK = "quick"
    THOROUGH = "thorough"
    OVERNIGHT = "overnight"


class PresetLabel(NamedTuple):
    """A title and one sentence that says what the preset does."""

    title: str
    description: str


PRESETS: dict[Preset, PresetLabel] = {
    Preset.QUICK: PresetLabel(
        "Quick",
        "A first comparison on one small backbone: the pretrained classifier, k nearest neighbours and a new head.",
    ),
    Preset.THOROUGH: PresetLabel(
        "Thorough",
        "Every backbone that is ready: a new head, scikit-learn and fine-tuning, with a control from scratch; the most "
        "accurate one on ImageNet at a larger input size too.",
    ),
    Preset.OVERNIGHT: PresetLabel(
        "Overnight",
        "Thorough, and all backbones at a larger input size, more depths, repetitions with other seeds, full "
        "fine-tuning and fusions of backbones.",
    ),
}

MOST_BACKBONES = 6
"""Backbones of a preset at most, the cheapest ones: with all of the catalogue downloaded a plan would take days."""

SUFFICIENT_TOP1 = 0.7
"""ImageNet accuracy from which the cheapest backbone is the first choice. SqueezeNet (58 %) takes 6.7 instead of
Lite0's 9.4 ms of CPU for a photo, but a linear probe of it has 75.5 instead of 82.6 % on photos of clothing."""

SEEDS = 3
"""Seeds of the leading recipes overnight: the fewest that show a spread."""

FINE_TUNING_DEPTHS = (1, 2, 4)
"""Unfrozen blocks that are tried overnight; 2 is the default."""

REMOVED_BLOCKS = (1, 2)
"""Blocks removed from the top that are tried overnight besides 0."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a preset depends on.

    Args:
        backbones: of the catalogue whose weights are on this machine. gpu: whether a GPU trains.
        leading: recipes of finished runs of this dataset, the best on the validation photos first.
    """

    dataset: Dataset
    backbones: Sequence[Backbone]
    gpu: bool = False
    leading: Sequence[Recipe] = ()

    @property
    def cheapest_first(self) -> list[Backbone]:
        """At most ``MOST_BACKBONES``."""
        return sorted(self.backbones, key=lambda one: (one.multiply_adds, one.name))[:MOST_BACKBONES]

    @property
    def first(self) -> list[Backbone]:
        """The cheapest that is accurate on ImageNet, else the cheapest; none where no backbone is ready."""
        accurate = [one for one in self.cheapest_first if (one.top1 or 0.0) >= SUFFICIENT_TOP1]
        return (accurate or self.cheapest_first)[:1]

    @property
    def most_accurate(self) -> list[Backbone]:
        """The one of the highest published ImageNet accuracy; none where no backbone is ready."""
        return sorted(self.cheapest_first, key=lambda one: -(one.top1 or 0.0))[:1]

    def recipe(self, backbone: Backbone, pattern: Pattern, **changed: Any) -> Recipe:
        """With the defaults for this dataset where nothing is ``changed``."""
        return Recipe(
            backbone=backbone.name,
            pattern=pattern,
            hyperparameters=replace(usual_for(self.dataset, pattern, backbone), **changed),
        )


def recipes_of_preset(preset: Preset, situation: Situation) -> list[Recipe]:
    """The recipes, each once, in the order in which they are launched; none where no backbone is ready."""
    return list(dict.fromkeys(_RECIPES[preset](situation)))


def _quick(situation: Situation) -> Iterator[Recipe]:
    """One pass of the photos through a small network is enough for k nearest neighbours and the head."""
    for backbone in situation.first:
        if len(mapped(situation.dataset.class_names).unmapped) < len(situation.dataset.class_names):
            yield situation.recipe(backbone, Pattern.CLASSIFIER)
        yield situation.recipe(backbone, Pattern.STANDALONE_EXTRACTOR, solver=Solver.K_NEAREST_NEIGHBOURS)
        yield situation.recipe(backbone, Pattern.INTEGRATED_EXTRACTOR)


def _thorough(situation: Situation) -> Iterator[Recipe]:
    """What needs features only, backbone by backbone; then fine-tuning; then the control, which takes longest.

    On clothing the larger input of the most accurate backbone is the best single run (docs/results.md), and costs a
    fraction of the fine-tuning; the larger inputs of all cost more than half of it, which is for a night.
    """
    yield from _quick(situation)
    for backbone in situation.cheapest_first:
        yield from _frozen(situation, backbone, 0)
    yield from _larger(situation, situation.most_accurate)
    for backbone in situation.cheapest_first:
        yield situation.recipe(backbone, Pattern.FINE_TUNING)
    for backbone in situation.first:
        yield situation.recipe(backbone, Pattern.FROM_SCRATCH)


def _overnight(situation: Situation) -> Iterator[Recipe]:
    """On the CPU only one small backbone is trained whole: an epoch takes minutes there."""
    yield from _thorough(situation)
    yield from _larger(situation, situation.cheapest_first)
    whole = situation.cheapest_first if situation.gpu else situation.first
    for backbone in situation.cheapest_first:
        blocks = len(backbone.blocks)
        for depth in REMOVED_BLOCKS:
            if depth < blocks:
                yield situation.recipe(backbone, Pattern.INTEGRATED_EXTRACTOR, depth=depth)
        for depth in FINE_TUNING_DEPTHS:
            if depth <= blocks and trains_something(backbone, None, depth):
                yield situation.recipe(backbone, Pattern.FINE_TUNING, depth=depth)
    yield from _fusions(situation)
    yield from (_with_seed(recipe, seed) for recipe in _leading(situation) for seed in range(SEEDS))
    for backbone in whole:
        yield situation.recipe(backbone, Pattern.WEIGHT_INITIALIZATION)


def _frozen(situation: Situation, backbone: Backbone, input_size: int) -> Iterator[Recipe]:
    """A new head and scikit-learn on one pass of the photos."""
    for pattern in (Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR):
        yield situation.recipe(backbone, pattern, input_size=input_size)


def _larger(situation: Situation, backbones: Sequence[Backbone]) -> Iterator[Recipe]:
    """At the suggested larger input size, where a backbone has one."""
    for backbone in backbones:
        if larger := larger_size(backbone):
            yield from _frozen(situation, backbone, larger)


def _fusions(situation: Situation) -> Iterator[Recipe]:
    """Every pair of backbones: their features are there already, so each costs a head."""
    for one, other in combinations(situation.cheapest_first, 2):
        yield Recipe(
            backbone=one.name,
            pattern=Pattern.CASCADE,
            cascade=Cascade.FUSION,
            members=(other.name,),
            hyperparameters=situation.recipe(one, Pattern.INTEGRATED_EXTRACTOR).hyperparameters,
        )


def _leading(situation: Situation) -> list[Recipe]:
    """The two recipes to repeat: the best finished ones with a random part, else a new head and fine-tuning on the
    backbone of the highest published accuracy."""
    finished = [recipe for recipe in situation.leading if "seed" in RELEVANT[recipe.pattern] and not recipe.runs]
    if finished:
        return list(dict.fromkeys(_with_seed(recipe, 0) for recipe in finished))[:2]
    patterns = (Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING)
    return [situation.recipe(backbone, pattern) for backbone in situation.most_accurate for pattern in patterns]


def _with_seed(recipe: Recipe, seed: int) -> Recipe:
    return replace(recipe, views_by_seed=False, hyperparameters=replace(recipe.hyperparameters, seed=seed))


_RECIPES: dict[Preset, Callable[[Situation], Iterator[Recipe]]] = {
    Preset.QUICK: _quick,
    Preset.THOROUGH: _thorough,
    Preset.OVERNIGHT: _overnight,
}
