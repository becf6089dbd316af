"""From which distance on a photo is unlike training, and how often an ordinary photo is taken for one."""

import numpy as np
import pytest

from core.models.novelty import NEIGHBOURS, Novelty, fit_threshold, novelty_of


@pytest.mark.parametrize(
    ("photos", "rate"), [(19, 1 / 20), (50, 1 / 51), (99, 0.01), (341, 3 / 342), (2000, 20 / 2001)]
)
def test_ordinary_photos_are_above_the_threshold_as_rarely_as_is_said(photos, rate):
    generator = np.random.default_rng(photos)
    alarms = []
    for _ in range(400):
        found = fit_threshold(generator.gamma(5, 1, photos))
        assert found.false_alarms == pytest.approx(rate) and found.photos == photos
        alarms.append(np.mean([found.is_unlike(one) for one in generator.gamma(5, 1, 200)]))
    assert np.mean(alarms) == pytest.approx(rate, abs=4 * np.std(alarms) / 20)


def test_a_threshold_needs_nineteen_validation_photos():
    found = fit_threshold(np.arange(18.0))
    assert found.threshold is None and not found.is_unlike(1e9)
    assert found.problem == "Too few validation photos to say what is unlike training: 19 needed, 18 there."


def test_equal_distances_raise_no_alarm():
    found = fit_threshold(np.full(200, 0.4))
    assert not found.is_unlike(0.4) and found.is_unlike(0.41)


def test_novelty_is_the_mean_distance_to_the_nearest_training_photos():
    row = np.array([[0.9, 0.1, 0.5, 0.3, 0.7]])
    assert novelty_of(row)[0] == pytest.approx(np.mean(sorted(row[0])[:NEIGHBOURS]))
    assert novelty_of(np.array([[0.2, 0.4]]))[0] == pytest.approx(0.3), "fewer training photos than neighbours"


def test_sentences_give_the_rate_of_false_alarms():
    unlike = Novelty(unlike=True, distance=1.0, threshold=0.5, false_alarms=0.0098, photos=341)
    assert unlike.sentence == (
        "Unlike anything in training: the confidence of the prediction does not hold for such a photo. "
        "False alarms: at most 1 in 102 ordinary photos."
    )
    like = Novelty(unlike=False, distance=0.1, threshold=0.5, false_alarms=0.05, photos=19)
    assert like.sentence == "Like the training photos. False alarms: at most 1 in 20 ordinary photos."
    assert Novelty(problem="Not measured: why.").sentence == "Not measured: why."
