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
        return LiteRTEngine(path)
    kind, arrays = read_arrays(path)
    try:
        return _KINDS[kind].from_arrays(arrays)
    except (KeyError, TypeError, ValueError, InvalidInput) as error:
        raise Unavailable(f"{path.name} is no head that can be read ({type(error).__name__}: {error}).") from None
