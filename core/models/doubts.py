"""How sure the models of a home are: what each needs for prediction sets and novelty, read once and kept in memory."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from core.errors import GraftError
from core.models.conformal import CONFIDENCE, PredictionSet, SetPredictor, checked_confidence
from core.models.inference.graph import TimedPrediction
from core.models.novelty import Novelty
from core.models.training_photos import TrainingPhotos, training_photos_of, why_not
from core.registry import Registry
from core.runs.predictions import read_predictions
from core.settings import Settings

T = TypeVar("T")

KEPT = 16
"""Models whose fitted values are kept; the one used longest ago goes first. Features stay on disk, mapped."""
ASK_AGAIN_SECONDS = 10.0
"""After which what a model lacks is looked for again: features may have been computed meanwhile."""
NEAREST = 8
"""Nearest training photos of a prediction."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """How sure one prediction is.

    Args:
        prediction_set: over all photos. class_prediction_set: with a promise for each class.
        novelty: whether the photo is unlike anything in training.
    """

    prediction_set: PredictionSet
    class_prediction_set: PredictionSet
    novelty: Novelty


@dataclass(frozen=True, kw_only=True)
class ModelDoubts:
    """Of one model; instead of what it lacks the reason.

    Args:
        sets: fitted on its validation predictions. training: its training photos.
    """

    sets: SetPredictor | GraftError
    training: TrainingPhotos | GraftError

    def of(
        self, found: TimedPrediction, class_names: Sequence[str], confidence: float = CONFIDENCE, nearest: int = NEAREST
    ) -> Doubt:
        """How sure a prediction of this model is. ``nearest``: the number of training photos."""
        overall, by_class = (
            self._set(found, class_names, checked_confidence(confidence), by_class=by_class)
            for by_class in (False, True)
        )
        return Doubt(
            prediction_set=overall, class_prediction_set=by_class, novelty=self._novelty(found, max(1, nearest))
        )

    def _set(
        self, found: TimedPrediction, class_names: Sequence[str], confidence: float, *, by_class: bool
    ) -> PredictionSet:
        if isinstance(self.sets, GraftError):
            return PredictionSet(confidence=confidence, by_class=by_class, problem=str(self.sets))
        if self.sets.classes != len(class_names):
            problem = f"The validation predictions of this model are for {self.sets.classes} classes. Train it again."
            return PredictionSet(confidence=confidence, by_class=by_class, problem=problem)
        return self.sets.prediction_set(found.probabilities, class_names, confidence, by_class=by_class)

    def _novelty(self, found: TimedPrediction, nearest: int) -> Novelty:
        if isinstance(self.training, GraftError):
            return why_not(self.training)
        return self.training.novelty(found.outputs, nearest)


class Doubts:
    """Of all models of a home, by the id of their run. Safe to share between threads."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry, self._settings = registry, settings
        self._sets = _Kept(self._read_sets)
        self._training = _Kept(self._read_training)

    def sets_of(self, run_id: str) -> SetPredictor | GraftError:
        """The prediction sets of a model, or why there are none."""
        return self._sets.of(run_id)

    def of_run(self, run_id: str) -> ModelDoubts:
        """What is known of a model; what it lacks is looked for again after a while."""
        return ModelDoubts(sets=self._sets.of(run_id), training=self._training.of(run_id))

    def _read_sets(self, run_id: str) -> SetPredictor:
        validation = read_predictions(run_id, "validation", self._settings)
        return SetPredictor(validation.probabilities, validation.labels)

    def _read_training(self, run_id: str) -> TrainingPhotos:
        return training_photos_of(self._registry.run(run_id), self._registry, self._settings)


class _Kept(Generic[T]):
    """Values by the id of a run. A value that is being made does not delay others; errors are kept for a short time."""

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make, self._lock = make, threading.Lock()
        self._values: OrderedDict[str, tuple[T | GraftError, float]] = OrderedDict()

    def of(self, run_id: str) -> T | GraftError:
        with self._lock:
            known, until = self._values.get(run_id, (None, 0.0))
            if known is not None and time.monotonic() < until:
                self._values.move_to_end(run_id)
                return known
        made = self._made(run_id)
        with self._lock:
            until = time.monotonic() + ASK_AGAIN_SECONDS if isinstance(made, GraftError) else inf
            self._values[run_id] = made, until
            self._values.move_to_end(run_id)
            while len(self._values) > KEPT:
                self._values.popitem(last=False)
        return made

    def _made(self, run_id: str) -> T | GraftError:
        try:
            return self._make(run_id)
        except GraftError as error:
            return error
