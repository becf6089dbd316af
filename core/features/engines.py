"""The choice of the engine, and the exported file it runs: written once per backbone and cut, then linked and read."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from core.backbones.values import Backbone
from core.errors import Unavailable
from core.features.litert import LiteRTEngine
from core.features.views import View
from core.files import atomic
from core.files.home import features_folder, features_lock
from core.files.locks import acquire
from core.runs.costs import Spent, gpu_of_slot, spent_now
from core.settings import Settings

VERSION = 1
"""Increase it to export all files again."""


class Engine(Protocol):
    """Computes features. Safe to call from ``workers`` threads, with about ``batch`` photos a call."""

    name: str
    workers: int
    batch: int

    def __call__(self, views: Sequence[View], /) -> np.ndarray:
        """One row a view: float32 (n, ...)."""


class PixelEngine(Protocol):
    """As ``Engine``, but its input are pixels: uint8 (n, size, size, 3) -> float32 (n, ...)."""

    name: str
    workers: int
    batch: int

    def __call__(self, photos: np.ndarray, /) -> np.ndarray: ...


class Rendering:
    """An engine that renders every view as the input of its network, the one of ``backbone``."""

    def __init__(self, network: PixelEngine, backbone: Backbone) -> None:
        self.name, self.workers, self.batch = network.name, network.workers, network.batch
        self._network, self._size, self._fit = network, backbone.input_size, backbone.fit

    def __call__(self, views: Sequence[View], /) -> np.ndarray:
        return self._network(np.stack([view.square(self._size, self._fit) for view in views]))


@dataclass(frozen=True, kw_only=True)
class EngineFile:
    """An exported prefix.

    Args:
        path: the ``.tflite`` file. digest: its SHA-256.
        cost: of the export, by whichever run.
        error: largest deviation from Keras, relative to the largest output, measured after the export.
    """

    path: Path
    digest: str
    cost: Spent
    error: float


def engine_file(
    backbone: Backbone, settings: Settings, cut: str = "top", waiting: Callable[[], None] | None = None
) -> EngineFile:
    """The exported prefix of ``backbone`` at ``cut``; exported now (with TensorFlow) when it was not before.

    Raises:
        Unavailable: LiteRT cannot run this network, or not exactly.
    """
    path = engine_path(backbone, settings, cut)
    known = _read(path)
    if known is None:
        with acquire(features_lock(settings, path.name), waiting=waiting):
            known = _read(path) or _make(backbone, settings, cut, path)
    return known


def engine_path(backbone: Backbone, settings: Settings, cut: str = "top") -> Path:
    """The path of the exported prefix, whether it exists or not."""
    weights = sha256(backbone.weights_digest.encode()).hexdigest()[:16]
    name = f"{backbone.name}-{weights}-{cut}-{backbone.input_size}-v{VERSION}.tflite"
    return features_folder(settings) / "engines" / name


def is_exported(backbone: Backbone, settings: Settings, cut: str = "top") -> bool:
    """Whether the prefix was exported, or found not to be exportable."""
    return _notes(engine_path(backbone, settings, cut)).exists()


def _notes(path: Path) -> Path:
    return path.with_suffix(".json")


def _read(path: Path) -> EngineFile | None:
    try:
        notes = json.loads(_notes(path).read_text())
    except (OSError, ValueError):
        return None
    if notes["refused"]:
        raise Unavailable(notes["refused"])
    if not path.exists():
        return None
    return EngineFile(path=path, digest=notes["digest"], cost=Spent(**notes["cost"]), error=notes["error"])


def _make(backbone: Backbone, settings: Settings, cut: str, path: Path) -> EngineFile:
    """Exports, compares with Keras, then publishes the file. That LiteRT cannot run it is stored too."""
    from core.features.export import export

    path.parent.mkdir(parents=True, exist_ok=True)
    begin = spent_now()
    refused, error = "", 0.0
    try:
        with atomic.replacing(path, alone=True) as draft:
            error = export(backbone, settings, cut, draft)
    except Unavailable as reason:
        refused = str(reason)
    cost = spent_now().minus(begin)
    digest = "" if refused else atomic.digest_of(path)
    atomic.write_json(_notes(path), {"digest": digest, "cost": vars(cost), "error": error, "refused": refused})
    if refused:
        raise Unavailable(refused)
    return EngineFile(path=path, digest=digest, cost=cost, error=error)


def tensorflow_sees_a_gpu() -> bool:
    """Whether TensorFlow can use a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def choose_engine(
    backbone: Backbone,
    settings: Settings,
    cut: str = "top",
    waiting: Callable[[], None] | None = None,
    note: Callable[[str], None] = print,
) -> Engine:
    """TensorFlow on a GPU slot, LiteRT on the CPU; there too TensorFlow when LiteRT cannot run the network."""
    on_gpu = gpu_of_slot() is not None
    if on_gpu and not tensorflow_sees_a_gpu():
        note("TensorFlow sees no GPU, so the CPU computes. Install requirements-gpu.txt to use it.")
        on_gpu = False
    if not on_gpu:
        try:
            engine = LiteRTEngine.for_many(engine_file(backbone, settings, cut, waiting).path)
            return Rendering(engine, backbone)
        except Unavailable as reason:
            note(f"{reason} TensorFlow computes the features instead, exactly but slower.")
    from core.features.tensorflow import TensorFlowEngine

    return Rendering(TensorFlowEngine(backbone, settings, cut), backbone)
