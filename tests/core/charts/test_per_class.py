"""Confusion tables, their difference, and how well each class is recognised."""

import pytest

from core import charts
from core.charts.confusion import NUMBERS, confusion_table
from core.charts.confusion_difference import DifferenceCell, difference_cells
from core.charts.per_class import class_figures
from tests.chart_values import EVIL, an_evaluation


def test_confusion_cells_are_shares_of_their_true_class():
    table = confusion_table(((3, 1), (0, 0)), ("rose", "tulip"))
    assert [[(cell.photos, cell.part) for cell in row] for row in table] == [
        [(3, 0.75), (1, 0.25)],
        [(0, 0.0), (0, 0.0)],
    ]


def test_right_and_wrong_answers_have_their_own_colours_and_empty_cells_none():
    right, wrong, cells = charts.confusion(((3, 1), (0, 4)), ("rose", "tulip")).data
    assert [list(row) for row in right.z] == [[0.75, None], [None, 1.0]]
    assert [list(row) for row in wrong.z] == [[None, 0.25], [None, None]]
    assert list(cells.text) == ["3", "1", "4"]


def test_a_click_on_a_cell_knows_its_classes():
    cells = charts.confusion(((3, 1), (0, 4)), (EVIL, "tulip")).data[-1]
    assert [entry[3:] for entry in cells.customdata] == [[EVIL, EVIL], [EVIL, "tulip"], ["tulip", "tulip"]]


def test_cells_of_very_many_classes_show_no_numbers_but_can_be_pointed_at():
    many = charts.confusion([[1] * 50] * 50, [f"class {number}" for number in range(50)]).data[-1]
    assert many.mode == "markers"
    assert len(many.x) == 2500


def test_the_title_of_the_confusion_table_names_the_worst_confusion():
    assert charts.confusion_title(an_evaluation(((3, 1), (2, 4))), ("rose", "tulip")) == (
        "tulip is taken for rose most often: 2 of 6 photos"
    )
    assert charts.confusion_title(an_evaluation(((3, 0), (0, 4))), ("a", "b")) == "Every test photo is recognised"


def test_the_table_of_confusions_holds_the_cells_that_have_photos():
    assert charts.confusion_rows(((3, 1), (0, 4)), ("rose", "tulip")) == [
        {"true": "rose", "answer": "rose", "photos": 3, "share_of_class": 0.75},
        {"true": "rose", "answer": "tulip", "photos": 1, "share_of_class": 0.25},
        {"true": "tulip", "answer": "tulip", "photos": 4, "share_of_class": 1.0},
    ]


def test_of_very_many_classes_those_with_most_wrong_answers_are_drawn_and_the_caption_says_so():
    names = [f"class {number}" for number in range(200)]
    counts = [[5 if true == given else 0 for given in range(200)] for true in range(200)]
    counts[150][20] = 3
    table = confusion_table(counts, names)
    drawn = [row[0].true for row in table]
    assert len(drawn) == 80
    assert {"class 150", "class 20"} <= set(drawn)
    assert charts.confusion_caption(names) == "The 80 of 200 classes with the most wrong answers are drawn."
    assert charts.confusion_caption(names[:80]) == ""
    (cell,) = [cell for row in table for cell in row if cell.true == "class 150" and cell.predicted == "class 20"]
    assert cell.part == 3 / 8, "the share of the whole class, whatever is drawn"


# --- the difference of two tables ---

A, B = ((8, 2, 0), (1, 9, 0), (0, 0, 0)), ((5, 4, 1), (1, 9, 0), (0, 0, 0))
NAMES = ("rose", "tulip", "yew")


def test_a_cell_counts_for_the_run_with_more_right_or_fewer_wrong_answers():
    assert difference_cells(A, B, NAMES) == (
        DifferenceCell(true="rose", predicted="rose", a=8, b=5),
        DifferenceCell(true="rose", predicted="tulip", a=2, b=4),
        DifferenceCell(true="rose", predicted="yew", a=0, b=1),
        DifferenceCell(true="tulip", predicted="rose", a=1, b=1),
        DifferenceCell(true="tulip", predicted="tulip", a=9, b=9),
    )
    assert [(cell.more, cell.gain) for cell in difference_cells(A, B, NAMES)] == [
        (3, 3), (-2, 2), (-1, 1), (0, 0), (0, 0),
    ]  # fmt: skip


def test_the_difference_shows_signed_numbers_on_a_scale_that_is_symmetric_about_no_difference():
    heat, cells = charts.confusion_difference(A, B, NAMES, ("Lite1", "Lite0")).data
    assert [list(row) for row in heat.z] == [[3, 2, 1], [0, 0, None], [None, None, None]]
    assert (heat.zmin, heat.zmax) == (-3, 3)
    assert list(cells.text) == ["+3", "−2", "−1", "", ""]
    assert cells.customdata[1][2] == "taken for tulip: Lite1 2, Lite0 4"


def test_a_click_on_a_cell_of_the_difference_knows_its_classes_also_where_nothing_changed():
    cells = charts.confusion_difference(A, B, (EVIL, "tulip", "yew"), ("Lite1", "Lite0")).data[-1]
    assert [entry[3:] for entry in cells.customdata][3:] == [["tulip", EVIL], ["tulip", "tulip"]]


