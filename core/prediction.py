"""What trained models say about new photos. Runs the exported engines of a model; no TensorFlow, so it answers at once.

A model folder (``runs/<run>/model``) holds ``card.json`` and two engine files: ``prefix.tflite`` turns photos into
features, ``head.tflite`` features into probabilities. Both are only opened when their SHA-256 is the one on the card.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np

from core.backbones import get
from core.datasets.photos import Stored, pixels
from core.datasets.sandbox import decode_untrusted
from core.datasets.values import Rejection
from core.errors import InvalidInput, NotFound, Unavailable
from core.features.litert import LiteRTEngine
from core.settings import inside

UNSURE_BELOW = 0.5
"""An answer is called unsure when no class gets half of the probability: the others together are then likelier."""

LOADED_MODELS = 4
"""Models kept in memory; the one used longest ago goes first."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """A class and its probability, 0..1."""

    class_name: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one model says about one photo.

    Args:
        run_id, title: of the model's run.
        predictions: best first.
        milliseconds: from pixels to probabilities, as this model alone would take; None when it could not answer.
        unsure: the best class is below ``unsure_below``.
        problem: why it could not answer, one sentence; empty when it could.
    """

    run_id: str
    title: str
    predictions: tuple[Prediction, ...] = ()
    milliseconds: float | None = None
    unsure: bool = False
    unsure_below: float = UNSURE_BELOW
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class PhotoPredictions:
    """All answers for one file.

    Args:
        name: as the user gave it.
        problem: why it is no photo, one sentence; empty when it is one.
        jpeg, width, height: the photo as it was understood (show this one, never the bytes that came in) and the size
            of the original.
        answers: one per model, in the order asked for.
    """

    name: str
    problem: str = ""
    jpeg: bytes | None = None
    width: int = 0
    height: int = 0
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Card:
    """The part of ``card.json`` that prediction needs."""

    folder: Path
    title: str
    class_names: tuple[str, ...]
    input_size: int
    prefix: tuple[Path, str]
    head: tuple[Path, str]

    @property
    def run_id(self) -> str:
        return self.folder.parent.name


def predict(folders: Sequence[Path], photos: Sequence[tuple[str, bytes]], *, top: int = 5) -> list[PhotoPredictions]:
    """The ``top`` classes of every model for every photo.

    Args:
        folders: model folders, ``runs/<run>/model``.
        photos: (file name, bytes), decoded in a child process: nobody vouches for them.

    Returns:
        One entry per file, in order. A file that is no photo, and a model that cannot answer, say why.

    Raises:
        Unavailable: not one of the models can answer.
    """
    if top < 1:
        raise InvalidInput(f"At least one class must be asked for. Received: top={top}")
    models = [_load_or_problem(folder) for folder in folders]
    if models and all(isinstance(model, Answer) for model in models):
        raise Unavailable(" ".join(model.problem for model in models if isinstance(model, Answer)))
    decoded = decode_untrusted(photos) if photos else []
    return [_photo(name, stored, models, top) for (name, _), stored in zip(photos, decoded, strict=True)]


def _photo(name: str, stored: Stored | Rejection, models: Sequence["Predictor | Answer"], top: int) -> PhotoPredictions:
    if isinstance(stored, Rejection):
        return PhotoPredictions(name=name, problem=f"It {stored.reason}.")
    view = _View(jpeg=stored.jpeg)
    answers = tuple(model if isinstance(model, Answer) else model.answer(view, top) for model in models)
    return PhotoPredictions(name=name, jpeg=stored.jpeg, width=stored.width, height=stored.height, answers=answers)


@dataclass(kw_only=True)
class _View:
    """One photo on its way through several models; what they share is computed once."""

    jpeg: bytes
    squares: dict[int, np.ndarray] = field(default_factory=dict)
    features: dict[tuple[str, int], tuple[np.ndarray, float]] = field(default_factory=dict)

    def square(self, size: int) -> np.ndarray:
        if size not in self.squares:
            self.squares[size] = pixels(self.jpeg, size)[None]
        return self.squares[size]


