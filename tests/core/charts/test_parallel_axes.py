"""The axes of parallel coordinates: settings, cost, accuracy."""

import pytest

from core.charts.parallel_axes import drawn_settings, parallel_axes
from core.recipes.differences import Difference
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.core.charts.test_parallel import a_board, rate


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
    assert axis.positions["r-1"] < axis.positions["r-0"] < axis.positions["r-2"]
    assert axis.labels["r-2"] == "0.1"


def test_many_numbers_lie_to_scale_which_is_logarithmic_where_they_span_decades():
    rows, found = a_board(*[rate(10.0**-power) for power in range(7)])
    axis = parallel_axes(rows, found)[0]
    assert axis.positions == pytest.approx({f"r-{power}": 1 - power / 6 for power in range(7)})
    assert axis.ticks[0] == (0.0, "1e-06")
    assert axis.ticks[-1] == (1.0, "1")


def test_runs_that_share_a_choice_lie_side_by_side_so_that_none_hides_another():
    rows, found = a_board(*[Recipe(backbone="lite0" if place < 4 else "lite1") for place in range(6)])
    axis = parallel_axes(rows, found)[0]
    assert [label for _, label in axis.ticks] == ["lite0", "lite1"]
    assert len(set(axis.positions.values())) == 6
    assert all(axis.positions[f"r-{place}"] < 0.5 for place in range(4))
    assert all(axis.positions[f"r-{place}"] > 0.5 for place in (4, 5))


def test_a_setting_a_pattern_does_not_look_at_is_said_to_be_not_used():
    rows, found = a_board(rate(0.1), rate(0.2), Recipe(backbone="lite0", pattern=Pattern.CLASSIFIER))
    axis = next(axis for axis in parallel_axes(rows, found) if axis.title == "learning rate")
    assert axis.labels["r-2"] == "not used"
    assert axis.ticks[0][1] == "not used"
    assert axis.positions["r-2"] < min(axis.positions["r-0"], axis.positions["r-1"])


def test_of_very_many_settings_the_seven_that_most_runs_use_are_drawn_in_their_order():
    names = ["epochs", "batch_size", "learning_rate", "dropout", "hidden_units", "views", "depth", "warmup", "patience"]
    found = [
        Difference(name=name, title=name, values={"r-0": "1", "r-1": "2", "r-2": None if place < 2 else "3"})
        for place, name in enumerate(names)
    ]
    assert [one.name for one in drawn_settings(found)] == names[2:]
