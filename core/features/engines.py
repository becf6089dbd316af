"""The choice of the engine, and the exported file it runs: written once per backbone and cut, then linked and read."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np

from core.backbones import Backbone, obtain
from core.backbones.token_network import Pooling
from core.errors import Unavailable
from core.features.engine_store import engines_folder, evict_engines, notes_of, touch, use_lock
from core.features.kept import kept_folder, kept_notes
from core.features.litert import MOST_WORKERS, LiteRTEngine, cores
from core.features.onnx_engine import OnnxEngine, onnx_process_bytes
from core.features.onnx_file import STORED, write_prefix
from core.features.sizes import pooling_at
from core.features.views import View
from core.files import atomic
from core.files.home import features_lock
from core.files.locks import Lock, acquire
from core.recipes.program import cuts_of
from core.runs.costs import Spent, gpu_of_slot, spent_now
from core.settings import Settings

VERSION = 1
"""Increase it to export all files again."""


SIDE_BY_SIDE_BYTES = 500 * 10**6
"""Memory of the interpreters that compute photos side by side. Each has its own copy of the weights, so a large network
gets fewer; one that is larger than half of this computes one photo at a time with all cores."""

CROWD_SECONDS = 0.05
"""After two photos were computed at the same time, further ones are expected for so long: between two of many requests
there is a moment with one photo only, for which several threads would keep the other cores from the requests."""

_LAYERS_BYTES = 12 * 10**6
"""Of an interpreter beside its weights: measured on six networks of 3 to 19 MB, which took 16 to 52 MB each."""


PHOTO_BY_PHOTO = frozenset({LiteRTEngine.name, OnnxEngine.name})
"""Names of the engines that compute every photo alone. TensorFlow computes batches, and their size may change the last
bits of a row."""


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
    """An engine that renders every view as the input of its network, the one of ``backbone``.

    Args:
        file: that the network runs, which is not evicted while this engine exists.
    """

    def __init__(self, network: PixelEngine, backbone: Backbone, file: "EngineFile | None" = None) -> None:
        self.name, self.workers, self.batch = network.name, network.workers, network.batch
        self._network, self._size, self._fit, self._file = network, backbone.input_size, backbone.fit, file

    def __call__(self, views: Sequence[View], /) -> np.ndarray:
        return self._network(np.stack([view.square(self._size, self._fit) for view in views]))


@dataclass(frozen=True, kw_only=True)
class EngineFile:
    """An exported prefix.

    Args:
        path: the ``.tflite`` file; ``.onnx`` of an ONNX network. digest: its SHA-256.
        cost: of the export, by whichever run.
        error: largest deviation from Keras, relative to the largest output, measured after the export.
        lock: prevents eviction while this value exists.
    """

    path: Path
    digest: str
    cost: Spent
    error: float
    lock: Lock | None = field(default=None, compare=False, repr=False)


def engine_file(
    backbone: Backbone, settings: Settings, cut: str = "top", waiting: Callable[[], None] | None = None
) -> EngineFile:
    """The exported prefix of ``backbone`` at ``cut``; exported now (with TensorFlow) when it was not before.

    Raises:
        Unavailable: LiteRT cannot run this network, or not exactly.
    """
    path = engine_path(backbone, settings, cut)
    lock = acquire(use_lock(path, settings), shared=True, waiting=waiting)
    known = _read(path)
    if known is None:
        with acquire(features_lock(settings, path.name), waiting=waiting):
            known = _read(path) or _make(backbone, settings, cut, path)
    touch(path)
    return replace(known, lock=lock)


def engine_path(backbone: Backbone, settings: Settings, cut: str = "top") -> Path:
    """The path of the exported prefix, whether it exists or not."""
    weights = sha256(backbone.identity.encode()).hexdigest()[:16]
    pooling = pooling_at(backbone, cut)
    chosen = "" if pooling is Pooling.OWN else f"-{pooling}"
    suffix = "onnx" if backbone.is_onnx else "tflite"
    name = f"{backbone.name}-{weights}-{_short(cut)}-{backbone.input_size}{chosen}-v{VERSION}.{suffix}"
    return engines_folder(settings) / name


def engine_files(backbone: Backbone, settings: Settings) -> list[Path]:
    """The exported prefixes of a backbone at all cuts and sizes, and their notes."""
    any_cut = engine_path(backbone, settings, "*")
    known = any_cut.name[: any_cut.name.index("*")]
    return sorted(path for path in any_cut.parent.glob("*") if path.name.startswith(known))


def _short(cut: str) -> str:
    """Many cuts together would be too long for the name of a file."""
    return cut if len(cuts_of(cut)) == 1 else f"cuts_{sha256(cut.encode()).hexdigest()[:16]}"


def is_exported(backbone: Backbone, settings: Settings, cut: str = "top") -> bool:
    """Whether the prefix was exported in this home, or found not to be exportable."""
    return notes_of(engine_path(backbone, settings, cut)).exists()


def needs_export(backbone: Backbone, settings: Settings, cut: str = "top") -> bool:
    """Whether using the prefix begins with an export: it was exported neither in this home nor at set-up."""
    return not is_exported(backbone, settings, cut) and kept_notes(engine_path(backbone, settings, cut).name) is None


def _read(path: Path) -> EngineFile | None:
    try:
        notes = json.loads(notes_of(path).read_text())
    except (OSError, ValueError):
        return None
    if notes["refused"]:
        raise Unavailable(notes["refused"])
    if not path.exists():
        return None
    return EngineFile(path=path, digest=notes["digest"], cost=Spent(**notes["cost"]), error=notes["error"])


def _make(backbone: Backbone, settings: Settings, cut: str, path: Path) -> EngineFile:
    """Exports, compares with Keras, then publishes the file. That LiteRT cannot run it is stored too.

    A file that was exported at set-up is copied instead.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if _copied(path) and (known := _read(path)) is not None:
        evict_engines(settings)
        return known
    begin = spent_now()
    refused, error = "", 0.0
    try:
        with atomic.replacing(path, alone=True) as draft:
            error = _export(backbone, settings, cut, draft)
    except Unavailable as reason:
        refused = str(reason)
    cost = spent_now().minus(begin)
    digest = "" if refused else atomic.digest_of(path)
    atomic.write_json(notes_of(path), {"digest": digest, "cost": vars(cost), "error": error, "refused": refused})
    if refused:
        raise Unavailable(refused)
    evict_engines(settings)  # not the new one, which is in use
    return EngineFile(path=path, digest=digest, cost=cost, error=error)


