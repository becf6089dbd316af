"""The architecture of a backbone by blocks: what each one outputs, holds and costs."""

from dataclasses import dataclass

from core.backbones.values import Backbone


@dataclass(frozen=True, kw_only=True)
class BlockFacts:
    """One block of a backbone.

    Args:
        name: of the block, and of the cut after it. number: counted from 1 at the input.
        shape: of its output: (height, width, channels), or (tokens, channels); () where unknown.
        parameters, multiply_adds: of the block; None where nobody counted them.
        parameters_share, cost_share: of the whole backbone's, 0..1.
        cost_from_here: share of the multiply-adds of this block and all above it, 0..1: what is computed in every
            epoch when the block is the lowest that is trained.
    """

    name: str
    number: int
    shape: tuple[int, ...]
    parameters: int | None
    multiply_adds: int | None
    parameters_share: float | None
    cost_share: float | None
    cost_from_here: float | None


def blocks_of(backbone: Backbone) -> list[BlockFacts]:
    """All blocks, from input to output."""
    parameters, costs = backbone.block_parameters, backbone.block_multiply_adds
    all_parameters, all_costs = sum(parameters), sum(costs)
    return [
        BlockFacts(
            name=name,
            number=place + 1,
            shape=backbone.block_shapes[place] if backbone.block_shapes else (),
            parameters=parameters[place] if parameters else None,
            multiply_adds=costs[place] if costs else None,
            parameters_share=parameters[place] / all_parameters if all_parameters else None,
            cost_share=costs[place] / all_costs if all_costs else None,
            cost_from_here=sum(costs[place:]) / all_costs if all_costs else None,
        )
        for place, name in enumerate(backbone.blocks)
    ]


def shape_words(shape: tuple[int, ...]) -> str:
    """``112 x 112 x 32``, ``257 tokens x 384``; ``not known`` of no shape."""
    if len(shape) == 2:
        return f"{shape[0]} tokens x {shape[1]}"
    return " x ".join(map(str, shape)) if shape else "not known"
