"""Parallel coordinates: a line per run through its settings, cost and accuracy."""

from dataclasses import replace

import pytest

from core import charts, comparison
from core.charts.parallel_axes import drawn_settings, parallel_axes
from core.recipes.differences import Difference, differing
from core.recipes.recipe import Hyperparameters, Pattern, Recipe
from tests.comparison_values import a_cost, a_run


def a_board(*recipes, cost=True):
    """Rows of runs r-0, r-1 ... with accuracies 0.5, 0.6 ... and what differs between them."""
    runs = [
        replace(a_run(f"r-{place}", 0.5 + place / 10), recipe=recipe, name=f"run {place}")
        for place, recipe in enumerate(recipes)
    ]
    costs = {run.id: a_cost(10.0 * (place + 1)) for place, run in enumerate(runs)} if cost else {}
    rows = comparison.leaderboard(runs, costs)
    return rows, differing({row.run_id: row.recipe for row in rows})


def rate(learning_rate, **more) -> Recipe:
    return Recipe(backbone="lite0", hyperparameters=Hyperparameters(learning_rate=learning_rate, **more))


def test_there_is_an_axis_for_every_setting_that_differs_then_the_cost_then_the_accuracy():
    rows, found = a_board(rate(0.001), rate(0.1, epochs=5))
    assert [axis.title for axis in parallel_axes(rows, found)] == [
        "epochs", "learning rate", "training time", "test accuracy",
    ]  # fmt: skip
    rows, found = a_board(rate(0.001), rate(0.1), cost=False)
    assert [axis.title for axis in parallel_axes(rows, found)] == ["learning rate", "test accuracy"]


def test_a_few_numbers_have_a_place_each_and_their_real_values_as_labels():
    rows, found = a_board(rate(0.01), rate(0.001), rate(0.1))
    axis = parallel_axes(rows, found)[0]
    assert [label for _, label in axis.ticks] == ["0.001", "0.01", "0.1"]
    assert axis.places["r-1"] < axis.places["r-0"] < axis.places["r-2"]
    assert axis.words["r-2"] == "0.1"


def test_many_numbers_lie_to_scale_which_is_logarithmic_where_they_span_decades():
    rows, found = a_board(*[rate(10.0**-power) for power in range(7)])
    axis = parallel_axes(rows, found)[0]
    assert axis.places == pytest.approx({f"r-{power}": 1 - power / 6 for power in range(7)})
    assert axis.ticks[0] == (0.0, "1e-06")
    assert axis.ticks[-1] == (1.0, "1")


def test_runs_that_share_a_choice_lie_side_by_side_so_that_none_hides_another():
    rows, found = a_board(*[Recipe(backbone="lite0" if place < 4 else "lite1") for place in range(6)])
    axis = parallel_axes(rows, found)[0]
    assert [label for _, label in axis.ticks] == ["lite0", "lite1"]
    assert len(set(axis.places.values())) == 6
    assert all(axis.places[f"r-{place}"] < 0.5 for place in range(4))
    assert all(axis.places[f"r-{place}"] > 0.5 for place in (4, 5))


def test_a_setting_a_pattern_does_not_look_at_is_said_to_be_not_used():
    rows, found = a_board(rate(0.1), rate(0.2), Recipe(backbone="lite0", pattern=Pattern.CLASSIFIER))
    axis = next(axis for axis in parallel_axes(rows, found) if axis.title == "learning rate")
    assert axis.words["r-2"] == "not used"
    assert axis.ticks[0][1] == "not used"
    assert axis.places["r-2"] < min(axis.places["r-0"], axis.places["r-1"])


def test_luck_and_what_is_different_in_every_run_get_no_axis_and_the_caption_says_so():
    many = Difference(name="backbone", title="backbone", values={f"r-{n}": f"b{n}" for n in range(13)})
    seed = Difference(name="seed", title="seed", values={f"r-{n}": str(n) for n in range(13)})
    rate_ = Difference(name="learning_rate", title="learning rate", values={f"r-{n}": str(n + 1) for n in range(13)})
    assert drawn_settings([many, seed, rate_]) == [rate_]
    rows, _ = a_board(rate(0.1))
    assert "Without an axis: backbone and seed." in charts.parallel_coordinates_caption(rows, [many, seed, rate_])


def test_of_very_many_settings_the_seven_that_most_runs_use_are_drawn_in_their_order():
    names = ["epochs", "batch_size", "learning_rate", "dropout", "hidden_units", "views", "depth", "warmup", "patience"]
    found = [
        Difference(name=name, title=name, values={"r-0": "1", "r-1": "2", "r-2": None if place < 2 else "3"})
        for place, name in enumerate(names)
    ]
    assert [one.name for one in drawn_settings(found)] == names[2:]


def test_every_run_is_one_unbroken_line_that_knows_its_run_and_its_words():
    rows, found = a_board(rate(0.001), rate(0.1))
    lines = [trace for trace in charts.parallel_coordinates(rows, found).data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [[0, 1, 2, None]] * 2
    assert [entry[0] for entry in lines[1].customdata] == ["r-1"] * 4
    assert lines[1].customdata[0][2] == "learning rate 0.1, test accuracy 60.0 %"


def test_the_more_accurate_a_run_the_stronger_its_line_even_beside_one_that_failed():
    rows, found = a_board(*[rate(0.001 * (place + 1)) for place in range(6)])
    rows = [replace(row, accuracy=0.01) if row.run_id == "r-0" else row for row in rows]
    lines = [trace for trace in charts.parallel_coordinates(rows, found).data if trace.mode == "lines"]
    assert [trace.customdata[0][0] for trace in lines] == [f"r-{place}" for place in range(6)]
    widths = [trace.line.width for trace in lines]
    assert widths == sorted(widths) and len(set(widths)) == 6
    assert lines[-1].line.color == "rgba(42, 133, 96, 1.00)"


def test_the_title_names_what_only_the_best_have_in_common():
    recipes = [Recipe(backbone="lite0") if place < 5 else Recipe(backbone="lite2") for place in range(8)]
    rows, found = a_board(*recipes)
    assert charts.parallel_coordinates_title(rows, found) == (
        "The 3 best of 8 runs have one thing in common: backbone lite2"
    )
    rows, found = a_board(*recipes[:2])
    assert charts.parallel_coordinates_title(rows, found) == "Which settings go with a high accuracy?"


def test_the_table_holds_the_words_of_every_axis_the_best_run_first():
    rows, found = a_board(rate(0.001), rate(0.1))
    assert charts.parallel_coordinates_rows(rows, found)[0] == {
        "run": "r-1", "name": "run 1", "learning rate": "0.1", "training time": "20 s", "test accuracy": "60.0 %",
    }  # fmt: skip


def test_the_words_of_the_axes_stand_as_labels_that_do_not_run_into_each_other():
    rows, found = a_board(*[rate(10.0**-power) for power in range(7)])
    figure = charts.parallel_coordinates(rows, found)
    assert {"1e-06", "1"} <= {note.text for note in figure.layout.annotations}
    heights = sorted(note.y for note in figure.layout.annotations if note.x == 0)
    assert min(high - low for low, high in zip(heights, heights[1:], strict=False)) >= 0.045