def test_two_equal_tables_have_no_colour_and_a_title_that_says_so():
    heat, _ = charts.confusion_difference(A, A, NAMES, ("Lite1", "Lite0")).data
    assert {value for row in heat.z for value in row} == {0, None}
    assert charts.confusion_difference_title(A, A, NAMES, ("Lite1", "Lite0")) == (
        "Lite1 and Lite0 mix up the same classes equally often"
    )


def test_the_title_of_the_difference_names_the_confusion_that_differs_most():
    said = "Lite1 takes rose for tulip less often than Lite0: 2 instead of 4 times"
    assert charts.confusion_difference_title(A, B, NAMES, ("Lite1", "Lite0")) == said
    assert charts.confusion_difference_title(B, A, NAMES, ("Lite0", "Lite1")) == said
    assert "Blue: Lite1 does better" in charts.confusion_difference_caption(("Lite1", "Lite0"))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_numbers_can_be_read_on_every_colour_of_both_tables():
    heats = [*charts.confusion(A, NAMES).data, *charts.confusion_difference(A, B, NAMES, ("a", "b")).data]
    colours = [colour for heat in heats if heat.type == "heatmap" for _, colour in heat.colorscale]
    numbered = [colour for colour in colours if colour.startswith("#")]  # no number stands on the grey of cells alike
    ink = _luminance(NUMBERS)
    assert (len(colours), len(numbered)) == (9, 8)
    assert min((_luminance(colour) + 0.05) / (ink + 0.05) for colour in numbered) > 6


# --- every class ---

EVALUATIONS = {
    "r-1": an_evaluation(((8, 2, 0), (1, 9, 0), (0, 0, 0)), NAMES),
    "r-2": an_evaluation(((9, 1, 0), (6, 4, 0), (0, 0, 0)), NAMES),
}
CALLED = {"r-1": "Lite1", "r-2": "Lite0"}


def test_the_worst_class_comes_first_and_one_without_test_photos_last():
    figures = class_figures(EVALUATIONS)
    assert [(one.class_name, one.photos, one.values) for one in figures] == [
        ("tulip", 10, {"r-1": 0.9, "r-2": 0.4}),
        ("rose", 10, {"r-1": 0.8, "r-2": 0.9}),
        ("yew", 0, {}),
    ]
    assert figures[0].intervals["r-2"] == pytest.approx((0.168, 0.687), abs=0.001)


def test_a_class_without_test_photos_says_so_and_keeps_its_place_on_the_axis():
    figure = charts.per_class(EVALUATIONS, CALLED)
    assert list(figure.layout.yaxis.categoryarray) == ["tulip", "rose", "yew (no test photos)"]
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]
    assert all("yew (no test photos)" not in trace.y for trace in figure.data)
    assert charts.per_class_caption(EVALUATIONS) == "No test photo shows yew: nothing is known about it."


def test_a_few_runs_are_bars_with_intervals_and_many_are_dots():
    few = charts.per_class(EVALUATIONS, CALLED)
    assert {trace.type for trace in few.data} == {"bar"}
    assert all(trace.error_x.visible for trace in few.data)
    more = {f"r-{number}": EVALUATIONS["r-1"] for number in range(6)}
    assert not any(trace.error_x.visible for trace in charts.per_class(more, {}).data)
    many = charts.per_class({f"r-{number}": EVALUATIONS["r-1"] for number in range(20)}, {})
    assert {trace.mode for trace in many.data} == {"markers"}
    assert sum(len(trace.x) for trace in many.data) == 40


def test_the_title_names_the_hardest_class():
    assert charts.per_class_title(EVALUATIONS, CALLED) == (
        "tulip is hardest: 65.0 % of its 10 photos are recognised on average, from 40.0 % to 90.0 %"
    )
    alone = {"r-2": EVALUATIONS["r-2"]}
    assert charts.per_class_title(alone, CALLED) == "tulip is hardest: 40.0 % of its 10 photos are recognised"
    perfect = {"r-1": an_evaluation(((5, 0), (0, 5)), ("a", "b"))}
    assert charts.per_class_title(perfect, CALLED) == "Every class is recognised completely"


def test_the_table_of_classes_is_empty_where_nothing_was_measured():
    rows = charts.per_class_rows(EVALUATIONS, CALLED)
    assert rows[0]["class"] == "tulip"
    assert (rows[0]["name"], rows[0]["recall"]) == ("Lite1", 0.9)
    assert (rows[-1]["class"], rows[-1]["recall"], rows[-1]["low95"]) == ("yew", None, None)


def test_of_very_many_classes_the_hardest_are_drawn():
    names = tuple(f"class {number:03}" for number in range(100))
    counts = [[9 if true == given else 0 for given in range(100)] for true in range(100)]
    counts[77][0] = 9
    evaluations = {"r-1": an_evaluation(counts, names)}
    assert charts.per_class(evaluations, {}).data[0].y[0] == "class 077"
    assert len(charts.per_class(evaluations, {}).data[0].y) == 40
    assert charts.per_class_caption(evaluations) == "The 40 hardest of 100 classes are drawn."
