"""The threshold of a confidence cascade is the most accurate on validation photos."""

import numpy as np

from core.models.cascades.thresholds import best, combined, curve


def test_of_equally_accurate_thresholds_the_one_that_passes_fewest_photos_on_is_taken():
    labels = np.array([0, 0, 0, 0])
    cheap = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.45, 0.55]])
    costly = np.array([[0.9, 0.1], [0.8, 0.2], [0.8, 0.2], [0.9, 0.1]])
    point = best(curve(cheap, costly, labels))
    assert (point.accuracy, point.passed_on) == (1.0, 0.5)
    assert 0.7 < point.threshold <= 0.8
    rows, passed_on = combined(cheap, costly, point.threshold)
    np.testing.assert_array_equal(rows, [*cheap[:2], *costly[2:]])
    assert passed_on == 0.5


def test_many_photos_give_a_curve_of_about_a_hundred_points():
    generator = np.random.default_rng(0)
    cheap, costly = generator.dirichlet(np.ones(5), (2, 3000))
    points = curve(cheap, costly, generator.integers(0, 5, 3000))
    assert 90 <= len(points) <= 101
    assert np.diff([point.passed_on for point in points]).max() < 0.02
