"""The times of a run's stages."""

import pytest

from core.charts.stages import stages_chart
from core.errors import InvalidInput

STAGES = {"Training": 5.0, "Loading": 6.5, "Computing features": 7.5, "Measuring": 2.5}


def test_every_stage_has_a_bar_and_its_time_in_order():
    chart = stages_chart(STAGES)
    (bars,) = chart.figure.data
    assert list(bars.y) == ["Loading", "Computing features", "Training", "Evaluating"]
    assert list(bars.text) == ["6.5 s", "7.5 s", "5.0 s", "2.5 s"]
    assert chart.title == "Longest stage: Computing features, 7.5 s of 22 s"
    assert chart.rows()[0] == {"stage": "Loading", "seconds": 6.5}


def test_the_chart_of_a_running_run_has_room_for_the_stages_to_come():
    early = stages_chart({"Loading": 6.5}, "Loading")
    late = stages_chart(STAGES | {"Saving": 1.0}, "Measuring")
    assert list(early.figure.data[0].y) == list(late.figure.data[0].y)
    assert early.figure.layout.height == late.figure.layout.height
    assert list(early.figure.data[0].text) == ["6.5 s", "", "", "", ""]
    assert early.title == late.title == "Time of each stage so far"


def test_without_stages_there_is_nothing_to_draw():
    with pytest.raises(InvalidInput, match="no stage was measured"):
        stages_chart({})
