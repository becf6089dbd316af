"""The bar of a stage says what is done and what is left."""

import pytest

from core.planning.remaining import StageTimes
from core.runs.values import Progress
from core.web.runs.stage_bar import left_text, stage_text

TIMES = StageTimes(usual={"Saving": 5.0, "Measuring": 3.0})


def at(stage, done=0, total=0, unit="", eta=None) -> Progress:
    return Progress(stage=stage, done=done, total=total, unit=unit, eta_seconds=eta, updated_at=100.0, started_at=100.0)


def test_near_its_end_a_run_is_almost_done():
    assert left_text(130.0) == "about 2 min left" and left_text(1.0) == "almost done"


@pytest.mark.parametrize(
    ("progress", "now", "text"),
    [
        (
            at("Computing features", 90, 700, "photos", 40.0),
            100.0,
            "Computing features: 90 of 700 photos, about 40 s left",
        ),
        (
            at("Computing features", 90, 700, "photos", 40.0),
            120.0,
            "Computing features: 90 of 700 photos, about 20 s left",
        ),
        (at("Computing features", 0, 700, "photos"), 130.0, "Computing features: 0 of 700 photos"),
        (at("Saving"), 103.0, "Saving the model: 3 s so far, about 2 s left"),
        (at("Saving"), 109.0, "Saving the model: 9 s so far, longer than usual"),
        (at("Saving"), 230.0, "Saving the model: 2 min 10 s so far, longer than usual"),
        (at("Downloading ResNet50", 14_000_000, 98_000_000, "bytes"), 100.0, "Downloading ResNet50: 14 MB of 98 MB"),
    ],
)
def test_what_is_done_and_left_of_a_stage_is_a_sentence(progress, now, text):
    assert stage_text(progress, TIMES, now, 600.0) == text


def test_a_stage_never_has_more_time_left_than_its_run():
    assert stage_text(at("Computing features", 1, 30, "photos", 900.0), TIMES, 100.0, 300.0).endswith(
        "about 5 min left"
    )


@pytest.mark.parametrize("measured", [3.0, 60.0, 4000.0])
def test_training_has_left_what_its_run_has_left_without_saving_however_fast_it_is_now(measured):
    assert stage_text(at("Training", 12, 30, "epochs", measured), TIMES, 100.0, 48.0).endswith("about 40 s left")
