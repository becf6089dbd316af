"""Variables on disk, bit by bit. Keras' own weight files leave out the random states of dropout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def write(path: Path, variables: Sequence) -> None:
    """``arr_0``, ``arr_1`` ... in the order of ``variables``."""
    with path.open("wb") as file:
        np.savez(file, *(np.asarray(variable) for variable in variables))


def read(path: Path, variables: Sequence, *, skip: int = 0) -> None:
    """Variables that ``write`` wrote, the first ``skip`` left out, into ones made the same way.

    Raises:
        ValueError: the file was written by something else.
    """
    with np.load(path, allow_pickle=False) as state:
        for number, variable in enumerate(variables, start=skip):
            value = state.get(f"arr_{number}")
            if value is None or value.shape != tuple(variable.shape):
                raise ValueError(f"{path} was not written by this model: {variable.path} is not in it.")
            variable.assign(value)
