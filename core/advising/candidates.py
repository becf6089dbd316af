"""What a shortlist chooses from: backbones x input sizes x cuts x the patterns of which a probe can tell something."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

from core.backbones import catalogue, is_here
from core.backbones.inputs import larger_size, with_input
from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.errors import InvalidInput
from core.recipes.defaults import usual_for
from core.recipes.patterns import Pattern
from core.recipes.program import TOP, cuts_of, program_of
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.settings import Settings

MOST_BACKBONES = 12
"""Backbones that are probed at most, the cheapest ones."""

LEFT_OUT = (0, 1, 2)
"""Blocks left out at the top: the cuts that are probed."""


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """One recipe that a shortlist may name, and the features that its probe needs.

    Args:
        cuts: pooled, from input to output.
    """

    recipe: Recipe
    cuts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A backbone at one input size: what is scored in successive halving, with all of its entrants at once, because
    one pass over the photos gives the features of all cuts.

    Args:
        backbone: with that input.
    """

    backbone: Backbone
    entrants: tuple[Entrant, ...]

    @cached_property
    def cuts(self) -> tuple[str, ...]:
        """Of all entrants, each once, from input to output."""
        used = {cut for one in self.entrants for cut in one.cuts}
        return tuple(cut for cut in (*(f"{block}.pool" for block in self.backbone.blocks), TOP) if cut in used)


def contenders_of(dataset: Dataset, registry: Registry, settings: Settings) -> list[Contender]:
    """Those whose weights are on this machine, the cheapest pass first."""
    known = [*catalogue(), *(one.backbone for one in registry.added_backbones())]
    here = sorted((one for one in known if is_here(one, settings)), key=lambda one: (one.multiply_adds, one.name))
    found = [one for backbone in here[:MOST_BACKBONES] for one in _at_its_sizes(backbone, dataset)]
    return sorted(found, key=lambda one: (one.backbone.multiply_adds, one.backbone.name))


def left_out(registry: Registry, settings: Settings) -> int:
    """How many backbones that are on this machine are not probed, because they are too many."""
    known = [*catalogue(), *(one.backbone for one in registry.added_backbones())]
    return max(0, sum(is_here(one, settings) for one in known) - MOST_BACKBONES)


def _at_its_sizes(backbone: Backbone, dataset: Dataset) -> Iterator[Contender]:
    larger = larger_size(backbone)
    for size in (0, larger) if larger else (0,):
        entrants = tuple(_entrants(backbone, dataset, size))
        hp = usual_for(dataset, Pattern.STANDALONE_EXTRACTOR, backbone)
        yield Contender(backbone=with_input(backbone, size, hp.fit), entrants=entrants)


def _entrants(backbone: Backbone, dataset: Dataset, size: int) -> Iterator[Entrant]:
    depths = [depth for depth in LEFT_OUT if depth < max(1, len(backbone.blocks))]
    wanted = [(Pattern.STANDALONE_EXTRACTOR, depth) for depth in depths] + [(Pattern.MULTI_LAYER_PROBE, 0)]
    for pattern, depth in wanted:
        hp = replace(usual_for(dataset, pattern, backbone), input_size=size)
        hp = replace(hp, depth=depth) if pattern is Pattern.STANDALONE_EXTRACTOR else hp
        recipe = Recipe(backbone=backbone.name, pattern=pattern, hyperparameters=hp)
        with suppress(InvalidInput):  # a network with fewer blocks than cuts
            (part,) = program_of(recipe, backbone.blocks).inputs
            yield Entrant(recipe=recipe, cuts=cuts_of(part.cut))


def by_published(contenders: Sequence[Contender]) -> list[Contender]:
    """The highest published ImageNet accuracy first, each backbone at its own size before the larger one."""
    return sorted(contenders, key=lambda one: (-(one.backbone.top1 or 0.0), one.backbone.multiply_adds))


def by_parameters(contenders: Sequence[Contender]) -> list[Contender]:
    """The most parameters first, each backbone at its own size before the larger one."""
    return sorted(contenders, key=lambda one: (-one.backbone.parameters, one.backbone.multiply_adds))
