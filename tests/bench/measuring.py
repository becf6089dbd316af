"""How the benches measure: several ways of doing one thing in turns, so that a busy machine is busy for all."""

import os
import time
from collections.abc import Callable
from statistics import median

import numpy as np

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BACKBONE = "efficientnet_lite0"


def random_photos(count: int, size: int) -> np.ndarray:
    """uint8 (count, size, size, 3) of noise; the arithmetic does not depend on what is in a photo."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round, after one round to warm up."""
    for way in ways.values():
        way()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times faster, the median over the rounds."""
    return median(one / other for one, other in zip(slow, fast, strict=True))
