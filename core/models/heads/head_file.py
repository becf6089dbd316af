"""The file of a head: ``head.npz``, named arrays and the kind of head they make. No pickle, so no code can run."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.errors import Unavailable
from core.files.arrays import read_npz, write_npz

FILE = "head.npz"
_KIND = "kind"


def write_arrays(path: Path, kind: str, arrays: Mapping[str, np.ndarray]) -> Path:
    """Writes ``arrays`` (numbers and strings, no objects) of a head of ``kind``; the bytes depend on these only."""
    write_npz(path, {_KIND: np.array(kind), **arrays})
    return path


def read_arrays(path: Path) -> tuple[str, dict[str, np.ndarray]]:
    """The kind of head and its arrays.

    Raises:
        Unavailable: the file is missing, damaged, or no head.
    """
    try:
        arrays = read_npz(path)
        return str(arrays.pop(_KIND)), arrays
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"{path.name} is no head that can be read ({type(error).__name__}: {error}).") from None
