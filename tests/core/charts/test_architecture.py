"""Cost, parameters and feature maps of a backbone's blocks."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.charts.architecture import architecture_chart
from core.errors import InvalidInput

LITE0 = get("efficientnet_lite0")


def test_every_block_has_a_bar_for_cost_and_parameters_and_a_point_for_its_map():
    chart = architecture_chart(LITE0)
    cost, parameters, sides = chart.figure.data
    assert list(cost.x) == list(parameters.x) == list(sides.x) == list(LITE0.blocks)
    assert sum(cost.y) == pytest.approx(100) and sum(parameters.y) == pytest.approx(100)
    assert list(sides.y) == [shape[0] for shape in LITE0.block_shapes]
    assert cost.y[0] == pytest.approx(100 * 10838016 / 383907552)
    assert "112 x 112 x 32" in cost.customdata[0][2]
    assert [note.text for note in chart.figure.layout.annotations] == [
        "Multiply-adds (% of all)", "Parameters (% of all)", "Side of the feature map (positions)",
    ]  # fmt: skip


def test_the_title_says_what_the_top_half_is():
    work, held = sum(LITE0.block_multiply_adds[9:]), sum(LITE0.block_parameters[9:])
    assert architecture_chart(LITE0).title == (
        f"The top 9 of 18 blocks do {100 * work / LITE0.multiply_adds:.0f} % of the work and hold "
        f"{100 * held / LITE0.parameters:.0f} % of the parameters"
    )


def test_a_network_of_tokens_has_no_map_that_shrinks():
    tokens = replace(LITE0, block_shapes=((257, 384),) * 18)
    chart = architecture_chart(tokens)
    assert len(chart.figure.data) == 2 and chart.caption.endswith("The blocks output 257 tokens x 384.")


def test_the_rows_are_the_blocks():
    row = architecture_chart(LITE0).rows()[0]
    assert row["block"] == "stem" and row["parameters"] == 992 and row["output_shape"] == "112 x 112 x 32"


@pytest.mark.parametrize("backbone", catalogue(), ids=lambda one: one.name)
def test_every_network_of_the_catalogue_can_be_drawn(backbone):
    assert len(architecture_chart(backbone).figure.data) == 3


def test_costs_that_nobody_counted_are_not_drawn():
    with pytest.raises(InvalidInput, match="cost of the blocks was not counted"):
        architecture_chart(replace(LITE0, block_multiply_adds=()))
