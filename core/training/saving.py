"""The model a run leaves: end to end in one file, its two halves for LiteRT, and a card that says where it is from."""

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import keras

from core.backbones.values import Backbone
from core.errors import Unavailable
from core.features import networks
from core.features.engines import EngineFile, digest_of
from core.features.export import TOLERANCE, export_model

PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "pillow")


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What was written, still in ``.tmp`` until ``publish``.

    Args:
        folder: of the files. prefix, head: LiteRT files of the two halves, None where LiteRT cannot run them.
        parameters, trainable, multiply_adds: of the end-to-end model.
    """

    folder: Path
    prefix: Path | None
    head: Path | None
    parameters: int
    trainable: int
    multiply_adds: int

    @property
    def model(self) -> Path:
        return self.folder / "model.keras"


def end_to_end(prefix: keras.Model, head: keras.Model) -> keras.Model:
    """Raw RGB float32 0..255 (n, size, size, 3) -> probabilities (n, classes). Stock layers only."""
    return keras.Model(prefix.input, head(prefix.output), name="graft")


def save_model(
    folder: Path, *, model: keras.Model, head: keras.Model, engine: EngineFile | None, note: Callable[[str], None]
) -> Saved:
    """Writes everything but the card into ``folder/.tmp``."""
    temporary = folder / ".tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    model.save(temporary / "model.keras")
    return Saved(
        folder=temporary,
        prefix=_link(engine.path, temporary / "prefix.tflite") if engine else None,
        head=_export_head(head, temporary / "head.tflite", note) if engine else None,
        parameters=model.count_params(),
        trainable=sum(int(variable.value.shape.num_elements()) for variable in head.trainable_variables),
        multiply_adds=networks.multiply_adds(model),
    )


def _export_head(head: keras.Model, path: Path, note: Callable[[str], None]) -> Path | None:
    """The head for LiteRT; None, with a note, when LiteRT gets it wrong (prediction then uses ``model.keras``)."""
    try:
        error = export_model(head, path)
    except Unavailable as reason:
        note(str(reason))
        return None
    if not error <= TOLERANCE:
        note(f"LiteRT deviates from Keras by {error:.1e} on the head, so predictions will use TensorFlow.")
        path.unlink()
        return None
    return path


def _link(source: Path, target: Path) -> Path:
    """A second name for the same bytes: a prefix of 13 MB costs nothing in a hundred runs."""
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target


def write_card(saved: Saved, card: dict) -> dict:
    """Adds the files with their digests, the versions and the time to ``card``, and writes it."""
    engines = [path for path in (saved.prefix, saved.head) if path is not None]
    card = card | {
        "engines": [{"file": path.name, "sha256": digest_of(path)} for path in engines],
        "model": {"file": saved.model.name, "sha256": digest_of(saved.model), "bytes": saved.model.stat().st_size},
        "versions": {package: version(package) for package in PACKAGES},
        "created_at": time.time(),
    }
    (saved.folder / "card.json").write_text(json.dumps(card, indent=1))
    return card


def publish(saved: Saved, folder: Path) -> None:
    """Puts the finished model in its place by one rename."""
    for path in (*saved.folder.iterdir(), saved.folder):
        _sync(path)
    staging = folder.with_name(f".{folder.name}-new")
    shutil.rmtree(staging, ignore_errors=True)
    saved.folder.rename(staging)
    shutil.rmtree(folder, ignore_errors=True)
    staging.rename(folder)
    _sync(folder.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def backbone_of_card(backbone: Backbone) -> dict:
    """What the card says about the backbone."""
    return {
        "name": backbone.name,
        "title": backbone.title,
        "weights_digest": backbone.weights_digest,
        "licence": backbone.licence,
    }
