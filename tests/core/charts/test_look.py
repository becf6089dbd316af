"""The promises every figure keeps, for one run and for five hundred."""

import json

import plotly.graph_objects as go
import pytest

from core import charts
from core.charts import look
from core.comparison import coverage, reliability
from core.comparison.depths import DepthPoint, DepthSeries
from core.comparison.thresholds import ThresholdPoint
from core.errors import InvalidInput
from core.models.predict import Prediction
from core.recipes.recipe import Pattern
from tests.chart_values import CLASSES, EVIL, a_dataset, a_map, a_photo, an_epoch, several
from tests.comparison_values import a_run

DEPTHS = [
    DepthPoint(
        depth=depth, run_ids=(f"r-{depth}",), accuracy=0.8, low=0.7, high=0.9, seconds=10.0 + depth, ms_per_photo=5.0
    )
    for depth in range(3)
]
THRESHOLDS = [ThresholdPoint(threshold=0.1 * n, accuracy=0.8, passed_on=0.1 * n, milliseconds=10.0) for n in range(9)]
ONE_RUN = {
    "class balance": lambda: charts.class_balance(a_dataset(**{EVIL: (3, 1, 1), "tulip": (2, 1, 1)})),
    "image sizes": lambda: charts.image_sizes([a_photo(640, 480), a_photo(100, 80)]),
    "live accuracy": lambda: charts.live_curve([an_epoch(1), an_epoch(2)]),
    "live loss": lambda: charts.live_curve([an_epoch(1), an_epoch(2)], "loss"),
    "confusion": lambda: charts.confusion(((2, 1), (0, 3)), (EVIL, "tulip")),
    "confusion of 300 classes": lambda: charts.confusion([[1] * 300] * 300, [f"{EVIL} {n}" for n in range(300)]),
    "confusion difference": lambda: charts.confusion_difference(
        ((2, 1), (0, 3)), ((1, 2), (0, 3)), (EVIL, "tulip"), (EVIL, "Lite0")
    ),
    "difference of 300 classes": lambda: charts.confusion_difference(
        [[1] * 300] * 300, [[2] * 300] * 300, [f"{EVIL} {n}" for n in range(300)], (EVIL, "Lite0")
    ),
    "top classes": lambda: charts.top_classes([Prediction(class_name=EVIL, probability=0.9)]),
    "depth": lambda: charts.over_depth([DepthSeries(name=EVIL, pattern=Pattern.FINE_TUNING, points=tuple(DEPTHS))]),
    "thresholds": lambda: charts.accuracy_by_threshold(THRESHOLDS, 0.5),
    "photo map": lambda: charts.photo_map(a_map(), CLASSES),
    "photo map of 50,000": lambda: charts.photo_map(a_map(50_000, 60), [f"{EVIL} {n}" for n in range(60)]),
}
SEVERAL_RUNS = {
    "accuracy vs cost": lambda found: charts.accuracy_vs_cost(found.rows),
    "accuracy vs memory": lambda found: charts.accuracy_vs_cost(found.rows, "peak_rss_bytes"),
    "learning curves": lambda found: charts.learning_curves(found.curves),
    "learning over time": lambda found: charts.learning_curves(found.curves, "wall"),
    "learning for money": lambda found: charts.learning_curves(found.curves, "paid"),
    "parallel coordinates": lambda found: charts.parallel_coordinates(found.rows, found.differing),
    "per class": lambda found: charts.per_class(found.evaluations, found.names),
    "reliability": lambda found: charts.reliability(
        [reliability(one) for one in found.results.values()],
        found.names,
        after=[reliability(one) for one in list(found.results.values())[:20]],
    ),
    "coverage": lambda found: charts.coverage_curves(
        {run_id: coverage(one) for run_id, one in found.results.items()}, found.names
    ),
}
FOUND = {runs: several(runs) for runs in (1, 3, 500)}
FIGURES = dict(ONE_RUN) | {
    f"{name} of {runs}": lambda draw=draw, runs=runs: draw(FOUND[runs])
    for name, draw in SEVERAL_RUNS.items()
    for runs in FOUND
}


@pytest.fixture(params=FIGURES, scope="module")
def figure(request) -> go.Figure:
    return FIGURES[request.param]()


def test_plotly_knows_everything_that_a_figure_says(figure):
    """Charts hand it over unchecked, so a misspelt setting would be left out without a word."""
    written = figure.to_json()
    assert json.loads(go.Figure(json.loads(written)).to_json()) == json.loads(written)


def test_no_figure_needs_webgl(figure):
    assert {trace.type for trace in figure.data} <= {"scatter", "bar", "heatmap"}


def test_no_figure_sends_more_than_20_000_points(figure):
    assert 0 < sum(_points(trace) for trace in figure.data) <= 20_000


def _points(trace) -> int:
    if trace.type == "heatmap":
        return sum(len(row) for row in trace.z)
    return max(len(values) for values in (trace.x, trace.y) if values is not None)


def test_no_figure_is_megabytes_large(figure):
    assert len(figure.to_json()) < 4_000_000


def test_every_figure_takes_ground_font_and_text_colour_from_the_page_so_that_a_saved_picture_can_be_read(figure):
    assert figure.layout.paper_bgcolor is None and figure.layout.plot_bgcolor is None
    assert figure.layout.font.family is None
    assert figure.layout.font.color is None
    assert figure.layout.title.text is None, "the sentence above it wraps; Plotly's titles do not"


def test_every_figure_keeps_its_zoom_when_it_is_redrawn(figure):
    assert figure.layout.uirevision


