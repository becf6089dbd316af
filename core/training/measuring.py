"""The test photos, read once at the very end; and how long one photo takes."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import keras
import numpy as np

from core.datasets.photos import pixels
from core.datasets.values import Photo
from core.features.litert import LiteRTEngine

_BATCH = 512
PHOTOS_TIMED = 20


def probabilities_of(head: keras.Model, features: np.ndarray) -> np.ndarray:
    """(n, classes) float32 for features (n, d)."""
    return np.concatenate(
        [
            np.asarray(head(np.asarray(features[start : start + _BATCH]), training=False), np.float32)
            for start in range(0, len(features), _BATCH)
        ]
    )


def write_test_file(path: Path, photos: Sequence[Photo], labels: np.ndarray, probabilities: np.ndarray) -> None:
    """``test.npz``: digests, labels and probabilities of every test photo; comparisons are computed from it later."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        digests = np.array([photo.digest for photo in photos])
        np.savez(file, digests=digests, labels=labels, probabilities=probabilities)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def ms_per_photo(run: Callable[[np.ndarray], np.ndarray], jpegs: Sequence[bytes], size: int) -> float:
    """Milliseconds from pixels (1, size, size, 3) uint8 to probabilities, median over photos after one to warm up."""
    photos = [pixels(jpeg, size)[None] for jpeg in jpegs[:PHOTOS_TIMED]]
    run(photos[0])
    return 1000 * median(_seconds(run, photo) for photo in photos)


def _seconds(run: Callable[[np.ndarray], np.ndarray], photo: np.ndarray) -> float:
    begin = time.perf_counter()
    run(photo)
    return time.perf_counter() - begin


def predictor(
    prefix_file: Path | None, head_file: Path | None, model: keras.Model
) -> Callable[[np.ndarray], np.ndarray]:
    """The way a photo is predicted later: through both engines, or through Keras where LiteRT cannot."""
    if prefix_file is not None and head_file is not None:
        prefix, head = LiteRTEngine(prefix_file), LiteRTEngine(head_file)
        return lambda photo: head(prefix(photo))
    return lambda photo: model.predict_on_batch(photo.astype(np.float32))
