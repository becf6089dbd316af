"""Charts of what accuracy costs, and of where the time goes."""

from dataclasses import replace

import pytest

from core.charts import look, tradeoff
from core.charts.styles import run_colour
from core.charts.tradeoff import _ends, tradeoff_chart
from core.comparison import cost_axes
from core.comparison.table import leaderboard
from core.comparison.verdict import board_of, verdict
from core.errors import InvalidInput
from tests.chart_values import EVIL
from tests.comparison_values import a_cost, a_run

RUNS = [a_run(f"r-{number}", 0.8 + number / 100, name=f"{EVIL} {number}") for number in range(3)]
COSTS = {run.id: a_cost(alone=10.0 * 10**place, stages={"Training": 8.0}) for place, run in enumerate(RUNS)}
ROWS = leaderboard(RUNS, COSTS, rate_per_hour=1.0)


def test_points_carry_percent_with_error_bars_and_the_cost_in_the_unit_of_the_axis():
    points = tradeoff.tradeoff_points(ROWS, "model_bytes")
    assert [point.run_id for point in points] == ["r-2", "r-1", "r-0"]
    best = points[0]
    assert (best.cost, best.accuracy) == (14.0, 82.0)
    assert (best.below, best.above) == pytest.approx((5.0, 4.0))
    assert best.label == "82 % (77–86), model size 14 MB"


def test_runs_without_a_measured_cost_are_not_drawn_as_free():
    rows = leaderboard(RUNS, {"r-0": COSTS["r-0"]})
    assert [point.run_id for point in tradeoff.tradeoff_points(rows)] == ["r-0"]
    with pytest.raises(InvalidInput, match="no run has both an accuracy and a measured energy"):
        tradeoff_chart(rows, "energy_joules")


def test_the_front_line_joins_what_nothing_cheaper_beats():
    rows = leaderboard(
        [a_run("a", 0.7), a_run("b", 0.6), a_run("c", 0.9)], {"a": a_cost(1), "b": a_cost(5), "c": a_cost(9)}
    )
    line = tradeoff_chart(rows).figure.data[0]
    assert (list(line.x), list(line.y)) == ([1, 9], [70.0, 90.0])


def test_costs_that_span_decades_get_a_logarithmic_axis_with_written_out_ticks():
    wide = tradeoff_chart(ROWS).figure.layout.xaxis
    assert wide.type == "log"
    assert {"10", "100", "1,000"} <= set(wide.ticktext)
    assert wide.title.text == "training time (s)"
    assert tradeoff_chart(ROWS, "model_bytes").figure.layout.xaxis.type is None
    assert not look.spans_decades([0.0, 5.0])


def test_money_is_in_the_users_currency():
    figure = tradeoff_chart(ROWS, "alone_money", currency="CHF").figure
    assert figure.layout.xaxis.title.text == "training cost (CHF)"
    assert "CHF" in figure.data[-1].customdata[0][2]


def test_a_click_on_a_point_knows_its_run():
    traces = tradeoff_chart(ROWS).figure.data[1:]
    assert [trace.customdata[0][0] for trace in traces] == ["r-2", "r-1", "r-0"]


def test_runs_beyond_the_twelfth_are_one_faint_trace_in_their_own_colours():
    runs = [replace(a_run(f"r-{number:02}", 0.5), colour=number) for number in range(30)]
    figure = tradeoff_chart(leaderboard(runs, {run.id: a_cost() for run in runs})).figure
    assert [len(trace.x) for trace in figure.data[1:]] == [18] + [1] * 12
    assert list(figure.data[1].marker.color) == [run_colour(run) for run in runs[12:]]
    assert figure.data[1].marker.opacity < 1 and not figure.data[1].showlegend


def test_runs_that_lie_close_together_are_named_in_a_legend_and_not_over_each_other():
    def chart_of(*seconds):
        runs = [a_run(f"r-{number}", name=f"Lite{number} · fine-tuning (top 2)") for number in range(len(seconds))]
        costs = {run.id: a_cost(alone_wall_seconds=value) for run, value in zip(runs, seconds, strict=True)}
        return tradeoff_chart(leaderboard(runs, costs)).figure

    assert not chart_of(10.0, 80.0).layout.showlegend
    assert chart_of(60.0, 70.0, 80.0).layout.showlegend


