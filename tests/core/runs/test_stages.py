"""The stages of a run."""

from core.runs.stages import OPTIMISING, STAGES, in_order, stage_label


def test_stages_are_ordered_as_a_run_goes_through_them_whatever_was_recorded_first():
    measured = {"Combining": 1.0, "Training": 3.0, "Computing features": 2.0, OPTIMISING: 20.0, "Loading": 6.0}
    assert list(in_order(measured)) == ["Loading", OPTIMISING, "Computing features", "Training", "Combining"]
    assert in_order(measured) == measured


def test_every_stage_has_a_label_of_its_own_and_an_unknown_one_keeps_its_name():
    assert len({stage_label(name) for name in STAGES}) == len(STAGES)
    assert stage_label("Measuring") == "Evaluating"
    assert stage_label("Downloading ResNet50") == "Downloading ResNet50"