class Predictor:
    """One model, verified and loaded. Safe to use from several threads.

    Raises:
        Unavailable: a file is missing, damaged, or does not fit the card.
    """

    def __init__(self, card: Card):
        self.card = card
        self._prefix = _prefix_engine(*card.prefix)
        self._head = _engine(*card.head)
        self._try()

    def _try(self) -> None:
        """One black photo: whatever does not fit is found now, and the first answer is as quick as the next."""
        size, classes = self.card.input_size, len(self.card.class_names)
        try:
            outputs = self._head(self._prefix(np.zeros((1, size, size, 3), np.uint8)))
        except (ValueError, RuntimeError) as error:
            raise Unavailable(f"The model of run {self.card.run_id} does not fit its card ({error}).") from None
        if outputs.shape != (1, classes):
            raise Unavailable(
                f"The model of run {self.card.run_id} does not fit its card: {outputs.shape[-1]} outputs, "
                f"{classes} classes."
            )

    def answer(self, view: _View, top: int) -> Answer:
        features, prefix_ms = self._features(view)
        begin = time.perf_counter()
        probabilities = self._head(features)[0]
        milliseconds = prefix_ms + 1000 * (time.perf_counter() - begin)
        best = np.argsort(-probabilities, kind="stable")[:top]
        return Answer(
            run_id=self.card.run_id,
            title=self.card.title,
            predictions=tuple(
                Prediction(class_name=self.card.class_names[label], probability=float(probabilities[label]))
                for label in best
            ),
            milliseconds=milliseconds,
            unsure=bool(probabilities.max() < UNSURE_BELOW),
        )

    def _features(self, view: _View) -> tuple[np.ndarray, float]:
        """The photo's features and the milliseconds they took, computed by the first model that has this prefix."""
        square = view.square(self.card.input_size)
        key = self.card.prefix[1], self.card.input_size
        if key not in view.features:
            begin = time.perf_counter()
            features = self._prefix(square)
            view.features[key] = features, 1000 * (time.perf_counter() - begin)
        return view.features[key]


_lock = threading.Lock()
_loaded: OrderedDict[tuple[Path, str, str], Predictor] = OrderedDict()
_prefixes: WeakValueDictionary[str, LiteRTEngine] = WeakValueDictionary()
_digests: dict[tuple[Path, int, int], str] = {}


def load(folder: Path) -> Predictor:
    """The model in ``folder``, from memory when it was used lately. Its files are checked every time (by their date
    and size; hashed once per process).

    Raises:
        Unavailable: a file is missing or damaged.
    """
    card = read_card(folder)
    with _lock:
        for path, digest in (card.prefix, card.head):
            _verify(path, digest, card.run_id)
        key = folder.resolve(), card.prefix[1], card.head[1]
        predictor = _loaded.pop(key, None) or Predictor(card)
        _loaded[key] = predictor
        while len(_loaded) > LOADED_MODELS:
            _loaded.popitem(last=False)
    return predictor


def read_card(folder: Path) -> Card:
    """What ``card.json`` in a model folder says.

    Raises:
        Unavailable: there is none, or it lacks something.
    """
    run_id = folder.parent.name
    try:
        data = json.loads((folder / "card.json").read_text())
        files = {
            Path(entry["file"]).stem: (inside(folder, entry["file"]), entry["sha256"]) for entry in data["engines"]
        }
        return Card(
            folder=folder,
            title=str(data.get("title") or run_id),
            class_names=tuple(map(str, data["class_names"])),
            input_size=int(data.get("input_size") or get(data["recipe"]["backbone"]).input_size),
            prefix=files["prefix"],
            head=files["head"],
        )
    except FileNotFoundError:
        raise Unavailable(f"The files of the model of run {run_id} are gone. Train it again.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidInput, NotFound) as error:
        raise Unavailable(
            f"The card of the model of run {run_id} cannot be read ({type(error).__name__}: {error}). Train it again."
        ) from None


def _load_or_problem(folder: Path) -> Predictor | Answer:
    try:
        return load(folder)
    except Unavailable as error:
        run_id = folder.parent.name
        return Answer(run_id=run_id, title=run_id, problem=str(error))


def _verify(path: Path, digest: str, run_id: str) -> None:
    try:
        state = path.stat()
        key = path, state.st_mtime_ns, state.st_size
        if key not in _digests:
            with path.open("rb") as file:
                _digests[key] = file_digest(file, "sha256").hexdigest()
    except OSError:
        raise Unavailable(f"{path.name} of the model of run {run_id} is gone. Train it again.") from None
    if _digests[key] != digest:
        raise Unavailable(f"{path.name} of the model of run {run_id} was changed or damaged. Train it again.")


def _prefix_engine(path: Path, digest: str) -> LiteRTEngine:
    """The engine of a prefix, shared by all loaded models that have the same one."""
    engine = _prefixes.get(digest)
    if engine is None:
        engine = _prefixes[digest] = _engine(path, digest)
    return engine


def _engine(path: Path, digest: str) -> LiteRTEngine:
    try:
        return LiteRTEngine(path)
    except (ValueError, RuntimeError) as error:
        raise Unavailable(f"{path.name} ({digest[:8]}) is no engine that can be run ({error}).") from None