def test_all_hovers_have_one_format(figure):
    for trace in figure.data:
        if trace.hoverinfo == "skip":
            continue
        if trace.hovertemplate == look.HOVER:
            assert {len(entry) >= 3 for entry in _entries(trace.customdata)} == {True}
        else:
            name, _, rest = trace.hovertemplate.partition("</b><br>")
            assert name == "<b>%{meta[0]}"
            assert rest.endswith("<extra></extra>")
            assert len(trace.meta) == 1


def test_markup_in_names_stays_text(figure):
    layout = figure.to_plotly_json()["layout"]
    names = json.dumps([layout.get(key) for key in ("xaxis", "yaxis", "annotations")], default=list)
    for trace in figure.data:
        hovers = [entry[1:3] for entry in _entries(trace.customdata)]
        names += json.dumps([trace.name, _plain(trace.text), _plain(trace.meta), hovers])
        names += json.dumps([value for axis in ("x", "y") for value in _plain(trace[axis]) if isinstance(value, str)])
        names += (trace.hovertemplate or "").replace("<b>", "", 1)
    assert "<b>" not in names
    assert "<a" not in names


def _plain(values) -> list:
    return [] if values is None else [values] if isinstance(values, str) else list(values)


def _entries(customdata):
    """Lists of values; single numbers are no text."""
    return [list(entry) for entry in ([] if customdata is None else customdata) if not isinstance(entry, (int, float))]


def test_every_axis_of_numbers_names_what_it_shows(figure):
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        assert axis.type == "category" or axis.title.text or axis.ticktext or axis.visible is False


def test_a_legend_names_at_most_as_many_runs_as_have_a_look_of_their_own(figure):
    named = [trace for trace in figure.data if trace.showlegend is not False and trace.name]
    assert not figure.layout.showlegend or len(named) <= 16


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
        lambda: charts.top_classes([]),
        lambda: charts.parallel_coordinates([], []),
        lambda: charts.per_class({}, {}),
        lambda: charts.reliability([], {}),
        lambda: charts.coverage_curves({}, {}),
        lambda: charts.photo_map(a_map(0), CLASSES),
        lambda: charts.confusion([], []),
        lambda: charts.over_depth([]),
    ):
        with pytest.raises(InvalidInput, match="There is nothing to draw"):
            draw()


TITLES = {
    "cost": lambda found: charts.accuracy_vs_cost_title(found.rows, ()),
    "curves": lambda found: charts.learning_curves_title(found.curves),
    "parallel": lambda found: charts.parallel_coordinates_title(found.rows, found.differing),
    "classes": lambda found: charts.per_class_title(found.evaluations, found.names),
    "reliability": lambda found: charts.reliability_title(
        [reliability(one) for one in found.results.values()], found.names
    ),
    "coverage": lambda found: charts.coverage_curves_title(
        {run_id: coverage(one) for run_id, one in found.results.items()}, found.names
    ),
}


@pytest.mark.parametrize("runs", FOUND)
@pytest.mark.parametrize("title", TITLES)
def test_every_title_is_one_sentence(title, runs):
    said = TITLES[title](FOUND[runs])
    assert said
    assert "\n" not in said
    assert not said.endswith(".")


ROWS = {
    "cost": lambda found: charts.accuracy_vs_cost_rows(found.rows),
    "curves": lambda found: charts.learning_curves_rows(found.curves, "paid"),
    "parallel": lambda found: charts.parallel_coordinates_rows(found.rows, found.differing),
    "classes": lambda found: charts.per_class_rows(found.evaluations, found.names),
    "reliability": lambda found: charts.reliability_rows(
        [reliability(one) for one in found.results.values()], found.names
    ),
    "coverage": lambda found: charts.coverage_curves_rows(
        {run_id: coverage(one) for run_id, one in found.results.items()}, found.names
    ),
    "confusion": lambda found: charts.confusion_rows(found.evaluations[found.ids[0]].confusion, CLASSES),
    "difference": lambda found: charts.confusion_difference_rows(
        *[found.evaluations[found.ids[place]].confusion for place in (0, -1)], CLASSES, ("A", "B")
    ),
    "map": lambda found: charts.photo_map_rows(a_map(), CLASSES),
    "depth": lambda found: charts.over_depth_rows(
        [DepthSeries(name="x", pattern=Pattern.FINE_TUNING, points=tuple(DEPTHS))]
    ),
    "thresholds": lambda found: charts.accuracy_by_threshold_rows(THRESHOLDS),
}


@pytest.mark.parametrize("table", ROWS)
def test_every_table_has_one_set_of_plain_columns(table):
    rows = ROWS[table](FOUND[3])
    assert rows
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert all(isinstance(value, (str, int, float, bool, type(None))) for row in rows for value in row.values())


def test_a_run_looks_the_same_on_every_chart_of_a_page():
    found, styles = FOUND[3], charts.run_styles(FOUND[500].ids[:5] + FOUND[3].ids)
    run_id = found.ids[1]
    marker = next(t for t in charts.accuracy_vs_cost(found.rows, styles=styles).data if _is_of(t, run_id)).marker
    line = next(t for t in charts.coverage_curves({run_id: coverage(found.results[run_id])}, {}, styles=styles).data)
    assert marker.color == line.line.color == styles[run_id].colour
    assert marker.symbol == line.marker.symbol == styles[run_id].symbol


def _is_of(trace, run_id) -> bool:
    return trace.customdata is not None and trace.customdata[0][0] == run_id


def test_a_run_that_is_not_among_the_styles_of_the_page_is_grey():
    figure = charts.accuracy_vs_cost(FOUND[1].rows, styles=charts.run_styles([a_run("r-other").id]))
    assert figure.data[-1].marker.color == look.GREY