def _copied(path: Path) -> bool:
    """Copies what was exported at set-up; whether there is such a file, and it is whole. A copy, not a link: homes do
    not share files with the environment."""
    notes = kept_notes(path.name)
    if notes is None:
        return False
    with atomic.replacing(path, alone=True) as draft:
        shutil.copyfile(kept_folder() / path.name, draft)
    if atomic.digest_of(path) != notes["digest"]:
        return False  # without notes it is exported again
    atomic.write_json(notes_of(path), {name: notes[name] for name in ("digest", "cost", "error", "refused")})
    return True


def _export(backbone: Backbone, settings: Settings, cut: str, path: Path) -> float:
    """Writes the prefix; returns its deviation from Keras, 0 of an ONNX network, whose part it is."""
    if backbone.is_onnx:
        write_prefix(backbone, obtain(backbone, settings) / STORED, cut, path)
        return 0.0
    from core.features.export import export

    return export(backbone, settings, cut, path)


def open_engine(path: Path, *, workers: int | None = None) -> PixelEngine:
    """An exported file, ready to run with ``workers`` of one thread each; by default see ``AdaptiveEngine``.

    Raises:
        Unavailable: it cannot be run.
    """
    engine = _engine_class(path)
    return AdaptiveEngine(path) if workers is None else engine(path, threads=1, workers=workers)


def memory_of(path: Path) -> int:
    """Bytes of memory that the ``AdaptiveEngine`` of a file takes at most, as an estimate."""
    workers = _side_by_side_workers(path)
    return _bytes_of_one(path) * (1 + (workers if workers > 1 else 0))


