"""Recall of every class."""

import pytest

from core.charts.per_class import class_recalls, per_class_chart
from tests.chart_values import an_evaluation, looks

NAMES = ("rose", "tulip", "yew")
EVALUATIONS = {
    "r-1": an_evaluation(((8, 2, 0), (1, 9, 0), (0, 0, 0)), NAMES),
    "r-2": an_evaluation(((9, 1, 0), (6, 4, 0), (0, 0, 0)), NAMES),
}
CALLED = {"r-1": "Lite1", "r-2": "Lite0"}


def test_the_worst_class_comes_first_and_one_without_test_photos_last():
    figures = class_recalls(EVALUATIONS)
    assert [(one.class_name, one.photos, one.values) for one in figures] == [
        ("tulip", 10, {"r-1": 0.9, "r-2": 0.4}),
        ("rose", 10, {"r-1": 0.8, "r-2": 0.9}),
        ("yew", 0, {}),
    ]
    assert figures[0].intervals["r-2"] == pytest.approx((0.168, 0.687), abs=0.001)


def test_a_class_without_test_photos_says_so_and_keeps_its_place_on_the_axis():
    figure = per_class_chart(EVALUATIONS, CALLED, styles=looks()).figure
    assert list(figure.layout.yaxis.categoryarray) == ["tulip", "rose", "yew (no test photos)"]
    assert list(figure.layout.yaxis.range) == [2.5, -0.5]
    assert all("yew (no test photos)" not in trace.y for trace in figure.data)
    assert (
        per_class_chart(EVALUATIONS, CALLED, styles=looks()).caption
        == "Not measured, because without test photos: yew."
    )


def test_a_few_runs_are_bars_with_intervals_and_many_are_dots():
    few = per_class_chart(EVALUATIONS, CALLED, styles=looks()).figure
    assert {trace.type for trace in few.data} == {"bar"}
    assert all(trace.error_x.visible for trace in few.data)
    more = {f"r-{number}": EVALUATIONS["r-1"] for number in range(6)}
    assert not any(trace.error_x.visible for trace in per_class_chart(more, {}, styles=looks()).figure.data)
    many = per_class_chart({f"r-{number}": EVALUATIONS["r-1"] for number in range(20)}, {}, styles=looks()).figure
    assert {trace.mode for trace in many.data} == {"markers"}
    assert sum(len(trace.x) for trace in many.data) == 40


def test_the_title_names_the_hardest_class():
    assert per_class_chart(EVALUATIONS, CALLED, styles=looks()).title == (
        "tulip is hardest: recall 65 % on average (from 40 to 90 %) on its 10 photos"
    )
    alone = {"r-2": EVALUATIONS["r-2"]}
    assert per_class_chart(alone, CALLED, styles=looks()).title == "tulip is hardest: recall 40 % on its 10 photos"
    perfect = {"r-1": an_evaluation(((5, 0), (0, 5)), ("a", "b"))}
    assert per_class_chart(perfect, CALLED, styles=looks()).title == "Every class has a recall of 100 %"


def test_the_table_of_classes_is_empty_where_nothing_was_measured():
    rows = per_class_chart(EVALUATIONS, CALLED, styles=looks()).rows()
    assert rows[0]["class"] == "tulip"
    assert (rows[0]["name"], rows[0]["recall"]) == ("Lite1", 0.9)
    assert (rows[-1]["class"], rows[-1]["recall"], rows[-1]["ci95_low"]) == ("yew", None, None)


def test_of_very_many_classes_the_hardest_are_drawn():
    names = tuple(f"class {number:03}" for number in range(100))
    counts = [[9 if true == given else 0 for given in range(100)] for true in range(100)]
    counts[77][0] = 9
    evaluations = {"r-1": an_evaluation(counts, names)}
    assert per_class_chart(evaluations, {}, styles=looks()).figure.data[0].y[0] == "class 077"
    assert len(per_class_chart(evaluations, {}, styles=looks()).figure.data[0].y) == 40
    assert per_class_chart(evaluations, {}, styles=looks()).caption == "The 40 hardest of 100 classes are drawn."


def test_the_first_runs_are_drawn_and_the_table_holds_all():
    chart = per_class_chart(EVALUATIONS, CALLED, most=1, styles=looks())
    assert len(chart.figure.data) == 1
    assert chart.caption.endswith("1 of 2 runs are drawn.")
    assert {row["run"] for row in chart.rows()} == {"r-1", "r-2"}
