"""Any head's file, opened: what turns features into probabilities."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput, Unavailable
from core.features.litert import LiteRTEngine
from core.models.heads import dense, neighbours, trees
from core.models.heads.head_file import read_arrays

HeadFunction = Callable[[np.ndarray], np.ndarray]
"""(n, ...) features -> (n, classes) float32. Safe to call from several threads."""

_KINDS: dict[str, Any] = {
    dense.KIND: dense.DenseHead,
    neighbours.KIND: neighbours.NeighboursHead,
    trees.KIND: trees.TreesHead,
}


def load_head(path: Path) -> HeadFunction:
    """Opens a ``.npz`` (plain arrays) or ``.tflite`` (LiteRT) head. Its digest is the caller's business.

    Raises:
        Unavailable: the file is gone, damaged, or of no known kind.
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
