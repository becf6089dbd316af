"""A person's own ``.keras`` file: inspected in a process with limits, then stored as a flat network of raw pixels."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.backbones.keras_config import checked_config
from core.backbones.values import Scaling
from core.features.onnx_file import answered

STORED = "network.keras"
"""The file of an added Keras network in its folder."""

_MODULE = "core.features.keras_inspection"


def inspect_keras(
    path: Path, name: str, *, output: str = "", size: int = 0, scaling: Scaling | None = None, compare: bool = False
) -> dict[str, Any]:
    """What a ``.keras`` file is, found out in a process of its own; arguments and errors as of ``inspect_onnx``."""
    return _answer(path, name, compare=compare, output=output, size=size, scaling=scaling and asdict(scaling))


def store_keras(
    path: Path, name: str, folder: Path, *, output: str, size: int, scaling: Scaling, classes: bool
) -> dict[str, Any]:
    """As ``inspect_keras``, and writes the file that is stored into ``folder``. Its classifier is never stored."""
    target = str((folder / STORED).absolute())
    return _answer(path, name, compare=True, output=output, size=size, scaling=asdict(scaling), target=target)


def _answer(path: Path, name: str, **task: Any) -> dict[str, Any]:
    checked_config(path, name)  # in a tenth of a second, before TensorFlow is imported
    with tempfile.TemporaryDirectory(prefix="graft-") as folder:
        named = Path(folder) / STORED  # Keras opens a file by its ending, which that of an upload does not have
        named.symlink_to(path.absolute())
        return answered(_MODULE, named, name, **task)
