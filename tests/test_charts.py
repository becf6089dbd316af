"""What the charts show (plain tables) and the promises every figure keeps."""

import json
import math

import plotly.graph_objects as go
import pytest

from core import charts, comparison
from core.charts import answers as answer_charts
from core.charts import curves as curve_charts
from core.charts import dataset as dataset_charts
from core.charts import look, tradeoff
from core.colours import RUN_COLOURS, run_colour
from core.comparison.curves import Curve
from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput
from core.prediction import Prediction
from core.runs import Epoch, Evaluation
from tests.comparison_values import a_cost, a_run

EVIL = "<b>x</b> & <a href='javascript:alert(1)'>y</a>"


def a_dataset(**photos) -> Dataset:
    """``a_dataset(rose=(8, 1, 2))``: photos for training, validation and test."""
    splits = ("train", "validation", "test")
    return Dataset(
        id="d-1",
        name="flowers",
        version=1,
        digest="d",
        class_names=tuple(sorted(photos)),
        counts={split: {name: counts[place] for name, counts in photos.items()} for place, split in enumerate(splits)},
        split_given=False,
        seed=0,
        size_bytes=1,
        created_at=0.0,
        seconds=0.0,
    )


def a_photo(width, height, digest="p") -> Photo:
    return Photo(
        digest=digest, file="f.jpg", class_name="rose", split="train", width=width, height=height, stored_bytes=1
    )


def an_epoch(number, value=0.5, **changes) -> Epoch:
    values = {"loss": 1.0, "accuracy": value, "val_loss": 1.0 / number, "val_accuracy": value, "seconds": 2.0}
    return Epoch(number=number, attempt=1, **values | changes)


def a_curve(values, *, run_id="r-1", metric="val_accuracy", best=None, name="Lite0") -> Curve:
    epochs = tuple(range(1, len(values) + 1))
    return Curve(run_id=run_id, name=name, metric=metric, epochs=epochs, values=tuple(values), best_epoch=best)


def an_evaluation(confusion) -> Evaluation:
    return Evaluation(
        accuracy=0.5, n=sum(map(sum, confusion)), ci95=(0, 1), loss=1.0, per_class=(), confusion=confusion
    )


RUNS = [a_run(f"r-{number}", 0.8 + number / 100, name=f"{EVIL} {number}") for number in range(3)]
COSTS = {run.id: a_cost(alone=10.0 * 10**place, stages={"Training": 8.0}) for place, run in enumerate(RUNS)}
ROWS = comparison.leaderboard(RUNS, COSTS, rate_per_hour=1.0)

FIGURES = {
    "class balance": lambda: charts.class_balance(a_dataset(**{EVIL: (3, 1, 1), "tulip": (2, 1, 1)})),
    "image sizes": lambda: charts.image_sizes([a_photo(640, 480), a_photo(100, 80)]),
    "learning curves": lambda: charts.learning_curves([a_curve([0.5, 0.6], best=2, name=EVIL)]),
    "live accuracy": lambda: charts.live_curve([an_epoch(1), an_epoch(2)]),
    "live loss": lambda: charts.live_curve([an_epoch(1), an_epoch(2)], "loss"),
    "epoch times": lambda: charts.epoch_times([an_epoch(1), an_epoch(2)]),
    "accuracy vs cost": lambda: charts.accuracy_vs_cost(ROWS),
    "confusion": lambda: charts.confusion(((2, 1), (0, 3)), (EVIL, "tulip")),
    "top classes": lambda: charts.top_classes([Prediction(class_name=EVIL, probability=0.9)]),
    "cost stages": lambda: charts.cost_stages(RUNS, COSTS),
}


@pytest.fixture(params=FIGURES)
def figure(request) -> go.Figure:
    return FIGURES[request.param]()


def test_no_figure_needs_webgl(figure):
    assert {trace.type for trace in figure.data} <= {"scatter", "bar", "heatmap"}


def test_every_figure_is_transparent_and_takes_font_and_text_colour_from_the_page(figure):
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"
    assert figure.layout.font.family is None
    assert figure.layout.font.color is None
    assert figure.layout.title.text is None, "the sentence above it wraps; Plotly's titles do not"


def test_every_figure_keeps_its_zoom_when_it_is_redrawn(figure):
    assert figure.layout.uirevision


def test_all_hovers_have_one_format(figure):
    shown = [trace for trace in figure.data if trace.hoverinfo != "skip"]
    assert {trace.hovertemplate for trace in shown} == {look.HOVER}
    assert all(len(trace.customdata) for trace in shown)


