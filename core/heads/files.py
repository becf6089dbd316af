"""The file of a head: ``head.npz``, named arrays and the kind of head they make. No pickle, so nothing can run."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from core.arrays import read_npz
from core.errors import Unavailable

_KIND = "kind"


def write_arrays(path: Path, kind: str, arrays: Mapping[str, np.ndarray]) -> Path:
    """Writes ``arrays`` (numbers and strings, no objects) for a head of ``kind``; the same arrays give the same bytes.

    The file appears by a rename, complete.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        np.savez(file, **{_KIND: np.array(kind)}, **dict(arrays))  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path


def read_arrays(path: Path) -> tuple[str, dict[str, np.ndarray]]:
    """The kind of head and its arrays.

    Raises:
        Unavailable: the file is gone, damaged, or no head.
    """
    try:
        arrays = read_npz(path)
        return str(arrays.pop(_KIND)), arrays
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(f"{path.name} is no head that can be read ({type(error).__name__}: {error}).") from None
