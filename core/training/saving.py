"""The files of a finished model: ``model.keras``, the files of its inference graph, and a card."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import keras

from core.backbones.values import Backbone
from core.errors import Unavailable
from core.features.export import TOLERANCE, export_model
from core.files import atomic
from core.files.atomic import digest_of
from core.files.home import CARD, KERAS_MODEL
from core.models.inference.model_files import engines_of
from core.models.inference.nodes import Node, to_dict

PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "pillow", "scikit-learn")


@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """The written files, in ``.tmp`` until ``publish``.

    Args:
        folder: of the files. graph: the inference graph; None where LiteRT cannot run one of its files.
    """

    folder: Path
    graph: Node | None

    @property
    def model(self) -> Path:
        """``model.keras``, or the card of a model that has none."""
        path = self.folder / KERAS_MODEL
        return path if path.exists() else self.folder / CARD


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


# --- the card ---


def write_card(saved: SavedModel, card: dict) -> dict:
    """Adds the inference graph, its files with their digests, versions and time to ``card``, and writes it."""
    card = card | {
        "answer": None if saved.graph is None else to_dict(saved.graph),
        "engines": [] if saved.graph is None else engines_of(saved.folder, saved.graph),
        "model": _of_file(saved.model) if saved.model.name == KERAS_MODEL else None,
        "versions": {package: version(package) for package in PACKAGES},
        "created_at": time.time(),
    }
    (saved.folder / CARD).write_text(json.dumps(card, indent=1))
    return card


def _of_file(path: Path) -> dict:
    return {"file": path.name, "sha256": digest_of(path), "bytes": path.stat().st_size}


def backbone_of_card(backbone: Backbone) -> dict:
    """A backbone, in the form that the card stores."""
    return {
        "name": backbone.name,
        "title": backbone.title,
        "weights_digest": backbone.weights_digest,
        "licence": backbone.licence,
    }


def publish(saved: SavedModel, folder: Path) -> None:
    """Moves the finished model to ``folder`` by one rename; first out of ``folder``, where ``.tmp`` is."""
    staging = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(staging, ignore_errors=True)
    atomic.publish(saved.folder.rename(staging), folder)
