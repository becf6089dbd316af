"""Predictions of trained models for new photos, by running their inference graphs without TensorFlow.

A model folder (``runs/<run>/model``) holds ``card.json`` and the files of its inference graph (``models.inference``).
They are only opened when their SHA-256 is the one on the card.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.sandbox import decode_untrusted
from core.datasets.values import Rejection
from core.errors import InvalidInput, Unavailable
from core.features.views import View
from core.models.inference.graph import InferenceGraph, Memo
from core.models.inference.model_files import ModelFiles, read_model
from core.models.temperature import scaled

UNSURE_BELOW = 0.5
"""A prediction is unsure when no class has half of the probability: all others together are then more probable."""

LOADED_MODELS = 4
"""Models kept in memory; the one used longest ago goes first."""


@dataclass(frozen=True, kw_only=True)
class ClassProbability:
    """A class and its probability, 0..1."""

    class_name: str
    probability: float


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What one model predicts for one photo.

    Args:
        run_id, title: of the model's run.
        classes: the most probable first.
        milliseconds: from pixels to probabilities, as this model alone would take; None when it made no prediction.
        passed_on: of a confidence cascade: whether the photo went on to the costly model; None of every other model.
        unsure: the best class is below ``unsure_below``.
        calibrated: a temperature was applied to the probabilities (see ``core.models.calibration``).
        problem: the reason where it made no prediction, one sentence; else empty.
    """

    run_id: str
    title: str
    classes: tuple[ClassProbability, ...] = ()
    milliseconds: float | None = None
    unsure: bool = False
    unsure_below: float = UNSURE_BELOW
    passed_on: bool | None = None
    calibrated: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class PhotoPredictions:
    """The predictions of all models for one file.

    Args:
        name: as the user gave it.
        problem: the reason where the file is no photo, one sentence; else empty.
        jpeg, width, height: the decoded photo (display this one, never the uploaded bytes) and the size
            of the original.
        predictions: one per model, in the requested order.
    """

    name: str
    problem: str = ""
    jpeg: bytes | None = None
    width: int = 0
    height: int = 0
    predictions: tuple[Prediction, ...] = ()


NamedPhoto = tuple[str, bytes | StoredPhoto]
"""A file name with the bytes of an upload, or with a stored photo."""


def predict(folders: Sequence[Path], photos: Sequence[NamedPhoto], *, top: int = 5) -> list[PhotoPredictions]:
    """The ``top`` classes of every model for every photo.

    Args:
        folders: model folders, ``runs/<run>/model``.
        photos: (file name, bytes), decoded in a child process, since they are not trusted; or (file name, stored
            photo of a dataset), which is used as it is, like the dataset's test photos.

    Returns:
        One entry per file, in order. Files that are no photo, and models without a prediction, have a ``problem``.

    Raises:
        Unavailable: none of the models can be used.
    """
    if top < 1:
        raise InvalidInput(f"At least one class must be asked for. Received: top={top}")
    models = [_load_or_problem(folder) for folder in folders]
    if models and all(isinstance(model, Prediction) for model in models):
        raise Unavailable(" ".join(model.problem for model in models if isinstance(model, Prediction)))
    scales = list(dict.fromkeys(model.grey_bits for model in models if isinstance(model, Predictor)))
    decoded = _decode(photos, scales or [FULL_GREY])
    return [_photo(name, scaled, models, top) for (name, _), scaled in zip(photos, decoded, strict=True)]


_Scaled = dict[int | None, StoredPhoto] | Rejection
"""A photo at every scale of 16-bit grey that a model learned from, by its bits; all are equal for other photos."""


def _decode(photos: Sequence[NamedPhoto], scales: Sequence[int | None]) -> list[_Scaled]:
    """Every photo at every scale; stored photos have the scale of their dataset."""
    given = [(name, photo) for name, photo in photos if isinstance(photo, bytes)]
    decoded = iter(_decode_untrusted(given, scales))
    return [dict.fromkeys(scales, photo) if isinstance(photo, StoredPhoto) else next(decoded) for _, photo in photos]


