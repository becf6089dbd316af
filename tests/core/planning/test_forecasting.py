"""Bands and errors of forecasts, from what earlier runs took."""

from dataclasses import replace

import numpy as np
import pytest

from core.planning.forecasting import (
    ASSUMED,
    CORRECTING,
    LEAST,
    LEAST_TO_CORRECT,
    NEWEST,
    SHOWN,
    Band,
    Basis,
    ForecastHistory,
    Quantity,
    error_of,
)
from tests.factories import make_forecast


def past(ratios, *, kind="head", launch=None, **changes):
    """Runs that were expected to take 10 s and took ``ratios`` times as long, the newest first."""
    return [
        make_forecast(
            f"r-{number}",
            kind=kind,
            launch=launch or f"l-{number}",
            seconds=10.0,
            measured_seconds=10.0 * ratio,
            **changes,
        )
        for number, ratio in enumerate(ratios)
    ]


def test_without_history_the_band_is_assumed_and_says_so():
    band = ForecastHistory().band("head")
    assert (band.low, band.high, band.is_measured) == (*ASSUMED, False)
    none = "this machine has no past forecast from measured speeds"
    assert band.sentence == f"The range is an estimate, half to twice the forecast: {none}."


def test_too_few_forecasts_are_no_history_either():
    band = ForecastHistory(past([1.0] * (LEAST - 1))).band("head")
    assert (band.low, band.high, band.is_measured) == (*ASSUMED, False)
    assert band.sentence.endswith("an 80 % range needs 9 past forecasts on this machine, and there are 8.")


def test_nine_forecasts_give_the_smallest_and_the_largest_error():
    ratios = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6]
    history = ForecastHistory(past(ratios))
    band, corrected = history.band("head"), 100.0 * history.correction("head")
    assert corrected == pytest.approx(110.0) and band.basis is Basis.KIND
    assert band.of(corrected) == (pytest.approx(70.0), pytest.approx(160.0))
    assert band.sentence == "80 % range from the errors of 9 past forecasts: runs of this kind on this machine."


def test_runs_of_the_same_kind_come_first_and_all_runs_where_they_are_too_few():
    history = ForecastHistory([*past([3.0] * 8, kind="tuning"), *past([1.0, 1.01] * 10)])
    assert history.band("head").high < 1.1
    tuning = history.band("tuning")
    assert tuning.basis is Basis.MACHINE and tuning.compared == NEWEST and tuning.low < 0.4


def test_only_the_newest_count():
    band = ForecastHistory(past([1.0] * NEWEST + [9.0] * NEWEST)).band("head")
    assert (band.high, band.compared) == (1.0, NEWEST)


def test_the_corrected_forecast_lies_inside_of_its_own_band():
    history = ForecastHistory(past([0.5] * 9 + [0.8] * 11))
    assert history.correction("head") == 0.5 and (history.band("head").low, history.band("head").high) == (1.0, 1.6)


# --- corrections ---


def test_a_forecast_is_corrected_by_the_median_error_of_the_newest_of_its_kind():
    newest = [1.3, 1.4, 1.5, 1.6, 1.7, 1.5, 1.5, 9.0, 0.1]
    history = ForecastHistory([*past(newest + [4.0] * 30), *past([0.5] * LEAST_TO_CORRECT, kind="tuning")])
    assert len(newest) == CORRECTING and history.correction("head") == 1.5
    assert history.correction("tuning") == 0.5
    assert history.correction("never trained") == 1.5, "of all kinds"


def test_too_few_forecasts_correct_nothing():
    assert ForecastHistory().correction("head") == 1.0
    assert ForecastHistory(past([3.0] * (LEAST_TO_CORRECT - 1))).correction("head") == 1.0


def test_a_correction_stays_what_it_is_when_it_was_applied():
    """A model that is half as fast as expected is corrected by 2 for ever, not by 2, 1, 2, 1."""
    known = []
    for _ in range(20):
        factor = ForecastHistory(known).correction("head")
        (one,) = past([2.0])
        known.insert(0, replace(one, seconds=factor * one.seconds))
    assert factor == 2.0 and [one.ratio for one in known[:12]] == [1.0] * 12
    band = ForecastHistory(known).band("head")
    assert (band.low, band.high) == (1.0, 1.0), "the first ones were off, but against the model as all others"


def test_forecasts_from_before_a_speed_was_known_neither_correct_nor_widen():
    assumed = past([5.8] * LEAST, speed_known=False)
    assert ForecastHistory(assumed).correction("head") == 1.0 and not ForecastHistory(assumed).band("head").is_measured
    history = ForecastHistory([*past([1.0] * LEAST), *assumed])
    assert (history.correction("head"), history.band("head").high, history.band("head").compared) == (1.0, 1.0, LEAST)
    assert history.launch_band(PARTS).high == 1.0
    assert ForecastHistory(assumed).error.typical == pytest.approx(4.8), "they are still shown as what they were"


def test_energy_is_corrected_with_the_seconds_it_follows_from():
    runs = [replace(one, energy_joules=10.0, measured_energy_joules=20.0) for one in past([2.0] * LEAST)]
    band = ForecastHistory(runs).band("head", Quantity.ENERGY)
    assert (band.low, band.high) == (1.0, 1.0)


