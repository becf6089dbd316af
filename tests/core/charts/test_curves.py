"""Learning curves: what is drawn, over what, and what is left out."""

import math

import pytest

from core.charts import curves as curve_charts
from core.charts.curves import curves_chart
from core.charts.look import MOST_POINTS
from core.errors import InvalidInput
from tests.chart_values import a_curve, looks


def test_accuracies_are_drawn_in_percent_and_what_is_no_number_is_a_gap():
    line = curve_charts.line_of(a_curve([0.5, math.nan, 0.75], best=3))
    assert (line.epochs, line.values, line.best) == ((1, 2, 3), (50.0, None, 75.0), (2, 75.0))
    assert curve_charts.line_of(a_curve([2.0], metric="val_loss")).values == (2.0,)
    assert curve_charts.line_of(a_curve([0.5], best=9)).best is None


def test_a_long_curve_is_thinned_but_keeps_its_ends_extremes_and_best_epoch():
    values = [0.5 + 0.1 * math.sin(number / 50) for number in range(5000)]
    values[1234], values[2345] = 0.99, 0.01
    line = curve_charts.line_of(a_curve(values, best=777), most=200)
    assert len(line.epochs) <= 201
    assert (line.epochs[0], line.epochs[-1], line.of) == (1, 5000, 5000)
    assert {777, 1235, 2346} <= set(line.epochs)
    assert line.epochs[line.best[0]] == 777


def _long(runs, epochs):
    values = [0.5 + 0.4 * math.sin(number / 9) for number in range(epochs)]
    seconds = tuple(float(number) for number in range(1, epochs + 1))
    more = {"training": tuple(values), "seconds": seconds, "before": 7.0, "best": 3}
    return [a_curve(values, run_id=f"r-{number}", **more) for number in range(runs)]


@pytest.mark.parametrize("over", curve_charts.OVER)
@pytest.mark.parametrize(("runs", "epochs"), [(20, 10_000), (1000, 100), (1, 10_000)])
def test_however_long_and_many_the_curves_the_browser_gets_20_000_points_at_most(over, runs, epochs):
    figure = curves_chart(_long(runs, epochs), over, styles=looks()).figure
    assert sum(len(trace.x) for trace in figure.data) <= MOST_POINTS
    assert sum(trace.showlegend is not False for trace in figure.data) == min(runs, 12) + 1, "and one entry for dotted"


def test_the_legend_names_the_best_run_first_though_it_is_drawn_last():
    curves = [a_curve([0.9, 0.8], run_id=f"r-{number}", best=best) for number, best in enumerate((1, None, 2))]
    named = [trace for trace in curves_chart(curves, styles=looks()).figure.data if trace.showlegend]
    ranks = {trace.legendgroup: trace.legendrank for trace in named}
    assert len(named) == 3 and ranks["r-0"] < ranks["r-2"]


def test_the_caption_says_how_many_points_and_runs_are_drawn():
    assert curves_chart(_long(2, 300), styles=looks()).caption == (
        "Marker: the epoch whose model was kept. Dotted: training photos."
    )
    assert (
        "of 320,000 points are drawn, every peak among them." in curves_chart(_long(20, 10_000), styles=looks()).caption
    )
    assert curves_chart(_long(50, 10), styles=looks()).caption.endswith("40 of 50 runs are drawn.")


def test_validation_is_solid_and_training_dotted_in_the_colour_of_the_run():
    curve = a_curve([0.5, 0.6], training=(0.7, 0.8))
    training, validation, _ = curves_chart([curve], styles=looks()).figure.data
    assert (list(training.y), training.line.dash) == ([70.0, 80.0], "dot")
    assert (list(validation.y), validation.line.dash) == ([50.0, 60.0], "solid")
    assert training.line.color == validation.line.color
    assert training.line.width < validation.line.width


