"""The values that sections are made of."""

import pytest

from core.charts import Chart
from core.charts.look import figure as plotly_figure
from core.reporting.parts import Column, Table, figure, report_chart, signed_points


def test_every_row_of_a_table_has_a_cell_per_column():
    with pytest.raises(AssertionError, match="Counts"):
        Table(columns=[Column("a"), Column("b")], rows=[["1"]], caption="Counts")


def test_what_the_report_says_stands_before_the_caption_of_the_chart():
    chart = Chart(figure=plotly_figure([], revision="x"), title="t", caption="How to read it.", rows=list)
    assert report_chart("key", chart).caption == "How to read it."
    assert report_chart("key", chart, before="Of Lite1.").caption == "Of Lite1. How to read it."


def test_figures_have_three_digits_and_differences_a_sign():
    assert (figure(0.12345), figure(None)) == ("0.123", "–")
    assert (signed_points(0.042), signed_points(-0.01)) == ("+4.2", "−1.0")
