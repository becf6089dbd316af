"""The architecture of a backbone: cost, parameters and feature map of every block."""

from collections.abc import Sequence

import plotly.graph_objects as go

from core.backbones.blocks import BlockFacts, blocks_of, shape_words
from core.backbones.values import Backbone
from core.charts.chart import Chart
from core.charts.look import (
    ACCENT,
    GREY,
    HOVER,
    Trace,
    axis,
    bar,
    categories,
    distinct_labels,
    escape,
    figure,
    require_some,
    scatter,
)
from core.text.tables import Rows
from core.text.units import count, magnitude, percent

PARAMETERS = "#4890FC"
_PANEL, _GAP, _BELOW = 110, 34, 90
"""Pixels of a panel, of the title above it, and of the names of the blocks."""


def architecture_chart(backbone: Backbone) -> Chart:
    """Below each other, block by block from the input: share of the multiply-adds, share of the parameters, and the
    side of the feature map (not of a network of tokens, whose tokens stay the same).
    """
    blocks = [block for block in blocks_of(backbone) if block.cost_share is not None]
    require_some(blocks, "the cost of the blocks was not counted")
    return Chart(
        figure=_draw(blocks),
        title=_title(blocks),
        caption=_caption(blocks),
        rows=lambda: block_rows(backbone),
    )


def block_rows(backbone: Backbone) -> Rows:
    """One row per block, from the input."""
    return [
        {"block": block.name, "output_shape": shape_words(block.shape), "parameters": block.parameters}
        | {"multiply_adds": block.multiply_adds, "share_of_multiply_adds": block.cost_share}
        for block in blocks_of(backbone)
    ]


def _title(blocks: Sequence[BlockFacts]) -> str:
    """What the top half is: "The top 9 of 18 blocks do 59 % of the work and hold 90 % of the parameters"."""
    half = (len(blocks) + 1) // 2
    top = blocks[-half:]
    work, held = (
        sum(values) for values in zip(*((b.cost_share or 0, b.parameters_share or 0) for b in top), strict=True)
    )
    if half == len(blocks):
        return "One block does all of the work"
    share = f"do {_whole(work)} of the work and hold {_whole(held)} of the parameters"
    return f"The top {half} of {len(blocks)} blocks {share}"


def _whole(share: float) -> str:
    return f"{100 * share:.0f} %"


def _caption(blocks: Sequence[BlockFacts]) -> str:
    work = "Blocks from the input (left) to the output. Work is counted in multiply-adds. "
    if len(blocks[0].shape) == 2:
        return f"{work}The blocks output {shape_words(blocks[0].shape)}."
    return (
        f"{work}A feature map is a grid of positions: it shrinks from block to block, and what the network has seen at "
        "a position grows."
    )


def _draw(blocks: Sequence[BlockFacts]) -> go.Figure:
    names = distinct_labels([block.name for block in blocks], 16)
    panels = [
        ("Multiply-adds (% of all)", _bars(blocks, names, [b.cost_share or 0 for b in blocks], ACCENT)),
        ("Parameters (% of all)", _bars(blocks, names, [b.parameters_share or 0 for b in blocks], PARAMETERS)),
    ]
    if all(len(block.shape) == 3 for block in blocks):
        panels.append(("Side of the feature map (positions)", _sides(blocks, names)))
    return _stacked(panels, names)


def _bars(blocks: Sequence[BlockFacts], names: Sequence[str], shares: Sequence[float], colour: str) -> Trace:
    return bar(
        x=names,
        y=[100 * share for share in shares],
        marker={"color": colour},
        customdata=[[block.name, escape(block.name), _hover(block)] for block in blocks],
        hovertemplate=HOVER,
    )


def _sides(blocks: Sequence[BlockFacts], names: Sequence[str]) -> Trace:
    return scatter(
        x=names,
        y=[block.shape[0] for block in blocks],
        mode="lines+markers",
        line={"color": GREY, "width": 2, "shape": "hvh"},
        marker={"color": GREY, "size": 6},
        customdata=[[block.name, escape(block.name), _hover(block)] for block in blocks],
        hovertemplate=HOVER,
    )


def _hover(block: BlockFacts) -> str:
    return (
        f"{shape_words(block.shape)} · {magnitude(block.parameters)} parameters ({percent(block.parameters_share)}) · "
        f"{magnitude(block.multiply_adds)} multiply-adds ({percent(block.cost_share)})"
    )


def _stacked(panels: Sequence[tuple[str, Trace]], names: Sequence[str]) -> go.Figure:
    """Panels with one axis of blocks, each with its title above it."""
    height = len(panels) * (_PANEL + _GAP)
    traces, layout, titles = [], {}, []
    for place, (title, trace) in enumerate(panels):
        top = 1 - (place * (_PANEL + _GAP) + _GAP) / height
        number = "" if place == 0 else str(place + 1)
        traces.append(trace | {"xaxis": "x", "yaxis": f"y{number}"})
        layout[f"yaxis{number}"] = axis("", domain=[top - _PANEL / height, top], rangemode="tozero", nticks=4)
        titles.append(
            {"text": escape(title), "xref": "paper", "yref": "paper", "x": 0, "y": top, "xanchor": "left"}
            | {"yanchor": "bottom", "yshift": 6, "showarrow": False}
        )
    below = f"y{len(panels)}" if len(panels) > 1 else "y"
    return figure(
        traces,
        revision="architecture",
        height=height + _BELOW,
        xaxis=categories(names, anchor=below, nticks=30, title={"text": f"block ({count(len(names), 'block')})"}),
        annotations=titles,
        bargap=0.15,
        **layout,
    )
