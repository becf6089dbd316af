"""Progress of an addition in words; the cards are tested in tests/pages/test_backbones.py."""

import pytest

from core.backbones.additions import AdditionProgress
from core.jobs.background_additions import Addition
from core.web.backbones.progress import fraction, stage


def an_addition(state: str = "running", progress: AdditionProgress | None = None) -> Addition:
    return Addition(id="1", name="tiny", title="Tiny", kind="hub", source="a/b", state=state, progress=progress)


@pytest.mark.parametrize(
    "progress, words, part",
    [
        (None, "starting …", 0.0),
        (AdditionProgress(stage="Storing"), "storing …", 0.0),
        (AdditionProgress(stage="Downloading", done=12_000_000, total=48_000_000), "downloading: 12 MB of 48 MB", 0.25),
        (AdditionProgress(stage="Trying photos", done=3, total=4), "trying photos: 3 of 4", 0.75),
        (AdditionProgress(stage="Downloading", done=9, total=8), "downloading: 9 of 8", 1.0),
    ],
)
def test_the_stage_says_what_is_done_of_how_much(progress, words, part):
    addition = an_addition(progress=progress)
    assert (stage(addition), fraction(addition)) == (words, part)


def test_an_addition_waits_for_another_one():
    assert stage(an_addition("waiting")) == "waiting for another addition …"
