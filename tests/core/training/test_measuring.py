"""The time of one photo is a median, without the first prediction."""

from core.training.measuring import PHOTOS_TIMED, ms_per_photo, timed


def test_the_first_prediction_warms_up_and_does_not_count():
    times = iter([1000.0, 3.0, 1.0, 2.0])
    assert ms_per_photo(lambda jpeg: next(times), [b"a", b"b", b"c"]) == 2.0


def test_only_so_many_photos_are_timed():
    seen = []
    ms_per_photo(lambda jpeg: seen.append(jpeg) or 1.0, [b"photo"] * 100)
    assert len(seen) == PHOTOS_TIMED + 1


def test_a_call_is_timed_in_milliseconds():
    assert 0 <= timed(lambda: None) < 100
