"""Badges and sentences about how sure the models are of a photo."""

import pytest

from core.models.conformal import PredictionSet
from core.models.novelty import Novelty
from core.models.predict import Prediction
from core.text.units import plain
from core.web.predict import doubt
from core.web.predict.doubt import badges


def prediction(*classes, by_class=(), novelty=None, problem="", **changes):
    overall = PredictionSet(confidence=0.95, by_class=False, classes=classes, photos=40, problem=problem)
    conditional = PredictionSet(confidence=0.95, by_class=True, classes=by_class or classes, photos=40)
    return Prediction(
        run_id="r", title="t", prediction_set=overall, class_prediction_set=conditional, novelty=novelty, **changes
    )


def test_a_photo_that_all_models_are_sure_of_has_no_badge():
    assert badges([prediction("rose"), prediction("tulip", novelty=Novelty(distance=0.1))]) == []
    assert badges([Prediction(run_id="r", title="t")]) == []


def test_the_least_sure_model_decides_the_badge():
    (badge,) = badges([prediction("rose"), prediction("rose", "tulip", "daisy"), prediction()])
    assert "one of 3" in badge
    (badge,) = badges([prediction("rose"), prediction()])
    assert "none at 95 %" in badge
    unlike = prediction("rose", novelty=Novelty(unlike=True))
    assert ["unlike training" in one for one in badges([unlike])] == [True]


def test_a_set_without_a_promise_is_no_badge():
    assert badges([prediction(problem="Too few validation photos.")]) == []


@pytest.fixture
def drawn(monkeypatch):
    """(text, help) of every line that is drawn."""
    lines = []
    monkeypatch.setattr(doubt.st, "markdown", lambda text, help=None: lines.append((text, help)))
    return lines


def test_a_line_gives_the_set_and_its_help_the_promise_for_all_and_for_each_class(drawn):
    doubt.show_doubt(prediction("*rose*", by_class=("rose", "tulip")))
    ((text, help),) = drawn
    assert text == plain("With 95 % confidence: *rose*.") != "With 95 % confidence: *rose*."
    assert help == plain(
        "Of photos like the 40 validation photos at least 95 % have their true class in such a set. "
        "For every class by itself: with 95 % confidence one of 2: rose and tulip."
    )


def test_a_photo_unlike_training_says_so_first(drawn):
    novelty = Novelty(
        unlike=True, distance=1.2, threshold=0.9, false_alarms=0.01, photos=99, source="features of Lite0"
    )
    doubt.show_doubt(prediction("rose", novelty=novelty))
    assert "unlike training" in drawn[0][0] and "rose" in drawn[1][0]
    assert plain("1.20 in the features of Lite0, and farther than 0.90 is unusual.") in drawn[0][1]
    assert plain("at most 1 in 100 ordinary photos") in drawn[0][1]


def test_too_few_photos_are_said(drawn):
    doubt.show_doubt(prediction(problem="Too few validation photos."))
    assert drawn[0][0] == plain("Too few validation photos.")


def test_the_reason_why_a_photo_was_not_compared_is_in_the_help(drawn):
    doubt.show_doubt(prediction("rose", novelty=Novelty(problem="Not measured: why.")))
    ((_, help),) = drawn
    assert help.endswith(plain("Not measured: why."))


def test_where_nobody_asked_nothing_is_drawn(drawn):
    doubt.show_doubt(Prediction(run_id="r", title="t"))
    assert drawn == [] and doubt.remark(Prediction(run_id="r", title="t")) == ""


@pytest.mark.parametrize(
    ("novelty", "said"),
    [
        (Novelty(distance=0.2, threshold=0.9, false_alarms=0.01), "like the training photos"),
        (Novelty(problem="Not measured: why."), "not compared with training photos"),
        (Novelty(unlike=True), ""),
    ],
)
def test_the_small_print_names_ordinary_photos(novelty, said):
    assert doubt.remark(prediction("rose", novelty=novelty)) == said
