"""The files of a finished model: ``model.keras``, the files of its inference graph, and a card."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from core.files import atomic
from core.files.folders import KERAS_MODEL
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
    atomic.pass_fence()
    temporary = folder / ".tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    return temporary


def publish(saved: SavedModel, folder: Path) -> None:
    """Moves the finished model to ``folder`` by one rename; first out of ``folder``, where ``.tmp`` is."""
    staging = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(staging, ignore_errors=True)
    atomic.publish(saved.folder.rename(staging), folder)
