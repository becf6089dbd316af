"""Fewer points of a long line."""

from core.charts.thinning import thinned


def test_a_short_curve_is_drawn_as_it_is():
    assert thinned([1.0] * 200) == tuple(range(200))


def test_a_long_line_keeps_its_ends_and_extremes():
    values = [0.0] * 1000
    values[321], values[654] = 1.0, -1.0
    kept = thinned(values, keep=77, most=100)
    assert {0, 77, 321, 654, 999} <= set(kept)
    assert len(kept) <= 101
