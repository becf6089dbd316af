"""A forecast beside what was measured."""

from dataclasses import replace

from tests.factories import make_forecast


def test_the_ratio_is_measured_by_expected():
    one = make_forecast(seconds=10.0, memory_bytes=4.0, energy_joules=8.0)
    assert (one.ratio, one.memory_ratio, one.energy_ratio, one.is_inside) == (None, None, None, None)
    ended = replace(one, measured_seconds=12.0, measured_memory_bytes=2.0, measured_energy_joules=8.0)
    assert (ended.ratio, ended.memory_ratio, ended.energy_ratio) == (1.2, 0.5, 1.0)


def test_errors_of_the_model_are_those_before_the_correction():
    one = make_forecast(seconds=20.0, seconds_model=10.0, measured_seconds=30.0, energy_joules=40.0)
    assert (one.ratio, one.model_ratio, one.energy_model_ratio) == (1.5, 3.0, None)
    assert replace(one, measured_energy_joules=60.0).energy_model_ratio == 3.0


def test_the_band_holds_both_of_its_ends():
    one = make_forecast(seconds=10.0, seconds_low=8.0, seconds_high=12.0)
    inside = [replace(one, measured_seconds=seconds).is_inside for seconds in (7.9, 8.0, 12.0, 12.1)]
    assert inside == [False, True, True, False]


def test_an_expectation_of_nothing_has_no_ratio():
    assert make_forecast(energy_joules=0.0, measured_energy_joules=3.0).energy_ratio is None