def test_curves_lie_over_the_time_in_training_or_over_all_that_was_paid():
    curve = a_curve([0.5, 0.6], best=1, seconds=(2.0, 4.0), before=10.0)
    line, mark = curves_chart([curve], "wall", styles=looks()).figure.data
    assert (list(line.x), list(mark.x)) == ([2.0, 4.0], [2.0])
    line, mark = curves_chart([curve], "paid", styles=looks()).figure.data
    assert (list(line.x), list(mark.x)) == ([12.0, 14.0], [12.0])
    with pytest.raises(InvalidInput, match="epoch, wall, paid. Received: 'money'"):
        curves_chart([curve], "money", styles=looks())


def test_a_run_whose_cost_is_not_known_yet_is_not_drawn_as_if_it_had_paid_nothing():
    known = a_curve([0.5], run_id="r-1", seconds=(2.0,), before=10.0)
    running = a_curve([0.6], run_id="r-2", seconds=(2.0,), before=None)
    figure = curves_chart([known, running], "paid", styles=looks()).figure
    assert [list(trace.x) for trace in figure.data] == [[12.0]]
    assert (
        "Not drawn: 1 run whose cost is not known yet" in curves_chart([known, running], "paid", styles=looks()).caption
    )
    assert {row["run"] for row in curves_chart([known, running], "paid", styles=looks()).rows()} == {"r-1"}
    assert len(curves_chart([known, running], "wall", styles=looks()).figure.data) == 2


def test_times_that_span_decades_are_drawn_on_a_logarithmic_axis_in_a_unit_that_reads_well():
    quick = a_curve([0.5, 0.6], run_id="r-1", seconds=(1.0, 2.0))
    slow = a_curve([0.5, 0.6], run_id="r-2", seconds=(900.0, 1800.0))
    axis = curves_chart([quick, slow], "wall", styles=looks()).figure.layout.xaxis
    assert (axis.type, axis.title.text) == ("log", "time in training (min)")
    assert curves_chart([slow], "wall", styles=looks()).figure.layout.xaxis.type is None


def test_the_table_holds_every_point_that_is_drawn():
    curve = a_curve([0.5, 0.6], best=2, training=(0.7, 0.8), seconds=(2.0, 4.0))
    assert curves_chart([curve], "wall", styles=looks()).rows()[1:3] == [
        {"run": "r-1", "name": "Lite0", "metric": "accuracy", "epoch": 2, "seconds": 4.0, "value": 80.0, "best": False},
        {
            "run": "r-1", "name": "Lite0", "metric": "val_accuracy", "epoch": 1, "seconds": 2.0, "value": 50.0,
            "best": False,
        },
    ]  # fmt: skip
    figure = curves_chart([curve], styles=looks()).figure
    drawn = sum(len(trace.x) for trace in figure.data if trace.mode == "lines" and trace.x[0] is not None)
    assert len(curves_chart([curve], styles=looks()).rows()) == drawn


def test_the_best_epoch_of_every_run_is_marked():
    figure = curves_chart([a_curve([0.5, 0.7, 0.6], best=2)], styles=looks()).figure
    (mark,) = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert (list(mark.x), list(mark.y)) == ([2], [70.0])
    assert "validation accuracy 70.0 %, epoch 2: best epoch, kept as the model" in mark.hovertemplate


def test_the_title_of_learning_curves_names_who_got_furthest():
    curves = [a_curve([0.5, 0.941], name="Lite1"), a_curve([0.9, math.nan], name="Lite0")]
    assert (
        curves_chart(curves, styles=looks()).title == "Lite1 reaches the highest validation accuracy: 94.1 % in epoch 2"
    )
    losses = [a_curve([0.5, 0.3], name="Lite1", metric="val_loss"), a_curve([0.4], name="Lite0", metric="val_loss")]
    assert curves_chart(losses, styles=looks()).title == "Lite1 reaches the lowest validation loss: 0.3 in epoch 2"
    assert curves_chart([a_curve([math.nan])], styles=looks()).title == "How did the runs learn?"
    timed = a_curve([0.5, 0.9], seconds=(40.0, 80.0), before=20.0)
    assert curves_chart([timed], "paid", styles=looks()).title.endswith("90.0 % in epoch 2, after 1 min 40 s")
