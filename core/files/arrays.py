"""Writing ``.npz`` files whole or not at all, and reading them whatever happened to them on the disk."""

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
"""What NumPy and zipfile raise on files with changed bytes; each was seen. A lying shape asks for terabytes."""


class Damaged(ValueError):
    """A file cannot be read as arrays."""


def write_npz(path: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """The file appears by a rename, complete, also when the power fails; the same arrays give the same bytes."""
    with replacing(path) as draft, draft.open("wb") as file:
        np.savez(file, **dict(arrays))  # type: ignore[arg-type]


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """Every array of the file by name; objects are never unpickled.

    Raises:
        FileNotFoundError: it is not there. Damaged: it is no such file, or not whole.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise Damaged(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__) from None
