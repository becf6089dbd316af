"""How much of a backbone parameter-efficient fine-tuning trains, and why it cannot train any of it."""

from dataclasses import dataclass

from core.backbones.values import Backbone
from core.recipes.hyperparameters import Adapter
from core.recipes.labels import ADAPTERS, in_text
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.text.units import count


@dataclass(frozen=True, kw_only=True)
class AdaptedParts:
    """What is trained inside the blocks, without the head: number of layers, and of their trained parameters."""

    layers: int
    parameters: int


def adapted_parts(recipe: Recipe, backbone: Backbone) -> AdaptedParts | None:
    """What the recipe trains in the top blocks of the backbone; None of other patterns, and where it was not counted
    (models of before 0.7)."""
    hp = recipe.hyperparameters
    if recipe.pattern is not Pattern.PARAMETER_EFFICIENT or not backbone.adaptable:
        return None
    found = [getattr(block, hp.adapter) for block in backbone.adaptable[-hp.depth :]]
    each = hp.rank if hp.adapter is Adapter.LORA else 1
    return AdaptedParts(layers=sum(layers for layers, _ in found), parameters=each * sum(n for _, n in found))


def possible_adapters(backbone: Backbone, depth: int) -> tuple[Adapter, ...]:
    """The kinds that find something to train in the top blocks."""
    return tuple(one for one in Adapter if any(getattr(block, one)[0] for block in backbone.adaptable[-depth:]))


def possible_depths(backbone: Backbone, adapter: Adapter) -> tuple[int, ...]:
    """The depths at which this kind finds something to train."""
    depths = range(1, len(backbone.adaptable) + 1)
    return tuple(depth for depth in depths if adapter in possible_adapters(backbone, depth))


_NEEDS = {
    Adapter.LORA: "no dense layer and no convolution but depthwise ones",
    Adapter.NORM: "no normalization layer with a scale or an offset",
    Adapter.BIAS: "no layer with a bias or an offset",
}


def nothing_to_train(title: str, adapter: Adapter, depth: int) -> str:
    """Why a backbone cannot be fine-tuned in this way: it would have 0 adapted layers."""
    blocks = f"top {count(depth, 'block')}" if depth > 1 else "top block"
    verb = "have" if depth > 1 else "has"
    kind = in_text(ADAPTERS[adapter])
    return (
        f"The {blocks} of {title} {verb} {_NEEDS[adapter]}, so {kind} would train nothing (0 adapted layers). "
        "Choose other trained parts, or more unfrozen blocks."
    )
