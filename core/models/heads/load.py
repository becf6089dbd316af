"""Opens the file of any head."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.errors import InvalidInput, Unavailable
from core.features.litert import LiteRTEngine
from core.models.heads.dense import DenseHead
from core.models.heads.head_file import read_arrays
from core.models.heads.neighbours import NeighboursHead
from core.models.heads.trees import TreesHead

HeadFunction = Callable[[np.ndarray], np.ndarray]
"""(n, ...) features -> (n, classes) float32. Safe to call from several threads."""

_KINDS = {head.KIND: head for head in (DenseHead, NeighboursHead, TreesHead)}


def load_head(path: Path) -> HeadFunction:
    """Opens a ``.npz`` (plain arrays) or ``.tflite`` (LiteRT) head. The caller verifies its digest.

    Raises:
        Unavailable: the file is missing, damaged, or of no known kind.
    """
    if path.suffix == ".tflite":
        return open_engine(path)
    kind, arrays = read_arrays(path)
    try:
        return _KINDS[kind].from_arrays(arrays)
    except (KeyError, TypeError, ValueError, InvalidInput) as error:
        raise Unavailable(f"{path.name} is no head that can be read ({type(error).__name__}: {error}).") from None


def open_engine(path: Path, *, workers: int = 1) -> LiteRTEngine:
    """A ``.tflite`` file, ready to run with all cores, or with ``workers`` of one thread each."""
    return LiteRTEngine(path) if workers == 1 else LiteRTEngine(path, threads=1, workers=workers)