def test_markup_in_names_stays_text(figure):
    names = json.dumps([figure.to_plotly_json()["layout"].get(key) for key in ("xaxis", "yaxis")], default=list)
    for trace in figure.data:
        hovers = [entry[1:3] for entry in _entries(trace.customdata)]
        names += json.dumps([trace.name, _plain(trace.text), hovers])
        names += json.dumps([value for axis in ("x", "y") for value in _plain(trace[axis]) if isinstance(value, str)])
    assert "<b>" not in names
    assert "<a" not in names


def _plain(values) -> list:
    return [] if values is None else [values] if isinstance(values, str) else list(values)


def _entries(customdata):
    for entry in [] if customdata is None else customdata:
        if isinstance(entry[0], str):
            yield list(entry)
        else:
            yield from map(list, entry)


def test_every_axis_of_numbers_names_what_it_shows(figure):
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.type == "category" or axis.title.text


@pytest.mark.parametrize("name", ["2024", "1e5", "2024-01-01"])
def test_class_names_that_look_like_numbers_or_dates_stay_names(name):
    assert charts.class_balance(a_dataset(**{name: (1, 0, 0)})).layout.yaxis.type == "category"
    assert charts.confusion(((1,),), (name,)).layout.xaxis.type == "category"
    assert charts.top_classes([Prediction(class_name=name, probability=1.0)]).layout.yaxis.type == "category"


def test_a_chart_of_nothing_is_refused_with_a_sentence():
    for draw in (
        lambda: charts.learning_curves([]),
        lambda: charts.live_curve([]),
        lambda: charts.image_sizes([]),
        lambda: charts.accuracy_vs_cost([]),
        lambda: charts.cost_stages([], {}),
        lambda: charts.top_classes([]),
    ):
        with pytest.raises(InvalidInput, match="There is nothing to draw"):
            draw()


# --- one style per run ---


def test_a_run_keeps_its_colour_whatever_is_shown_beside_it():
    ids = [f"r-{number}" for number in range(12)]
    alone = {run_id: charts.run_styles([run_id])[run_id].colour for run_id in ids}
    together = charts.run_styles(ids)
    assert {run_id: style.colour for run_id, style in together.items()} == alone
    assert set(alone.values()) <= set(RUN_COLOURS)


def test_two_runs_of_one_colour_differ_in_dash_and_marker():
    ids = [f"r-{number}" for number in range(12)]
    styles = charts.run_styles(ids)
    assert len({style.colour for style in styles.values()}) < 12, "these ids must collide for the test to mean anything"
    assert len({(style.colour, style.dash) for style in styles.values()}) == 12
    assert len({(style.colour, style.symbol) for style in styles.values()}) == 12


def test_the_thirteenth_run_is_grey_and_the_order_of_the_others_does_not_matter():
    ids = [f"r-{number}" for number in range(13)]
    styles = charts.run_styles(ids)
    assert styles["r-12"].colour == look.GREY
    assert styles["r-11"].colour == run_colour("r-11")
    assert charts.run_styles(list(reversed(ids[:12]))) == {key: styles[key] for key in ids[:12]}


# --- datasets ---


def test_class_bars_are_ordered_by_size_and_split():
    bars = dataset_charts.class_bars(a_dataset(rose=(2, 1, 0), tulip=(8, 1, 1)))
    assert [(bar.class_name, bar.split, bar.photos) for bar in bars] == [
        ("tulip", "train", 8),
        ("tulip", "validation", 1),
        ("tulip", "test", 1),
        ("rose", "train", 2),
        ("rose", "validation", 1),
        ("rose", "test", 0),
    ]


def test_the_title_of_class_balance_says_whether_classes_are_even():
    assert charts.class_balance_title(a_dataset(a=(3, 1, 1), b=(4, 1, 1))) == "The 2 classes are about equally large"
    assert (
        charts.class_balance_title(a_dataset(rose=(1, 1, 0), tulip=(7, 1, 1)))
        == "tulip has 4.5 times the photos of rose"
    )


def test_size_dots_count_photos_of_one_size():
    dots = dataset_charts.size_dots([a_photo(640, 480), a_photo(640, 480), a_photo(100, 80)])
    assert [(dot.width, dot.height, dot.photos) for dot in dots] == [(100, 80, 1), (640, 480, 2)]


def test_very_many_sizes_are_gathered_and_none_is_lost():
    photos = [a_photo(300 + number, 900 - number) for number in range(500)]
    dots = dataset_charts.size_dots(photos, most=50)
    assert len(dots) <= 50
    assert sum(dot.photos for dot in dots) == 500
    assert all(abs(dot.width + dot.height - 1200) <= 32 for dot in dots), "and each stays near its place"


