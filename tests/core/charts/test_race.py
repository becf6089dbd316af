"""The race of the runs of a launch."""

from dataclasses import replace

from core.charts.race import HEIGHT, race_chart
from core.comparison.race import Racer, race
from core.runs.values import Status
from tests.chart_values import an_epoch
from tests.comparison_values import a_run


def racers(*finals, ended=False):
    runs = [a_run(f"r-{n}", 0.9 if ended else None, name=f"Run {n}") for n in range(len(finals))]
    epochs = {run.id: [an_epoch(1, 0.5), an_epoch(2, final)] for run, final in zip(runs, finals, strict=True) if final}
    return race(runs, epochs, {}, {})


def test_a_run_with_epochs_is_a_line_with_a_marker_and_a_run_without_is_a_marker():
    point = Racer(run=a_run("r-9", name="Classifier"), seconds=(30.0,), accuracies=(0.6,), kept=0)
    traces = race_chart([*racers(0.8), point]).figure.data
    assert [(trace.name, trace.mode) for trace in traces] == [
        ("Run 0", "lines"), ("Classifier", "markers"), ("Run 0", "markers"),
    ]  # fmt: skip
    line, one, kept = traces
    assert list(line.x) == [2.0, 4.0] and list(line.y) == [50.0, 80.0]
    assert (list(one.x), list(one.y), list(kept.x), list(kept.y)) == ([30.0], [60.0], [4.0], [80.0])


def test_before_the_first_accuracy_there_are_axes_of_the_same_size():
    empty, some = race_chart(racers(None, None)), race_chart(racers(0.8))
    assert len(empty.figure.data) == 0 and empty.rows() == []
    assert empty.figure.layout.height == some.figure.layout.height == HEIGHT
    assert empty.title.endswith("?")
    assert empty.caption == some.caption, "nothing below the chart moves"


def test_the_axes_grow_in_steps():
    ends = set()
    for epochs in range(2, 60):
        run = a_run("r-1", None)
        chart = race_chart(race([run], {"r-1": [an_epoch(n, 0.8) for n in range(1, epochs)]}, {}, {}))
        ends.add(chart.figure.layout.xaxis.range[1])
    assert ends == {20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0, 150.0}
    assert race_chart(racers(0.8)).figure.layout.yaxis.range[0] == 40.0


def test_a_marker_at_the_end_of_the_axis_is_drawn_whole():
    point = Racer(run=a_run("r-9", name="Classifier"), seconds=(80.0,), accuracies=(0.6,), kept=0)
    figure = race_chart([point]).figure
    assert figure.layout.xaxis.range[1] == figure.data[0].x[0] == 80.0 and figure.data[0].cliponaxis is False


def test_its_title_names_the_highest_accuracy():
    assert race_chart(racers(0.8, 0.9)).title == "Highest validation accuracy so far: 90.0 %, Run 1 after 4.0 s"
    assert race_chart(racers(0.8, 0.9, ended=True)).title.startswith("Highest validation accuracy: 90.0 %")


def test_zoom_is_kept_while_the_same_runs_are_shown():
    first, later = (race_chart(racers(value), revision="d-1").figure.layout.uirevision for value in (0.7, 0.9))
    assert first == later != race_chart(racers(0.7), revision="d-2").figure.layout.uirevision


def test_fifty_runs_are_fifty_lines_and_few_points():
    runs = [replace(a_run(f"r-{n}", None), status=Status.RUNNING) for n in range(50)]
    epochs = {run.id: [an_epoch(n, 0.5 + n / 2000) for n in range(1, 1000)] for run in runs}
    chart = race_chart(race(runs, epochs, {}, {}))
    assert len(chart.figure.data) == 100
    assert sum(len(trace.x) for trace in chart.figure.data) <= 20_000
    assert len(chart.rows()) == 50 * 999