def _side_by_side_workers(path: Path) -> int:
    return max(1, min(cores(), MOST_WORKERS, SIDE_BY_SIDE_BYTES // _bytes_of_one(path)))


def _bytes_of_one(path: Path) -> int:
    """Of one interpreter: weights in the file's order and in the order of the CPU, and room for the largest layers."""
    size = path.stat().st_size
    return onnx_process_bytes(size) if path.suffix == ".onnx" else 2 * size + _LAYERS_BYTES


def _engine_class(path: Path) -> type[OnnxEngine] | type[LiteRTEngine]:
    return OnnxEngine if path.suffix == ".onnx" else LiteRTEngine


class AdaptiveEngine:
    """A photo that comes alone has all cores; photos that come at the same time are computed side by side, one a core.

    The second kind of engine is opened when two photos first come together. Both give the same outputs.

    Raises:
        Unavailable: the file cannot be run.
    """

    batch = 1

    def __init__(self, path: Path) -> None:
        self._path = path
        self._alone: PixelEngine = _engine_class(path)(path)
        self.name = engine_name(path)
        self.workers = _side_by_side_workers(path)
        self._many: PixelEngine | None = None
        self._running, self._crowded_until = 0, 0.0
        self._lock, self._opening = threading.Lock(), threading.Lock()

    def __call__(self, photos: np.ndarray, /) -> np.ndarray:
        with self._lock:
            self._running += 1
            now = time.monotonic()
            if self._running > 1:
                self._crowded_until = now + CROWD_SECONDS
            crowded = now < self._crowded_until
        try:
            engine = self._side_by_side() if crowded and self.workers > 1 else self._alone
            return engine(photos)
        finally:
            with self._lock:
                self._running -= 1

    def _side_by_side(self) -> PixelEngine:
        """Opened once; who comes meanwhile uses the other one."""
        if self._many is None and self._opening.acquire(blocking=False):
            try:
                if self._many is None:
                    threads = max(1, cores() // self.workers)
                    self._many = _engine_class(self._path)(self._path, threads=threads, workers=self.workers)
            except Unavailable:  # its file was deleted with one run, while another one that shares it is in use
                self._many = self._alone
            finally:
                self._opening.release()
        return self._many or self._alone


_NAMES = {".tflite": LiteRTEngine.name, ".onnx": OnnxEngine.name}


def engine_name(path: Path) -> str:
    """What runs an exported file."""
    return _NAMES.get(path.suffix, "")


def tensorflow_sees_a_gpu() -> bool:
    """Whether TensorFlow can use a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def gpu_title(engine: str) -> str:
    """The model of the GPU that an engine computes on; "" on the CPU."""
    if engine != "TensorFlow" or gpu_of_slot() is None:
        return ""
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU")) if found else ""


def litert_engine(
    backbone: Backbone, settings: Settings, cut: str = "top", waiting: Callable[[], None] | None = None
) -> Engine:
    """The exported prefix, as an engine for many photos on a CPU.

    Raises:
        Unavailable: LiteRT cannot run this network, or not exactly.
    """
    file = engine_file(backbone, settings, cut, waiting)
    return Rendering(LiteRTEngine.for_many(file.path), backbone, file)


def choose_engine(
    backbone: Backbone,
    settings: Settings,
    cut: str = "top",
    waiting: Callable[[], None] | None = None,
    note: Callable[[str], None] = print,
) -> Engine:
    """TensorFlow on a GPU slot, LiteRT on the CPU; there too TensorFlow when LiteRT cannot run the network.

    Raises:
        Unavailable: it is an ONNX network, which only onnxruntime can run, and it cannot.
    """
    if backbone.is_onnx:
        file = engine_file(backbone, settings, cut, waiting)
        return Rendering(OnnxEngine.for_many(file.path), backbone, file)
    on_gpu = gpu_of_slot() is not None
    if on_gpu and not tensorflow_sees_a_gpu():
        note("TensorFlow sees no GPU, so the CPU computes. Install requirements-gpu.txt to use it.")
        on_gpu = False
    if not on_gpu:
        try:
            return litert_engine(backbone, settings, cut, waiting)
        except Unavailable as reason:
            note(f"{reason} TensorFlow computes the features instead, exactly but slower.")
    from core.features.tensorflow import TensorFlowEngine

    return Rendering(TensorFlowEngine(backbone, settings, cut), backbone)