def test_the_title_of_image_sizes_names_the_usual_and_the_smallest():
    photos = [a_photo(640, 480), a_photo(640, 480), a_photo(100, 80)]
    assert charts.image_sizes_title(photos) == "A usual photo has 640 x 480 pixels, the smallest 100 x 80"
    assert charts.image_sizes_title(photos[:1]) == "A usual photo has 640 x 480 pixels"


# --- learning ---


def test_accuracies_are_drawn_in_percent_and_what_is_no_number_is_a_gap():
    line = curve_charts.line_of(a_curve([0.5, math.nan, 0.75], best=3))
    assert (line.epochs, line.values, line.best) == ((1, 2, 3), (50.0, None, 75.0), (3, 75.0))
    assert curve_charts.line_of(a_curve([2.0], metric="val_loss")).values == (2.0,)
    assert curve_charts.line_of(a_curve([0.5], best=9)).best is None


def test_a_long_curve_is_thinned_but_keeps_its_ends_extremes_and_best_epoch():
    values = [0.5 + 0.1 * math.sin(number / 50) for number in range(5000)]
    values[1234], values[2345] = 0.99, 0.01
    line = curve_charts.line_of(a_curve(values, best=777))
    assert len(line.epochs) <= curve_charts.MOST_POINTS + 1
    assert line.epochs[0] == 1
    assert line.epochs[-1] == 5000
    assert {777, 1235, 2346} <= set(line.epochs)


def test_a_short_curve_is_drawn_as_it_is():
    assert curve_charts.thinned([1.0] * 200) == tuple(range(200))


def test_a_thousand_runs_do_not_drown_the_browser():
    many = [a_curve([0.5] * 1000, run_id=f"r-{number}", best=3) for number in range(1000)]
    figure = charts.learning_curves(many)
    assert sum(len(trace.x) for trace in figure.data) < 40 * 201 + 13
    assert sum(bool(trace.showlegend) for trace in figure.data) == 12


def test_the_best_epoch_of_every_run_is_marked():
    figure = charts.learning_curves([a_curve([0.5, 0.7, 0.6], best=2)])
    (mark,) = [trace for trace in figure.data if trace.mode == "markers"]
    assert (list(mark.x), list(mark.y)) == ([2], [70.0])
    assert mark.customdata[0][2] == "validation accuracy 70.0 %, epoch 2: its best epoch, kept as the model"


def test_the_title_of_learning_curves_names_who_got_furthest():
    curves = [a_curve([0.5, 0.941], name="Lite1"), a_curve([0.9, math.nan], name="Lite0")]
    assert charts.learning_curves_title(curves) == "Lite1 reaches the highest validation accuracy: 94.1 % in epoch 2"
    losses = [a_curve([0.5, 0.3], name="Lite1", metric="val_loss"), a_curve([0.4], name="Lite0", metric="val_loss")]
    assert charts.learning_curves_title(losses) == "Lite1 reaches the lowest validation loss: 0.3 in epoch 2"
    assert charts.learning_curves_title([a_curve([math.nan])]) == "How did the runs learn?"


def test_a_live_curve_shows_training_and_validation_and_the_epoch_of_the_lowest_validation_loss():
    epochs = [an_epoch(1, 0.5), an_epoch(2, 0.7, val_loss=0.1), an_epoch(3, 0.9, val_loss=math.nan)]
    training, validation, mark = charts.live_curve(epochs).data
    assert (training.name, validation.name) == ("training accuracy", "validation accuracy")
    assert list(mark.x) == [2]


# --- cost ---


def test_points_carry_percent_with_error_bars_and_the_cost_in_the_unit_of_the_axis():
    points = tradeoff.tradeoff_points(ROWS, "model_bytes")
    assert [point.run_id for point in points] == ["r-2", "r-1", "r-0"]
    best = points[0]
    assert (best.cost, best.accuracy) == (14.0, 82.0)
    assert (best.below, best.above) == pytest.approx((5.0, 4.0))
    assert best.words == "82.0 % ± 4.5, model size 14 MB"


def test_runs_without_a_measured_cost_are_not_drawn_as_free():
    rows = comparison.leaderboard(RUNS, {"r-0": COSTS["r-0"]})
    assert [point.run_id for point in tradeoff.tradeoff_points(rows)] == ["r-0"]
    with pytest.raises(InvalidInput, match="no run has both an accuracy and a measured energy"):
        charts.accuracy_vs_cost(rows, "energy_joules")


