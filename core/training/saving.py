"""The files of a finished model: ``model.keras``, the files of its inference graph, and a card."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from core.errors import Unavailable
from core.features.export import TOLERANCE, export_model
from core.files import atomic
from core.files.home import KERAS_MODEL
from core.models.inference.nodes import Node


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """The written files, in ``.tmp`` until ``publish``.

    Args:
        folder: of the files. graph: the inference graph; None where LiteRT cannot run one of its files.
    """

    folder: Path
    graph: Node | None

    @property
    def model(self) -> Path | None:
        """``model.keras``, where there is one."""
        path = self.folder / KERAS_MODEL
        return path if path.exists() else None


def begin(folder: Path) -> Path:
    """An empty ``folder/.tmp``."""
    temporary = folder / ".tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def export(model: keras.Model, path: Path, note: Callable[[str], None]) -> str | None:
    """Writes a model for LiteRT and returns its name; None, with a note, when LiteRT cannot run it exactly."""
    try:
        error = export_model(model, path)
    except Unavailable as reason:
        note(str(reason))
        return None
    if not error <= TOLERANCE:
        note(f"LiteRT deviates from Keras by {error:.1e} on {path.stem}, so predictions would need TensorFlow.")
        path.unlink()
        return None
    return path.name


def publish(saved: SavedModel, folder: Path) -> None:
    """Moves the finished model to ``folder`` by one rename; first out of ``folder``, where ``.tmp`` is."""
    staging = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(staging, ignore_errors=True)
    atomic.publish(saved.folder.rename(staging), folder)
