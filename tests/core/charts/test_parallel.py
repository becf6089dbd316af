"""Parallel coordinates: a line per run through its settings, cost and accuracy."""

from dataclasses import replace

from core.charts.parallel import parallel_chart
from core.charts.parallel_axes import drawn_settings
from core.comparison.table import leaderboard
from core.recipes.differences import Difference, differing
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from tests.comparison_values import a_cost, a_run


def a_board(*recipes, cost=True):
    """Rows of runs r-0, r-1 ... with accuracies 0.5, 0.6 ... and what differs between them."""
    runs = [
        replace(a_run(f"r-{place}", 0.5 + place / 10), recipe=recipe, name=f"run {place}")
        for place, recipe in enumerate(recipes)
    ]
    costs = {run.id: a_cost(10.0 * (place + 1)) for place, run in enumerate(runs)} if cost else {}
    rows = leaderboard(runs, costs)
    return rows, differing({row.run.id: row.run.recipe for row in rows})


def rate(learning_rate, **more) -> Recipe:
    return Recipe(backbone="lite0", hyperparameters=Hyperparameters(learning_rate=learning_rate, **more))


def test_luck_and_what_is_different_in_every_run_get_no_axis_and_the_caption_says_so():
    many = Difference(name="backbone", title="backbone", values={f"r-{n}": f"b{n}" for n in range(13)})
    seed = Difference(name="seed", title="seed", values={f"r-{n}": str(n) for n in range(13)})
    rate_ = Difference(name="learning_rate", title="learning rate", values={f"r-{n}": str(n + 1) for n in range(13)})
    assert drawn_settings([many, seed, rate_]) == [rate_]
    rows, _ = a_board(rate(0.1))
    assert "Without an axis: backbone and seed." in parallel_chart(rows, [many, seed, rate_]).caption


def test_every_run_is_one_unbroken_line_that_knows_its_run_and_its_words():
    rows, found = a_board(rate(0.001), rate(0.1))
    lines = [trace for trace in parallel_chart(rows, found).figure.data if trace.mode == "lines"]
    assert [list(trace.x) for trace in lines] == [[0, 1, 2, None]] * 2
    assert [entry[0] for entry in lines[1].customdata] == ["r-1"] * 4
    assert lines[1].customdata[0][2] == "learning rate 0.1, test accuracy 60.0 %"


def test_the_more_accurate_a_run_the_stronger_its_line_even_beside_one_that_failed():
    rows, found = a_board(*[rate(0.001 * (place + 1)) for place in range(6)])
    rows = [replace(row, run=replace(row.run, test_accuracy=0.01)) if row.run.id == "r-0" else row for row in rows]
    lines = [trace for trace in parallel_chart(rows, found).figure.data if trace.mode == "lines"]
    assert [trace.customdata[0][0] for trace in lines] == [f"r-{place}" for place in range(6)]
    widths = [trace.line.width for trace in lines]
    assert widths == sorted(widths) and len(set(widths)) == 6
    assert lines[-1].line.color == "rgba(42, 133, 96, 1.00)"


def test_the_title_names_what_only_the_best_have_in_common():
    recipes = [Recipe(backbone="lite0") if place < 5 else Recipe(backbone="lite2") for place in range(8)]
    rows, found = a_board(*recipes)
    assert parallel_chart(rows, found).title == ("The 3 best of 8 runs have one setting in common: backbone lite2")
    rows, found = a_board(*recipes[:2])
    assert parallel_chart(rows, found).title == "Which settings go with a high accuracy?"


def test_the_table_holds_the_words_of_every_axis_the_best_run_first():
    rows, found = a_board(rate(0.001), rate(0.1))
    assert parallel_chart(rows, found).rows()[0] == {
        "run": "r-1", "name": "run 1", "learning rate": "0.1", "training time": "20 s", "test accuracy": "60.0 %",
    }  # fmt: skip


def test_the_words_of_the_axes_stand_as_labels_that_do_not_run_into_each_other():
    rows, found = a_board(*[rate(10.0**-power) for power in range(7)])
    figure = parallel_chart(rows, found).figure
    assert {"1e-06", "1"} <= {note.text for note in figure.layout.annotations}
    heights = sorted(note.y for note in figure.layout.annotations if note.x == 0)
    assert min(high - low for low, high in zip(heights, heights[1:], strict=False)) >= 0.045