def test_without_a_legend_as_many_are_named_as_fit_and_the_recommended_run_first():
    runs = [a_run(f"r-{number}", 0.9, name=f"Lite{number} · fine-tuning (top 2)") for number in range(30)]
    costs = {run.id: a_cost(alone_wall_seconds=70.0 + number) for number, run in enumerate(runs)}
    rows = leaderboard(runs, costs)
    found = verdict(board_of(runs, costs, {}, {}), fold=False)
    figure = tradeoff_chart(rows, verdict=found, legend=False).figure
    named = [text.strip() for trace in figure.data for text in trace.text or () if text.strip()]
    assert not figure.layout.showlegend and 0 < len(named) < 9
    assert named[0].startswith(f"Lite{found.recommended.run_id.removeprefix('r-')} ")


def test_where_a_name_does_not_fit_the_point_says_what_the_verdict_calls_it():
    runs = [a_run(f"r-{number}", 0.9, name=f"EfficientNet-Lite{number} · gradient boosting") for number in (0, 1)]
    costs = {run.id: a_cost(alone_wall_seconds=70.0 + 8 * number) for number, run in enumerate(runs)}
    rows = leaderboard(runs, costs)
    found = verdict(board_of(runs, costs, {}, {}), fold=False)
    figure = tradeoff_chart(rows, verdict=found, legend=False, width=120).figure
    named = [text.strip() for trace in figure.data for text in trace.text or () if text.strip()]
    assert "recommended" in named


def test_the_short_name_at_a_point_ends_with_what_tells_it_apart():
    assert _ends("Lite0 · feature extraction · seed 2") == "Lite0 … seed 2"
    assert _ends("Lite1 · feature extraction + logistic regression") == "Lite1 … regression"


@pytest.mark.parametrize("cost", cost_axes.COSTS)
def test_accuracy_can_be_drawn_against_every_cost_that_was_measured(cost):
    measured = {run.id: a_cost(device_seconds=3.0, energy_joules=9e4, peak_gpu_bytes=10**9) for run in RUNS}
    rows = leaderboard(RUNS, measured, rate_per_hour=1.0)
    figure = tradeoff_chart(rows, cost).figure
    assert figure.layout.xaxis.title.text.startswith(cost_axes.COSTS[cost].title)
    assert [row["run"] for row in tradeoff_chart(rows, cost).rows()] == ["r-2", "r-1", "r-0"]


def test_the_table_says_who_is_on_the_front():
    first, second, third = tradeoff_chart(ROWS, "alone_wall_seconds").rows()
    assert first["alone_wall_seconds"] == 1000.0
    assert (first["accuracy"], first["ci95_low"], first["ci95_high"]) == pytest.approx((82.0, 77.0, 86.0))
    assert [row["pareto_front"] for row in (first, second, third)] == [True, True, True]
    assert tradeoff_chart(ROWS, "alone_money", currency="CHF").rows()[0]["unit"] == "CHF"


def _board(accuracies):
    runs = [a_run(f"r-{number:02}", accuracy) for number, accuracy in enumerate(accuracies)]
    costs = {run.id: a_cost(100.0 + 10 * place) for place, run in enumerate(runs)}
    return leaderboard(runs, costs)


def test_grey_runs_far_below_the_others_lie_at_the_lower_edge_and_say_how_accurate_they_are():
    figure = tradeoff_chart(_board([0.9] * 14 + [0.1, 0.11])).figure
    (lower,) = [trace for trace in figure.data if trace.name == "2 runs below 85 %"]
    assert lower.marker.symbol == "triangle-down-open"
    assert set(lower.y) == {85.0}
    assert lower.customdata[0][2].startswith("11 % ") or lower.customdata[0][2].startswith("11.0 %")
    assert figure.layout.yaxis.range[0] < 85 < 94 < figure.layout.yaxis.range[1]


def test_runs_that_fit_on_the_axis_are_drawn_to_scale():
    for accuracies in ([0.9] * 14 + [0.84], [0.9] * 5 + [0.1]):
        figure = tradeoff_chart(_board(accuracies)).figure
        assert not any("below" in (trace.name or "") for trace in figure.data)
        assert figure.layout.yaxis.range is None


def test_the_title_says_what_the_verdict_says():
    (row,) = _board([0.9])
    found = verdict(board_of([row.run], {}, {}, {}), fold=False)
    assert tradeoff_chart([row], verdict=found).title == "r-00: 90 % (85–94) test accuracy"
    assert tradeoff_chart([row]).title == "Test accuracy against training time"