def covered(shift, seed, known=200):
    """Whether each of many runs lies in its band, when the load multiplies all times by ``shift`` half way."""
    generator, inside, history = np.random.default_rng(seed), [], []
    for number in range(known):
        ratio = float(np.exp(generator.normal(0.0, 0.25))) * (shift if number >= known // 2 else 1.0)
        found = ForecastHistory(history[: 2 * NEWEST])
        factor, band = found.correction("head"), found.band("head")
        low, high = band.of(10.0 * factor)
        inside.append(low <= 10.0 * ratio <= high)
        (one,) = past([ratio])
        history.insert(0, replace(one, seconds=10.0 * factor))
    return inside


def test_four_of_five_lie_in_the_bands_of_forecasts_that_were_corrected_one_after_the_other():
    found = np.mean([covered(1.0, seed)[20:] for seed in range(10)])
    assert 0.77 < found < 0.83


def test_after_a_change_of_the_load_the_band_holds_again():
    found = np.array([covered(2.0, seed) for seed in range(10)])
    assert found[:, 100:105].mean() < 0.5 and 0.75 < found[:, 100 + NEWEST :].mean() < 0.85


@pytest.mark.parametrize("known", [9, 12, 20, 45])
def test_four_of_five_next_runs_lie_in_the_band(known):
    generator, inside, tried = np.random.default_rng(1), 0, 3000
    for _ in range(tried):
        *ratios, following = np.exp(generator.normal(0.0, 0.25, known + 1))
        history = ForecastHistory(past(ratios))
        low, high = history.band("head").of(history.correction("head"))
        inside += low <= following <= high
    assert 0.77 < inside / tried < 0.84


def test_memory_and_energy_have_bands_of_their_own():
    runs = [
        replace(one, measured_memory_bytes=3e9, energy_joules=10.0, measured_energy_joules=5.0)
        for one in past([1.0] * LEAST, memory_bytes=1e9)
    ]
    history = ForecastHistory(runs)
    assert history.band("head").high == 1.0
    assert history.band("head", Quantity.MEMORY).high == pytest.approx(3.0)
    assert history.band("head", Quantity.ENERGY).low == pytest.approx(0.5)
    assert not ForecastHistory(past([1.0] * LEAST)).band("head", Quantity.ENERGY).is_measured


# --- several runs together ---


def launches(number, runs, spread_of_launch, spread_of_run, seed=0):
    generator, found = np.random.default_rng(seed), []
    for launch in range(number):
        common = generator.normal(0.0, spread_of_launch)
        ratios = np.exp(common + generator.normal(0.0, spread_of_run, runs))
        found += past(ratios, launch=f"l-{launch}")
    return found


PARTS = [("head", 10.0)] * 6


def widths(spread_of_launch, spread_of_run):
    """Mean width of the band of one run, and of the sum of a launch, over 20 histories."""
    found = []
    for seed in range(20):
        history = ForecastHistory(launches(20, 6, spread_of_launch, spread_of_run, seed))
        one, together = history.band("head"), history.launch_band(PARTS)
        assert together.basis is Basis.LAUNCHES
        found.append([one.high - one.low, together.high - together.low])
    return np.mean(found, axis=0)


def test_errors_that_go_in_all_directions_shrink_in_a_launch():
    one, together = widths(0.0, 0.3)
    assert together < 0.6 * one


def test_errors_that_a_launch_shares_do_not():
    one, together = widths(0.3, 0.02)
    assert together > 0.8 * one


def test_the_band_of_a_launch_covers_four_of_five_launches():
    inside, tried = 0, 300
    for seed in range(tried):
        *known, following = (launches(1, 6, 0.2, 0.2, seed=100 * seed + one) for one in range(16))
        runs = [replace(run, launch=f"l-{number}") for number, launch in enumerate(known) for run in launch]
        history = ForecastHistory(runs)
        band = history.launch_band(PARTS)
        expected = history.correction("head") * sum(seconds for _, seconds in PARTS)
        taken = sum(run.measured_seconds for run in following) / expected
        inside += band.low <= taken <= band.high
    assert 0.74 < inside / tried < 0.9


def test_with_too_few_launches_errors_are_taken_to_go_in_one_direction():
    history = ForecastHistory(past([0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6], launch="l-1"))
    assert history.launch_band(PARTS) == history.band("head")
    assert history.launch_band([("head", 1.0), ("tuning", 9.0)]).basis is Basis.MACHINE


def test_the_band_of_one_run_is_its_own_and_the_same_at_every_call():
    history = ForecastHistory(launches(12, 3, 0.1, 0.1))
    assert history.launch_band([("head", 7.0)]) == history.band("head")
    assert history.launch_band(PARTS) == history.launch_band(PARTS)


# --- how far off ---


def test_the_error_is_the_median_of_the_newest_and_counts_those_within_a_fifth():
    history = ForecastHistory(past([1.1, 0.9, 1.5, 1.0] + [1.1] * (SHOWN - 4) + [5.0] * 9))
    assert history.error.runs == SHOWN and history.error.typical == pytest.approx(0.1)
    assert history.error.within == pytest.approx(11 / 12) and history.error.inside is None
    assert history.error.sentence == "The last 12 forecasts were off by 10 % (median)."
    assert history.error.record == "11 of 12 forecasts were within 20 %; none had an 80 % range yet."


def test_coverage_counts_bands_from_history_only():
    runs = [replace(one, compared=9) for one in past([1.0, 1.1, 1.3, 0.7])] + past([1.0])
    found = error_of([replace(one, seconds_low=8.0, seconds_high=12.0) for one in runs])
    assert (found.banded, found.inside) == (4, 0.5)
    assert found.record.endswith("of 4 with an 80 % range 2 lay inside.")


def test_no_forecast_has_no_error_and_one_has_no_median():
    assert ForecastHistory().error is None and error_of([make_forecast()]) is None
    assert error_of(past([1.2])).sentence == "The last forecast was off by 20 %."


def test_a_band_is_a_pair_of_factors():
    assert Band(low=0.5, high=2.0, compared=0, basis=Basis.NOTHING).of(6.0) == (3.0, 12.0)