def _decode_untrusted(photos: Sequence[tuple[str, bytes]], scales: Sequence[int | None]) -> list[_Scaled]:
    if not photos:
        return []
    first, *others = scales
    found: list[_Scaled] = [
        stored if isinstance(stored, Rejection) else dict.fromkeys(scales, stored)
        for stored in decode_untrusted(photos, grey_bits=first)
    ]
    grey = [at for at, one in enumerate(found) if isinstance(one, dict) and one[first].grey_max is not None]
    for bits in others if grey else ():
        for at, stored in zip(grey, decode_untrusted([photos[at] for at in grey], grey_bits=bits), strict=True):
            one = found[at]
            if isinstance(one, dict) and isinstance(stored, StoredPhoto):
                one[bits] = stored
    return found


def _photo(name: str, scaled: _Scaled, models: Sequence["Predictor | Prediction"], top: int) -> PhotoPredictions:
    if isinstance(scaled, Rejection):
        return PhotoPredictions(name=name, problem=f"It {scaled.reason}.")
    memos = {stored.jpeg: (View(stored.jpeg), Memo()) for stored in scaled.values()}
    found: list[Prediction] = []
    for model in models:
        if isinstance(model, Prediction):
            found.append(model)
        elif problem := _out_of_range(scaled[model.grey_bits], model.grey_bits):
            found.append(Prediction(run_id=model.run_id, title=model.title, problem=problem))
        else:
            view, memo = memos[scaled[model.grey_bits].jpeg]
            found.append(model.predict(view, top, memo))
    shown = next(iter(scaled.values()))
    return PhotoPredictions(
        name=name, jpeg=shown.jpeg, width=shown.width, height=shown.height, predictions=tuple(found)
    )


def _out_of_range(stored: StoredPhoto, bits: int | None) -> str:
    """Why a 16-bit grey photo is too bright for the scale of a model, as a sentence; else ""."""
    if bits is None or stored.grey_max is None or stored.grey_max < 2**bits:
        return ""
    return (
        f"The photo has grey values up to {stored.grey_max:,}; white is {2**bits - 1:,} in the photos that this model "
        "learned from. Save it with the same range, or with 8 bits."
    )


class Predictor:
    """One model, loaded. Safe to use from several threads.

    Raises:
        Unavailable: a file cannot be run, or does not fit the card.
    """

    def __init__(self, model: ModelFiles) -> None:
        self.run_id, self.title, self.class_names = model.run_id, model.title, model.class_names
        self.temperature, self.grey_bits = model.temperature, model.grey_bits
        try:
            self._graph = InferenceGraph(
                model.folder, model.node, classes=len(model.class_names), digests=model.digests
            )
        except Unavailable as error:
            raise Unavailable(f"The model of run {model.run_id} does not fit its card. {error}") from None

    def predict(self, view: View, top: int, memo: Memo | None = None) -> Prediction:
        """The ``top`` classes for one photo; what the models of ``memo`` computed for it already is not done again."""
        found = self._graph.predict(view, memo)
        probabilities = scaled(found.probabilities, self.temperature)
        best = np.argsort(-probabilities, kind="stable")[:top]
        return Prediction(
            run_id=self.run_id,
            title=self.title,
            classes=tuple(
                ClassProbability(class_name=self.class_names[label], probability=float(probabilities[label]))
                for label in best
            ),
            milliseconds=found.milliseconds,
            unsure=bool(probabilities.max() < UNSURE_BELOW),
            passed_on=found.passed_on,
            calibrated=self.temperature != 1.0,
        )


_lock = threading.Lock()
_loaded: OrderedDict[tuple, Predictor] = OrderedDict()


def load(folder: Path) -> Predictor:
    """The model in ``folder``, from memory when it was used recently. Its files are checked every time (by their date
    and size; hashed once per process).

    Raises:
        Unavailable: a file is missing or damaged.
    """
    model = read_model(folder)
    with _lock:
        model.verify()
        key = (
            folder.resolve(),
            model.node,
            tuple(model.digests.items()),
            model.class_names,
            model.temperature,
            model.grey_bits,
        )
        predictor = _loaded.pop(key, None) or Predictor(model)
        _loaded[key] = predictor
        while len(_loaded) > LOADED_MODELS:
            _loaded.popitem(last=False)
    return predictor


def _load_or_problem(folder: Path) -> Predictor | Prediction:
    try:
        return load(folder)
    except Unavailable as error:
        run_id = folder.parent.name
        return Prediction(run_id=run_id, title=run_id, problem=str(error))
