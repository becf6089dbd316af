"""The map of the test photos."""

import numpy as np
import pytest

from core.charts.embedding import Dot, drawn_rows, embedding_chart, map_dots
from tests.chart_values import EVIL, a_map

NAMES = ("boot", "hat", "shirt", "skirt")


def test_a_dot_says_where_a_photo_lies_what_it_shows_and_what_it_was_taken_for():
    first, second, *_ = map_dots(a_map(), NAMES)
    assert first == Dot(digest="p0", x=0.0, y=0.0, true="boot", predicted="hat")
    assert (first.right, second.right) == (False, True)


def test_errors_are_outlined_crosses_in_the_colour_of_the_true_class_on_top_of_the_others():
    traces = embedding_chart(a_map(), NAMES).figure.data
    errors = [trace for trace in traces if trace.marker.symbol == "x" and trace.customdata is not None]
    rights = [trace for trace in traces if trace.marker.symbol == "circle"]
    assert sum(len(trace.x) for trace in errors) == 8
    assert {trace.marker.line.width for trace in errors} == {1}
    assert {trace.marker.line.width for trace in rights} == {0}
    assert list(traces).index(errors[0]) > list(traces).index(rights[-1])
    assert errors[0].legendgroup == rights[0].legendgroup, "a click on the class hides its errors as well"


def test_a_click_on_a_dot_knows_the_photo():
    found = a_map()
    traces = embedding_chart(found, NAMES).figure.data
    digests = [entry[0] for trace in traces if trace.customdata is not None for entry in trace.customdata]
    assert sorted(digests) == sorted(found.digests)


def test_of_very_many_photos_every_error_is_drawn_and_the_caption_says_how_many_are_left_out():
    found = a_map(50_000, 4, wrong_every=7)
    kept = drawn_rows(found.correct)
    assert len(kept) <= 20_000
    assert set(np.flatnonzero(~found.correct)) <= set(kept)
    assert (kept == drawn_rows(found.correct)).all(), "the same every time"
    assert embedding_chart(found, NAMES).caption.endswith("19,990 of 50,000 photos are drawn, every error among them.")
    assert embedding_chart(a_map(), NAMES).caption == "Colour: true class. Cross: wrong prediction."
    assert len(embedding_chart(found, NAMES).rows()) == len(kept)


def test_when_even_the_errors_are_too_many_some_of_them_are_drawn():
    found = a_map(50_000, 4, wrong_every=1)
    assert len(drawn_rows(found.correct)) == 19_990
    assert embedding_chart(found, NAMES).caption.endswith("errors only.")


@pytest.mark.parametrize(("classes", "legend"), [(4, True), (24, True), (60, False)])
def test_classes_are_named_as_long_as_there_is_room_for_their_names(classes, legend):
    figure = embedding_chart(a_map(200, classes), [f"{EVIL} {number}" for number in range(classes)]).figure
    shown = [trace for trace in figure.data if trace.showlegend is not False and trace.name != "wrong prediction"]
    assert bool(shown) == legend
    assert "wrong prediction" in [trace.name for trace in figure.data]


def test_the_title_says_between_which_classes_most_errors_lie():
    found = a_map(6, 2, wrong_every=3)
    assert embedding_chart(found, NAMES).title == "2 of 2 wrong predictions are between boot and hat"
    assert (
        embedding_chart(a_map(4, 4, wrong_every=99), NAMES).title == "The only wrong prediction is between boot and hat"
    )


def test_the_table_of_the_map_holds_a_row_per_photo():
    assert embedding_chart(a_map(2), NAMES).rows() == [
        {"photo": "p0", "x": 0.0, "y": 0.0, "true": "boot", "answer": "hat", "right": False},
        {"photo": "p1", "x": 1.0, "y": 1.0, "true": "hat", "answer": "hat", "right": True},
    ]