def test_the_front_line_joins_what_nothing_cheaper_beats():
    rows = comparison.leaderboard(
        [a_run("a", 0.7), a_run("b", 0.6), a_run("c", 0.9)], {"a": a_cost(1), "b": a_cost(5), "c": a_cost(9)}
    )
    line = charts.accuracy_vs_cost(rows).data[0]
    assert (list(line.x), list(line.y)) == ([1, 9], [70.0, 90.0])


def test_costs_that_span_decades_get_a_logarithmic_axis_with_written_out_ticks():
    wide = charts.accuracy_vs_cost(ROWS).layout.xaxis
    assert wide.type == "log"
    assert {"10", "100", "1,000"} <= set(wide.ticktext)
    assert wide.title.text == "training time (s)"
    assert charts.accuracy_vs_cost(ROWS, "model_bytes").layout.xaxis.type is None
    assert not look.spans_decades([0.0, 5.0])


def test_money_is_in_the_users_currency():
    figure = charts.accuracy_vs_cost(ROWS, "alone_money", currency="CHF")
    assert figure.layout.xaxis.title.text == "price (CHF)"
    assert "CHF" in figure.data[-1].customdata[0][2]


def test_a_click_on_a_point_knows_its_run():
    traces = charts.accuracy_vs_cost(ROWS).data[1:]
    assert [trace.customdata[0][0] for trace in traces] == ["r-2", "r-1", "r-0"]


def test_runs_beyond_the_twelfth_are_one_grey_trace():
    runs = [a_run(f"r-{number}", 0.5) for number in range(30)]
    figure = charts.accuracy_vs_cost(comparison.leaderboard(runs, {run.id: a_cost() for run in runs}))
    assert [len(trace.x) for trace in figure.data[1:]] == [18] + [1] * 12
    assert figure.data[1].marker.color == look.GREY


def test_runs_that_lie_close_together_are_named_in_a_legend_and_not_over_each_other():
    def chart_of(*seconds):
        runs = [a_run(f"r-{number}", name=f"Lite{number}") for number in range(len(seconds))]
        costs = {run.id: a_cost(alone_wall_seconds=value) for run, value in zip(runs, seconds, strict=True)}
        return charts.accuracy_vs_cost(comparison.leaderboard(runs, costs))

    assert not chart_of(10.0, 80.0).layout.showlegend
    assert chart_of(70.0, 80.0).layout.showlegend


def test_stages_show_what_was_paid_and_what_was_reused():
    costs = {"r-1": a_cost(alone=100.0, paid=10.0, stages={"Loading": 4.0, "Training": 6.0}), "r-2": a_cost(10.0, 10.0)}
    bars = tradeoff.stage_bars({"r-1": "Lite0", "r-2": "Lite1", "r-3": "unmeasured"}, costs)
    assert [(bar.name, bar.stage, bar.seconds) for bar in bars] == [
        ("Lite0", "Loading", 4.0),
        ("Lite0", "Training", 6.0),
        ("Lite0", "reused, not paid", 90.0),
        ("Lite1", "everything", 10.0),
    ]


def test_the_title_of_cost_stages_says_where_the_time_goes():
    run = a_run()
    stages = {"Computing features": 6.2, "Training": 3.8}
    assert (
        charts.cost_stages_title([run], {run.id: a_cost(10.0, 10.0, stages=stages)})
        == "Computing features takes 62 % of the time"
    )
    assert (
        charts.cost_stages_title([run], {run.id: a_cost(100.0, 10.0, stages=stages)}) == "Reuse saved 90 % of the time"
    )
    assert charts.cost_stages_title([run], {}) == "Where does the time go?"


# --- answers ---


def test_confusion_cells_are_shares_of_their_true_class():
    table = answer_charts.confusion_table(((3, 1), (0, 0)), ("rose", "tulip"))
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


def test_two_long_names_that_look_alike_when_cut_stay_apart():
    long = [f"{'x' * 60}{middle}{'y' * 60}" for middle in "ab"]
    assert len(set(look.distinct_labels(long))) == 2
    assert len(set(charts.class_balance(a_dataset(**dict.fromkeys(long, (1, 0, 0)))).data[0].y)) == 2


def test_an_unsure_answer_is_grey():
    predictions = [Prediction(class_name=name, probability=p) for name, p in (("rose", 0.4), ("tulip", 0.3))]
    assert set(charts.top_classes(predictions, unsure=True).data[0].marker.color) == {look.GREY}
    assert charts.top_classes(predictions).data[0].marker.color[0] == look.ACCENT
