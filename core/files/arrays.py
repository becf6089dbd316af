"""Writing ``.npz`` files whole or not at all, and reading them with one error for any damage."""

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import ArrayLike

from core.files.atomic import replacing

_DAMAGE = (
    OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, SyntaxError, MemoryError, RuntimeError,
    struct.error, zipfile.BadZipFile, zlib.error, TokenError,
)  # fmt: skip
"""What NumPy and zipfile raise for files with changed bytes; each was observed. A wrong shape can need terabytes."""


class Damaged(ValueError):
    """A file cannot be read as arrays."""


def write_npz(path: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Write the arrays as ``replacing`` does; the same arrays give the same bytes."""
    with replacing(path) as draft, draft.open("wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of the file by name; objects are never unpickled.

    Raises:
        FileNotFoundError: there is no such file. Damaged: it is not an ``.npz`` file, or incomplete.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise Damaged(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from None
