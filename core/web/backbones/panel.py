"""One backbone: what it is, its results here, its architecture by blocks, what it needs, allows and comes from."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.backbones.blocks import BlockFacts, blocks_of, shape_words
from core.backbones.inputs import with_input
from core.backbones.values import Availability, Backbone
from core.charts.architecture import architecture_chart
from core.recipes.allowed import refused_patterns
from core.recipes.patterns import Pattern
from core.text.units import amount, count, magnitude, percent, plain
from core.web.backbones import facts, origin, results
from core.web.parts.charts import titled
from core.web.parts.tables import number, table
from core.web.parts.widgets import heading, metrics, page_link
from core.web.train.address import LETTERS
from core.workbench import Workbench


def show(bench: Workbench, backbone: Backbone, state: Availability) -> None:
    heading(plain(backbone.title), facts.what_it_is(backbone, state))
    _actions(backbone)
    _figures(backbone)
    results.show(bench, backbone)
    _architecture(backbone)
    left, right = st.columns(2, gap="medium")
    with left:
        st.header("Input", anchor=False)
        st.markdown(" ".join(facts.input_needs(backbone)))
        st.header("Patterns", anchor=False)
        st.markdown("  \n".join(facts.patterns(backbone)))
    with right:
        st.header("Weights", anchor=False)
        st.markdown("\n".join(f"- {line}" for line in facts.weights(backbone, state)))
    if backbone.is_added:
        origin.show(bench, bench.registry.added_backbone(backbone.name))


def _actions(backbone: Backbone) -> None:
    """The next step."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Train with it", type="primary", icon=":material/model_training:", key="backbone.train"):
            st.switch_page("pages/train.py", query_params=train_query(backbone))
        if backbone.is_trained:
            page_link("runs", "Its run", run=backbone.name)
            page_link("models", "Models")
        page_link("backbones", "All backbones")


def train_query(backbone: Backbone) -> dict[str, str]:
    """The address of Train with this backbone and its cheapest pattern ticked."""
    refused = refused_patterns(backbone)
    pattern = next(one for one in (Pattern.INTEGRATED_EXTRACTOR, *LETTERS) if one not in refused)
    return {"start": "custom", "try": f"{backbone.name}.{LETTERS[pattern]}"}


def _chosen_size(backbone: Backbone) -> int:
    """The input size whose cost is shown: the backbone's own, or the suggested larger one."""
    larger = facts.suggested_size(backbone)
    if larger is None:
        return backbone.input_size
    size = st.segmented_control(
        "Input size (px)", [backbone.input_size, larger], default=backbone.input_size, required=True, key="size",
        bind="query-params", width="content",
        help="Cost and feature maps are those at this size.",
    )  # fmt: skip
    return int(size or backbone.input_size)


def _figures(backbone: Backbone) -> None:
    top1 = percent(backbone.top1) if backbone.top1 is not None else facts.NOT_KNOWN
    work = magnitude(backbone.multiply_adds) if backbone.multiply_adds else facts.NOT_KNOWN
    metrics(
        "backbone",
        ("Parameters", magnitude(backbone.parameters), "Weights of the backbone without its ImageNet classifier."),
        ("Multiply-adds", work, f"Of one photo of {backbone.input_size} px, without the ImageNet classifier."),
        ("Features", amount(backbone.feature_size), "Length of the vector that a head gets for every photo."),
        ("Blocks", amount(len(backbone.blocks)), "Places where the backbone can be cut."),
        ("ImageNet top-1", top1, "As published. It does not say how accurate a model of your photos is."),
    )


def _architecture(backbone: Backbone) -> None:
    st.header("Architecture", anchor=False)
    backbone = with_input(backbone, _chosen_size(backbone))
    blocks = blocks_of(backbone)
    if backbone.block_multiply_adds:
        chart = architecture_chart(backbone)
        alt = f"Share of the multiply-adds and of the parameters of each of the {count(len(blocks), 'block')}"
        titled(chart, key="backbone.architecture", alt=alt)
        work = f"One photo of {backbone.input_size} px takes {magnitude(backbone.multiply_adds)} multiply-adds."
        st.caption(f"{chart.caption} {work}")
    else:
        st.caption("Cost and parameters of its blocks were not counted.")
    st.caption(
        f"It can be cut after each of its {count(len(blocks), 'block')}: what is below a cut stays frozen and is "
        "computed once per photo, what is above it is trained or left out."
    )
    with st.expander("Blocks as a table", icon=":material/table_rows:", key="backbone.blocks"):
        _blocks(blocks)


_FORMATS: dict[str, Callable[[Any], str]] = {
    "parameters": amount, "parameters_share": percent, "cost": amount, "cost_share": percent, "from_here": percent,
}  # fmt: skip


def _blocks(blocks: list[BlockFacts]) -> None:
    table(
        [
            {
                "number": block.number,
                "name": block.name,
                "shape": shape_words(block.shape),
                "parameters": block.parameters,
                "parameters_share": block.parameters_share,
                "cost": block.multiply_adds,
                "cost_share": block.cost_share,
                "from_here": block.cost_from_here,
            }
            for block in blocks
        ],
        key="backbone.table",
        formats=_FORMATS,
        columns={
            "number": number("#", "Counted from the input."),
            "name": st.column_config.TextColumn("Block", help="Also the name of the cut after it."),
            "shape": st.column_config.TextColumn(
                "Output", help="Height x width x channels of one photo, or tokens x channels."
            ),
            "parameters": number("Parameters", "Weights of this block."),
            "parameters_share": number("of all", "Share of all parameters."),
            "cost": number("Multiply-adds", "Of one photo, in this block."),
            "cost_share": number("of the work", "Share of all multiply-adds."),
            "from_here": number(
                "Trained from here", "Share of the multiply-adds in this block and all above it: what is computed in "
                "every epoch when this block and those above it are trained."
            ),
        },
    )  # fmt: skip
