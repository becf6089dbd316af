"""Exact variables on disk. Keras' own weight files omit the random states of dropout."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def write(path: Path, variables: Sequence) -> None:
    """``arr_0``, ``arr_1`` ... in the order of ``variables``."""
    with path.open("wb") as file:
        np.savez(file, *(np.asarray(variable) for variable in variables))


def read(path: Path, variables: Sequence, *, skip: int = 0) -> None:
    """Reads what ``write`` wrote, without the first ``skip``, into variables created in the same order.

    Raises:
        ValueError: the file belongs to another model.
    """
    with np.load(path, allow_pickle=False) as state:
        for number, variable in enumerate(variables, start=skip):
            value = state.get(f"arr_{number}")
            if value is None or value.shape != tuple(variable.shape):
                raise ValueError(f"{path} was not written by this model: {variable.path} is not in it.")
            variable.assign(value)
