"""What a trained model predicts for a photo, by running its inference graph without TensorFlow.

A model folder (``runs/<run>/model``) holds ``card.json`` and the files of its inference graph (``models.inference``).
They are only opened when their SHA-256 is the one on the card. Several photos and models: ``core.serving``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import Unavailable
from core.features.views import View
from core.models.conformal import PredictionSet
from core.models.doubts import Doubt
from core.models.inference.graph import InferenceGraph, Memo, TimedPrediction
from core.models.inference.model_files import ModelFiles
from core.models.novelty import Novelty
from core.models.temperature import scaled


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
        prediction_set, class_prediction_set, novelty: how sure it is, see ``core.models.doubts``; None where nobody
            asked.
        calibrated: a temperature was applied to the probabilities (see ``core.models.calibration``).
        problem: the reason where it made no prediction, one sentence; else empty.
    """

    run_id: str
    title: str
    classes: tuple[ClassProbability, ...] = ()
    milliseconds: float | None = None
    prediction_set: PredictionSet | None = None
    class_prediction_set: PredictionSet | None = None
    novelty: Novelty | None = None
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


Judge = Callable[[str, Sequence[str], TimedPrediction], Doubt]
"""From a run's id, its class names and a prediction without temperature to how sure it is (``core.models.doubts``)."""


class Predictor:
    """One model, loaded. Safe to use from several threads.

    Args:
        model: its files, verified.

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

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of memory by the SHA-256 of a file, as an estimate; models may share files."""
        return self._graph.memory

    def predict(self, view: View, top: int, memo: Memo | None = None, judge: Judge | None = None) -> Prediction:
        """The ``top`` classes for one photo; what the models of ``memo`` computed for it already is not done again.

        Args:
            judge: says how sure the prediction is; None where that is not asked.
        """
        found = self._graph.predict(view, memo)
        probabilities = scaled(found.probabilities, self.temperature)
        best = np.argsort(-probabilities, kind="stable")[:top]
        doubt = None if judge is None else judge(self.run_id, self.class_names, found)
        return Prediction(
            run_id=self.run_id,
            title=self.title,
            classes=tuple(
                ClassProbability(class_name=self.class_names[label], probability=float(probabilities[label]))
                for label in best
            ),
            milliseconds=found.milliseconds,
            prediction_set=doubt.prediction_set if doubt else None,
            class_prediction_set=doubt.class_prediction_set if doubt else None,
            novelty=doubt.novelty if doubt else None,
            passed_on=found.passed_on,
            calibrated=self.temperature != 1.0,
        )
