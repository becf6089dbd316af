"""Behind the figures: single photos, classes, how sure a run may be."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from core.comparison.classes import ClassDifference, class_differences
from core.comparison.coverage import coverage, when_sure
from core.comparison.photos import compared_photos, photos_in_cell
from core.comparison.reliability import reliability
from core.comparison.statistics import mcnemar, newcombe
from core.errors import InvalidInput
from core.runs.metrics import calibration_error
from core.runs.predictions import Predictions

NAMES = ("cat", "dog", "eel")


def a_result(run_id="r-1", labels=(0, 0, 1, 1), given=(0, 1, 1, 0), sure=0.8, prefix="p") -> Predictions:
    """Photo i has digest ``p<i>``; ``sure`` is the probability of the class given, one number or one a photo."""
    n = len(labels)
    sure = np.broadcast_to(np.asarray(sure, float), n)
    probabilities = np.repeat(((1 - sure) / 2)[:, None], 3, axis=1)
    probabilities[np.arange(n), list(given)] = sure
    digests = tuple(f"{prefix}{number}" for number in range(n))
    return Predictions(run_id=run_id, digests=digests, labels=np.array(labels), probabilities=probabilities)


def random_result(run_id="r-1", n=500, classes=3, seed=0) -> Predictions:
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=n)
    scores = rng.normal(0, 1, (n, classes))
    scores[np.arange(n), labels] += 1.5
    powers = np.exp(scores)
    digests = tuple(f"p{number}" for number in range(n))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)


# --- single photos ---


def test_a_photo_comes_with_what_every_run_said_about_it():
    a, b = a_result("a"), a_result("b", given=(0, 0, 2, 0), sure=0.5)
    (photo,) = compared_photos([a, b], NAMES, ["p2"])
    assert (photo.digest, photo.true) == ("p2", "dog")
    assert photo.predictions == (("a", "dog", 0.8), ("b", "eel", 0.5))


def test_photos_nobody_answered_are_left_out_and_the_order_is_kept():
    found = compared_photos([a_result()], NAMES, ["p3", "other", "p0"])
    assert [photo.digest for photo in found] == ["p3", "p0"]


def test_a_cell_of_two_runs_begins_with_the_photos_only_one_of_them_put_there():
    labels = (0, 0, 0, 0)
    a = a_result("a", labels, given=(1, 1, 0, 0), sure=(0.9, 0.6, 0.9, 0.9))
    b = a_result("b", labels, given=(1, 0, 1, 0), sure=(0.7, 0.9, 0.8, 0.9))
    found = photos_in_cell(a, b, NAMES, "cat", "dog")
    assert [photo.digest for photo in found] == ["p2", "p1", "p0"]
    assert all(len(photo.predictions) == 2 and photo.true == "cat" for photo in found)


def test_a_cell_of_one_run_has_its_photos_surest_first():
    a = a_result("a", (0, 0, 0), given=(1, 1, 0), sure=(0.6, 0.9, 0.8))
    assert [photo.digest for photo in photos_in_cell(a, None, NAMES, "cat", "dog")] == ["p1", "p0"]
    assert photos_in_cell(a, None, NAMES, "eel", "dog") == ()


def test_an_unknown_class_is_named_with_those_there_are():
    with pytest.raises(InvalidInput, match="no class 'cow'. Choose from: cat, dog, eel"):
        photos_in_cell(a_result(), None, NAMES, "cat", "cow")


# --- classes ---


def test_classes_are_compared_on_their_own_photos():
    a = a_result("a", (0,) * 10 + (1,) * 10, given=(0,) * 10 + (1,) * 4 + (0,) * 6)
    b = a_result("b", (0,) * 10 + (1,) * 10, given=(0,) * 2 + (1,) * 8 + (1,) * 5 + (0,) * 5)
    cat, dog, eel = class_differences(a, b, NAMES)
    assert (cat.class_name, cat.photos, cat.recall_a, cat.recall_b) == ("cat", 10, 1.0, 0.2)
    assert cat.difference == pytest.approx(0.8) and (cat.low, cat.high) == newcombe(2, 8, 0, 0)[1:]
    assert cat.p_value == mcnemar(8, 0) and cat.adjusted_p == 2 * cat.p_value and not cat.tie
    assert dog.difference == pytest.approx(-0.1) and dog.tie
    assert eel == ClassDifference(class_name="eel", photos=0) and eel.tie is None
    turned = replace(b, digests=b.digests[::-1], labels=b.labels[::-1], probabilities=b.probabilities[::-1])
    assert class_differences(a, turned, NAMES) == (cat, dog, eel), "photos are told by their digest"


def test_recalls_by_class_are_those_of_scikit_learn():
    a, b = random_result("a"), random_result("b", seed=0)
    found = class_differences(a, b, NAMES)
    recalls = metrics.recall_score(a.labels, a.probabilities.argmax(axis=1), average=None)
    assert [one.recall_a for one in found] == pytest.approx(recalls.tolist())
    assert all(one.difference == 0 and one.low < 0 < one.high for one in found)


def test_runs_of_other_classes_have_no_classes_in_common():
    with pytest.raises(InvalidInput, match="are for 3 classes, but its dataset has 2. Train it again"):
        class_differences(a_result("a"), a_result("b"), ("cat", "dog"))


# --- reliability ---


def test_every_photo_lies_in_one_bin_and_the_bins_make_the_calibration_error():
    predictions = random_result()
    found = reliability(predictions)
    assert sum(one.photos for one in found.bins) == 500 and all(one.photos for one in found.bins)
    assert all(one.low < one.confidence <= one.high and 0 <= one.accuracy <= 1 for one in found.bins)
    gaps = sum(one.photos * abs(one.accuracy - one.confidence) for one in found.bins) / 500
    assert found.ece == pytest.approx(gaps) == calibration_error(predictions.probabilities, predictions.labels)


def test_the_brier_score_is_that_of_scikit_learn():
    predictions = random_result(seed=4)
    theirs = metrics.brier_score_loss(
        predictions.labels, predictions.probabilities, labels=range(3), scale_by_half=False
    )
    assert reliability(predictions).brier == pytest.approx(theirs)


def test_an_honest_run_lies_on_the_diagonal():
    predictions = a_result(labels=(0,) * 5, given=(0, 0, 0, 0, 1), sure=0.8)
    (only,) = reliability(predictions).bins
    assert (only.photos, only.accuracy) == (5, 0.8) and only.confidence == pytest.approx(0.8)


# --- coverage ---


def test_the_surest_answers_come_first_and_the_last_point_is_the_accuracy():
    predictions = a_result(labels=(0, 0, 0, 0), given=(0, 0, 1, 0), sure=(0.9, 0.8, 0.7, 0.6))
    points = coverage(predictions)
    assert [point.accuracy for point in points] == pytest.approx([1, 1, 2 / 3, 3 / 4])
    assert [point.coverage for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert points[-1].photos == 4 and points[-1].accuracy == predictions.accuracy


def test_photos_of_one_confidence_are_answered_together():
    points = coverage(a_result(labels=(0, 0, 0), given=(0, 1, 0), sure=(0.9, 0.7, 0.7)))
    assert [(point.photos, point.threshold) for point in points] == [(1, 0.9), (3, 0.7)]


def test_every_point_is_what_its_threshold_gives():
    predictions = random_result(n=200)
    confidence = predictions.probabilities.max(axis=1)
    for point in coverage(predictions, most=17):
        kept = confidence >= point.threshold
        assert point.photos == kept.sum() and point.accuracy == pytest.approx(predictions.correct[kept].mean())


def test_many_photos_make_few_points_and_both_ends_are_among_them():
    predictions = random_result(n=5000)
    points = coverage(predictions)
    assert len(points) <= 400 and points[0].photos == 1 and points[-1].coverage == 1.0
    assert all(a.coverage < b.coverage and a.threshold > b.threshold for a, b in zip(points, points[1:], strict=False))


def test_when_sure_counts_only_the_answers_that_are_sure():
    predictions = Predictions(
        run_id="r-1",
        digests=("a", "b", "c", "d"),
        labels=np.array([0, 0, 1, 1]),
        probabilities=np.array([[0.95, 0.05], [0.1, 0.9], [0.4, 0.6], [0.55, 0.45]]),
    )
    assert when_sure(predictions, 0.9) == (0.5, 0.5)
    assert when_sure(predictions, 0.5) == (0.5, 1.0)
    assert when_sure(predictions, 0.99) == (None, 0.0)
