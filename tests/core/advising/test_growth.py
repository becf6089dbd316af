"""Power laws, their forecasts and their bands."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core.advising.growth import Growth, LearningCurve, PowerLaw, all_fitted, curve_of, fitted, gains_of, resampled

SIZES = (40, 80, 160, 320, 640)


def make_right(a=1.0, b=0.5, c=0.05, validation=400, sizes=SIZES, repetitions=4):
    """Probes whose errors follow a power law, with the chance of drawing photos."""
    generator = np.random.default_rng(0)
    difficulty = generator.random(validation)
    law = PowerLaw(a=a, b=b, c=c)
    rows = [[difficulty < law.accuracy(size) for size in sizes] for _ in range(repetitions)]
    return np.array(rows) ^ (generator.random((repetitions, len(sizes), validation)) < 0.01)


def make_growth(dataset_id="d-flowers1", **changes) -> Growth:
    right = make_right()
    law, forecasts = curve_of(right, SIZES, (1.5, 2.0, 4.0, 0.1, 0.5, 1.0, 2.0))
    labels = np.arange(400) % 2
    curve = LearningCurve(
        title="EfficientNet-Lite0",
        size=224,
        photos=SIZES,
        accuracies=tuple(right.mean(axis=(0, 2)).tolist()),
        law=law,
        forecasts=forecasts[:3],
        band=forecasts[3:],
        classes=gains_of(right, SIZES, labels, ("daisy", "rose"), (320, 320)),
    )
    values = {"dataset_id": dataset_id, "curves": (curve,), "photos": 640, "validation": 400, "seconds": 1.0}
    return Growth(**values | changes)


@pytest.mark.parametrize(
    ("a", "b", "c", "within"), [(1.0, 0.5, 0.05, 0.003), (2.0, 0.75, 0.0, 0.003), (0.5, 0.25, 0.02, 0.014)]
)
def test_errors_that_follow_a_power_law_are_forecast(a, b, c, within):
    law = PowerLaw(a=a, b=b, c=c)
    found = fitted(SIZES, np.array([a * size**-b + c for size in SIZES]))
    assert found.accuracy(2560) == pytest.approx(law.accuracy(2560), abs=within)


@pytest.mark.parametrize(("a", "b", "c", "error"), [(1.0, 0.5, 0.05, 0.0117), (2.0, 0.75, 0.0, 0.0078)])
def test_noise_of_a_point_is_not_taken_for_a_slow_law(a, b, c, error):
    """The law with the smallest squared differences has an error of 0.0126 and 0.0087 here."""
    law = PowerLaw(a=a, b=b, c=c)
    noise = np.random.default_rng(0).normal(0, 0.01, (300, len(SIZES)))
    found = all_fitted(SIZES, np.array([a * size**-b + c for size in SIZES]) + noise)
    off = np.array([one.accuracy(1280) - law.accuracy(1280) for one in found])
    assert np.sqrt((off**2).mean()) < error


def test_many_laws_are_those_of_each():
    errors = 1 - resampled(make_right(), 5)
    assert all_fitted(SIZES, errors) == [fitted(SIZES, row) for row in errors]


def test_errors_that_do_not_fall_stay():
    assert fitted(SIZES, np.full(5, 0.3)).accuracy(10_000) == pytest.approx(0.7)
    rising = fitted(SIZES, np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    assert rising.accuracy(10_000) <= 0.7


def test_no_error_is_forecast_below_zero():
    found = fitted(SIZES, np.array([0.5, 0.25, 0.1, 0.01, 0.0]))
    assert 0.9 < found.accuracy(10_000) <= 1.0 and found.a >= 0 and found.c >= 0


def test_the_band_has_the_forecast_inside_and_grows_with_the_distance():
    _, forecasts = curve_of(make_right(validation=100), SIZES, (1.5, 8.0))
    near, far = forecasts
    assert near.low <= near.accuracy <= near.high and far.low <= far.accuracy <= far.high
    assert near.photos == 960
    few, _ = (curve_of(make_right(validation=many), SIZES, (2.0,))[1][0] for many in (50, 2000))
    many = curve_of(make_right(validation=2000), SIZES, (2.0,))[1][0]
    assert few.high - few.low > many.high - many.low


def test_a_band_of_80_percent_has_the_truth_more_often_than_not():
    truth = PowerLaw(a=1.0, b=0.5, c=0.05).accuracy(1280)
    (found,) = curve_of(make_right(validation=1000), SIZES, (2.0,))[1]
    assert found.low - 0.02 <= truth <= found.high + 0.02


def test_the_class_whose_errors_fall_gains_most():
    falling, flat = make_right(a=2.0, b=0.4, c=0.0, validation=200), make_right(a=0.0, c=0.1, validation=200)
    right = np.concatenate([falling, flat], axis=2)
    labels = np.repeat([0, 1], 200)
    first, second = gains_of(right, SIZES, labels, ("rose", "daisy"), (300, 340))
    assert (first.class_name, first.photos, first.validation) == ("rose", 300, 200)
    assert first.share > 0.9 and first.gain > 0.02 > abs(second.gain)


def test_classes_with_hardly_a_validation_photo_are_left_out():
    labels = np.array([0] * 398 + [1, 1])
    assert [one.class_name for one in gains_of(make_right(), SIZES, labels, ("a", "b"), (1, 1))] == ["a"]


def test_draws_are_the_same_every_time():
    assert (resampled(make_right(), 5) == resampled(make_right(), 5)).all()


def test_a_curve_is_the_same_after_json():
    found = make_growth()
    assert Growth.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_no_class_is_named_where_none_gains_most():
    curve = make_growth().curves[0]
    assert curve.gains_most is None or curve.gains_most.share > 0.5


def test_classes_that_would_gain_nothing_are_not_worth_a_chart():
    curve = make_growth().curves[0]
    flat = replace(curve, classes=tuple(replace(one, gain=0.0004) for one in curve.classes))
    assert curve.some_class_gains and not flat.some_class_gains
