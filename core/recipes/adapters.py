"""How much of a backbone's top blocks fine-tuning trains, whole or in small parts, and why it cannot train any."""

from dataclasses import dataclass

from core.backbones.values import Adaptable, Backbone
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


def possible_depths(backbone: Backbone, adapter: Adapter | None) -> tuple[int, ...]:
    """The depths at which something in the top blocks is trained: by a kind, or (None) by plain fine-tuning; all where
    it was not counted."""
    depths = range(1, len(backbone.blocks) + 1)
    return tuple(depth for depth in depths if trains_something(backbone, adapter, depth))


def trains_something(backbone: Backbone, adapter: Adapter | None, depth: int) -> bool:
    """Whether the top blocks have something that a kind, or (None) plain fine-tuning, trains; True where it was not
    counted."""
    if adapter is not None:
        return not backbone.adaptable or adapter in possible_adapters(backbone, depth)
    counted = backbone.block_parameters[-depth:]
    adaptable = backbone.adaptable[-depth:] or (None,) * len(counted)
    return not counted or any(map(_is_fine_tuned, counted, adaptable))


def _is_fine_tuned(parameters: int, found: Adaptable | None) -> bool:
    """Whether a block has weights other than those of batch normalisation, which fine-tuning leaves frozen (Keras'
    guide to transfer learning); that has an offset and two averages for each channel, and maybe a scale."""
    if found is None or found.lora[0] or not found.bias[0]:
        return parameters > 0
    return parameters != found.norm[1] + 2 * found.bias[1]


_NEEDS: dict[Adapter | None, str] = {
    None: "no weights that fine-tuning trains (batch normalization stays as it is)",
    Adapter.LORA: "no dense layer and no convolution but depthwise ones",
    Adapter.NORM: "no normalization layer with a scale or an offset",
    Adapter.BIAS: "no layer with a bias or an offset",
}


def nothing_to_train(title: str, adapter: Adapter | None, depth: int) -> str:
    """Why a backbone cannot be fine-tuned in this way: by a kind, or (None) plainly."""
    blocks = f"top {count(depth, 'block')}" if depth > 1 else "top block"
    verb = "have" if depth > 1 else "has"
    if adapter is None:
        return (
            f"The {blocks} of {title} {verb} {_NEEDS[None]}, so only the head would learn. Choose more unfrozen blocks."
        )
    kind = in_text(ADAPTERS[adapter])
    return (
        f"The {blocks} of {title} {verb} {_NEEDS[adapter]}, so {kind} would train nothing (0 adapted layers). "
        "Choose other trained parts, or more unfrozen blocks."
    )
