"""Bands and errors of forecasts, from what earlier runs took."""

from dataclasses import replace

import numpy as np
import pytest

from core.planning.forecasting import (
    ASSUMED,
    LEAST,
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
    assert (
        band.sentence
        == "The range is an estimate: no history of forecasts on this machine yet, so half to twice is assumed."
    )


def test_too_few_forecasts_are_no_history_either():
    band = ForecastHistory(past([1.0] * (LEAST - 1))).band("head")
    assert (band.low, band.high, band.is_measured) == (*ASSUMED, False)
    assert band.sentence.startswith(
        "The range is an estimate: 8 of the 9 past forecasts that an 80 % band needs are there"
    )


def test_nine_forecasts_give_the_smallest_and_the_largest_error():
    ratios = [0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.6]
    band = ForecastHistory(past(ratios)).band("head")
    assert (band.low, band.high, band.basis) == (pytest.approx(0.7), pytest.approx(1.6), Basis.KIND)
    assert band.of(100.0) == (pytest.approx(70.0), pytest.approx(160.0))
    assert band.sentence == "80 % band from the errors of 9 past forecasts: runs of this kind on this machine."


def test_runs_of_the_same_kind_come_first_and_all_runs_where_they_are_too_few():
    history = ForecastHistory([*past([1.0, 1.01] * 10), *past([3.0] * 4, kind="tuning")])
    assert history.band("head").high < 1.1
    tuning = history.band("tuning")
    assert tuning.basis is Basis.MACHINE and tuning.compared == 24 and tuning.high > 2.5


def test_only_the_newest_count():
    band = ForecastHistory(past([1.0] * NEWEST + [9.0] * NEWEST)).band("head")
    assert (band.high, band.compared) == (1.0, NEWEST)


def test_the_forecast_lies_inside_of_its_own_band():
    band = ForecastHistory(past([0.5 + number / 100 for number in range(20)])).band("head")
    assert band.low < 0.6 and band.high == 1.0


@pytest.mark.parametrize("known", [9, 12, 20, 45])
def test_four_of_five_next_runs_lie_in_the_band(known):
    generator, inside, tried = np.random.default_rng(1), 0, 3000
    for _ in range(tried):
        *ratios, following = np.exp(generator.normal(0.0, 0.25, known + 1))
        band = ForecastHistory(past(ratios)).band("head")
        inside += band.low <= following <= band.high
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


def test_errors_that_go_in_all_directions_shrink_in_a_launch():
    history = ForecastHistory(launches(10, 6, 0.0, 0.3))
    one, together = history.band("head"), history.launch_band(PARTS)
    assert together.basis is Basis.LAUNCHES
    assert together.high - together.low < 0.7 * (one.high - one.low)


def test_errors_that_a_launch_shares_do_not():
    history = ForecastHistory(launches(10, 6, 0.3, 0.02))
    one, together = history.band("head"), history.launch_band(PARTS)
    assert together.high - together.low > 0.8 * (one.high - one.low)


def test_the_band_of_a_launch_covers_four_of_five_launches():
    inside, tried = 0, 300
    for seed in range(tried):
        *known, following = (launches(1, 6, 0.2, 0.2, seed=100 * seed + one) for one in range(16))
        runs = [replace(run, launch=f"l-{number}") for number, launch in enumerate(known) for run in launch]
        band = ForecastHistory(runs).launch_band(PARTS)
        taken = sum(run.measured_seconds for run in following) / sum(seconds for _, seconds in PARTS)
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
    assert history.error.record == "92 % of 12 forecasts were within 20 %; none had a band from history yet."


def test_coverage_counts_bands_from_history_only():
    runs = [replace(one, compared=9) for one in past([1.0, 1.1, 1.3, 0.7])] + past([1.0])
    found = error_of([replace(one, seconds_low=8.0, seconds_high=12.0) for one in runs])
    assert (found.banded, found.inside) == (4, 0.5)
    assert found.record.endswith("of 4 with an 80 % band from history, 50 % lay inside.")


def test_no_forecast_has_no_error_and_one_has_no_median():
    assert ForecastHistory().error is None and error_of([make_forecast()]) is None
    assert error_of(past([1.2])).sentence == "The last forecast was off by 20 %."


def test_a_band_is_a_pair_of_factors():
    assert Band(low=0.5, high=2.0, compared=0, basis=Basis.NOTHING).of(6.0) == (3.0, 12.0)
