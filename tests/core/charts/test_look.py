"""The promises every figure keeps, for one run and for five hundred."""

import json
from dataclasses import replace

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.charts import Chart, config, look
from core.charts.confusion import confusion_chart
from core.charts.confusion_difference import confusion_difference_chart
from core.charts.coverage import coverage_chart
from core.charts.curves import curves_chart
from core.charts.dataset import class_balance_chart, image_sizes_chart
from core.charts.depth import depth_chart
from core.charts.embedding import embedding_chart
from core.charts.growth import gains_chart, growth_chart
from core.charts.live import live_chart
from core.charts.look import shade
from core.charts.parallel import parallel_chart
from core.charts.per_class import per_class_chart
from core.charts.race import race_chart
from core.charts.reliability import reliability_chart
from core.charts.stages import stages_chart
from core.charts.styles import RUN_COLOURS, run_colour, run_styles
from core.charts.thresholds import thresholds_chart
from core.charts.tradeoff import tradeoff_chart
from core.comparison.coverage import coverage
from core.comparison.depths import DepthPoint, DepthSeries
from core.comparison.race import race
from core.comparison.reliability import reliability
from core.errors import InvalidInput
from core.models.cascades.thresholds import ThresholdPoint
from core.recipes.patterns import Pattern
from core.runs.colours import PLACES
from tests.chart_values import CLASSES, EVIL, a_dataset, a_growth, a_map, a_photo, an_epoch, looks, several

DEPTHS = [
    DepthPoint(
        depth=depth, run_ids=(f"r-{depth}",), accuracy=0.8, low=0.7, high=0.9, seconds=10.0 + depth, ms_per_photo=5.0
    )
    for depth in range(3)
]
THRESHOLDS = [ThresholdPoint(threshold=0.1 * n, accuracy=0.8, passed_on=0.1 * n, milliseconds=10.0) for n in range(9)]
CHARTS_OF_ONE = {
    "class balance": lambda: class_balance_chart(a_dataset(**{EVIL: (3, 1, 1), "tulip": (2, 1, 1)})),
    "image sizes": lambda: image_sizes_chart([a_photo(640, 480), a_photo(100, 80)]),
    "live accuracy": lambda: live_chart([an_epoch(1), an_epoch(2)]),
    "stages": lambda: stages_chart({"Loading": 6.5, EVIL: 3.0}),
    "live loss": lambda: live_chart([an_epoch(1), an_epoch(2)], "loss"),
    "confusion": lambda: confusion_chart(((2, 1), (0, 3)), (EVIL, "tulip")),
    "confusion of 300 classes": lambda: confusion_chart([[1] * 300] * 300, [f"{EVIL} {n}" for n in range(300)]),
    "confusion difference": lambda: confusion_difference_chart(
        ((2, 1), (0, 3)), ((1, 2), (0, 3)), (EVIL, "tulip"), (EVIL, "Lite0")
    ),
    "difference of 300 classes": lambda: confusion_difference_chart(
        [[1] * 300] * 300, [[2] * 300] * 300, [f"{EVIL} {n}" for n in range(300)], (EVIL, "Lite0")
    ),
    "depth": lambda: depth_chart(
        [DepthSeries(name=EVIL, pattern=Pattern.FINE_TUNING, points=tuple(DEPTHS))], styles=looks()
    ),
    "thresholds": lambda: thresholds_chart(THRESHOLDS, 0.5),
    "growth": lambda: growth_chart(a_growth(EVIL), 2),
    "gains": lambda: gains_chart(a_growth(EVIL).curves[0]),
    "embedding": lambda: embedding_chart(a_map(), CLASSES),
    "embedding of 50,000": lambda: embedding_chart(a_map(50_000, 60), [f"{EVIL} {n}" for n in range(60)]),
}
CHARTS_OF_SEVERAL = {
    "accuracy against cost": lambda found: tradeoff_chart(found.rows),
    "accuracy against memory": lambda found: tradeoff_chart(found.rows, "peak_rss_bytes"),
    "curves": lambda found: curves_chart(found.curves, styles=looks()),
    "curves over time": lambda found: curves_chart(found.curves, "wall", styles=looks()),
    "curves over time spent": lambda found: curves_chart(found.curves, "paid", styles=looks()),
    "parallel coordinates": lambda found: parallel_chart(found.rows, found.differing),
    "race": lambda found: race_chart(race([row.run for row in found.rows], found.epochs, {}, {})),
    "per class": lambda found: per_class_chart(found.evaluations, found.names, styles=looks()),
    "reliability": lambda found: reliability_chart(
        [reliability(one) for one in found.predictions.values()],
        found.names,
        after=[reliability(one) for one in list(found.predictions.values())[:20]],
        styles=looks(),
    ),
    "coverage": lambda found: coverage_chart(
        {run_id: coverage(one) for run_id, one in found.predictions.items()}, found.names, styles=looks()
    ),
}
FOUND = {runs: several(runs) for runs in (1, 3, 500)}
CHARTS = dict(CHARTS_OF_ONE) | {
    f"{name} of {runs}": lambda draw=draw, runs=runs: draw(FOUND[runs])
    for name, draw in CHARTS_OF_SEVERAL.items()
    for runs in FOUND
}


