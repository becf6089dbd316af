"""What a run says about validation and test photos, kept; and how long one photo takes."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from core.datasets.values import Photo

PHOTOS_TIMED = 20


def write_answers(path: Path, photos: Sequence[Photo], labels: np.ndarray, probabilities: np.ndarray) -> None:
    """``test.npz``, ``validation.npz``: digests, labels and probabilities of every photo of a split.

    Comparisons, ensembles and thresholds are computed from them later.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        digests = np.array([photo.digest for photo in photos])
        np.savez(file, digests=digests, labels=labels, probabilities=np.asarray(probabilities, np.float32))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def ms_per_photo(milliseconds: Callable[[bytes], float], jpegs: Sequence[bytes]) -> float:
    """From pixels to probabilities, median over photos after one to warm up.

    Args:
        milliseconds: answers one stored photo and says how long that took without rendering it.
    """
    milliseconds(jpegs[0])
    return median(milliseconds(jpeg) for jpeg in jpegs[:PHOTOS_TIMED])


def timed(run: Callable[[], object]) -> float:
    """Milliseconds on the clock."""
    begin = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - begin)
