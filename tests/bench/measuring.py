"""Measurements for the benches: alternatives run in turns, so that other load affects all of them."""

import os
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BACKBONE = "efficientnet_lite0"


def random_photos(count: int, size: int) -> np.ndarray:
    """uint8 (count, size, size, 3) of noise; the time does not depend on the content of a photo."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


class Turn(NamedTuple):
    """Wall and CPU seconds."""

    wall: float
    cpu: float


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[Turn]]:
    """Times of every alternative in every round, after one round to warm up.

    One that returns a ``Turn``, as of another process, has measured itself.
    """
    for way in ways.values():
        way()
    turns: dict[str, list[Turn]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            wall, cpu = time.perf_counter(), time.process_time()
            told = way()
            measured = Turn(time.perf_counter() - wall, time.process_time() - cpu)
            turns[name].append(told if isinstance(told, Turn) else measured)
    return turns


def ratio(slow: list[Turn], fast: list[Turn]) -> float:
    """How many times faster, the median over the rounds."""
    return median(one.wall / other.wall for one, other in zip(slow, fast, strict=True))


def figures(turns: list[Turn], photos: int) -> str:
    """Medians; the CPU milliseconds depend less on other load."""
    wall, cpu = median(turn.wall for turn in turns), median(turn.cpu for turn in turns)
    return f"{photos / wall:.0f} photos/s, {1000 * cpu / photos:.1f} ms of CPU a photo"