@pytest.fixture(params=CHARTS, scope="module")
def chart(request) -> Chart:
    return CHARTS[request.param]()


@pytest.fixture(scope="module")
def figure(chart) -> go.Figure:
    return chart.figure


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
    assert class_balance_chart(a_dataset(**{name: (1, 0, 0)})).figure.layout.yaxis.type == "category"
    assert confusion_chart(((1,),), (name,)).figure.layout.xaxis.type == "category"


def test_a_chart_of_nothing_is_refused_with_a_sentence():
    for draw in (
        lambda: curves_chart([], styles=looks()),
        lambda: live_chart([]),
        lambda: image_sizes_chart([]),
        lambda: tradeoff_chart([]),
        lambda: parallel_chart([], []),
        lambda: per_class_chart({}, {}, styles=looks()),
        lambda: reliability_chart([], {}, styles=looks()),
        lambda: coverage_chart({}, {}, styles=looks()),
        lambda: embedding_chart(a_map(0), CLASSES),
        lambda: confusion_chart([], []),
        lambda: depth_chart([], styles=looks()),
        lambda: growth_chart(replace(a_growth(), curves=()), 2),
        lambda: gains_chart(replace(a_growth().curves[0], classes=())),
    ):
        with pytest.raises(InvalidInput, match="There is nothing to draw"):
            draw()


def test_every_title_is_one_sentence(chart):
    assert chart.title
    assert "\n" not in chart.title
    assert not chart.title.endswith(".")


def test_every_table_has_one_set_of_plain_columns(chart):
    rows = chart.rows()
    assert rows
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    assert all(isinstance(value, (str, int, float, bool, type(None))) for row in rows for value in row.values())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, PLACES - 1), min_size=3, max_size=3, unique=True))
def test_a_run_has_its_own_colour_and_no_other_in_every_chart_of_a_page(places):
    rows = [replace(row, run=replace(row.run, colour=place)) for row, place in zip(FOUND[3].rows, places, strict=True)]
    styles, known = run_styles(row.run for row in rows), FOUND[3]
    measured = {run_id: reliability(one) for run_id, one in known.predictions.items()}
    covered = {run_id: coverage(one) for run_id, one in known.predictions.items()}
    charts = {
        "cost": tradeoff_chart(rows),
        "parallel": parallel_chart(rows, known.differing),
        "curves": curves_chart(known.curves, styles=styles),
        "classes": per_class_chart(known.evaluations, known.names, styles=styles),
        "reliability": reliability_chart(list(measured.values()), known.names, styles=styles),
        "coverage": coverage_chart(covered, known.names, styles=styles),
        "race": race_chart(race([row.run for row in rows], known.epochs, {}, {})),
    }
    own = {run_colour(row.run) for row in rows}
    for name, chart in charts.items():
        written = chart.figure.to_json()
        shown = {colour for colour in RUN_COLOURS if colour in written or shade(colour, 0.6)[:-5] in written}
        assert shown == own, name
        for trace in chart.figure.data:
            owner = next((run_id for run_id in known.ids if trace.legendgroup == run_id or _is_of(trace, run_id)), None)
            if owner and name != "parallel" and isinstance(trace.marker.color, str):
                assert trace.marker.color == styles[owner].colour, name


def _is_of(trace, run_id) -> bool:
    """Whether its points belong to this run."""
    return trace.customdata is not None and isinstance(trace.customdata[0], list) and trace.customdata[0][0] == run_id


def test_a_chart_is_saved_as_svg_or_as_sharp_png_under_a_name_of_its_own():
    assert config()["toImageButtonOptions"] == {"format": "svg", "filename": "graft"}
    saved = config("png", "clothing v2: cost/time")["toImageButtonOptions"]
    assert saved == {"format": "png", "filename": "clothing-v2-cost-time", "scale": 2}
    assert config("png", "../..")["toImageButtonOptions"]["filename"] == "graft"
    with pytest.raises(InvalidInput, match="svg or png. Received: 'exe'"):
        config("exe")


def test_an_axis_of_time_has_a_unit_that_reads_well():
    assert look.time_unit(90) == (1.0, "s")
    assert look.time_unit(1800) == (60.0, "min")
    assert look.time_unit(5 * 3600) == (3600.0, "h")
    assert look.time_unit(9 * 86_400) == (86_400.0, "d")
