"""Measures the time of one prediction."""

import time
from collections.abc import Callable, Sequence
from statistics import median

PHOTOS_TIMED = 20


def ms_per_photo(milliseconds: Callable[[bytes], float], jpegs: Sequence[bytes]) -> float:
    """From pixels to probabilities, median over photos after one to warm up.

    Args:
        milliseconds: predicts one stored photo and returns the time without rendering.
    """
    milliseconds(jpegs[0])
    return median(milliseconds(jpeg) for jpeg in jpegs[:PHOTOS_TIMED])


def timed(run: Callable[[], object]) -> float:
    """Wall-clock milliseconds of a call."""
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)
