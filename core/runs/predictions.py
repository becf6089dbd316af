"""A run's predictions for every photo of a split: ``validation.npz`` and ``test.npz`` in the run's folder.

Comparisons, ensembles, thresholds and temperatures are computed from these files; no model is run again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from core.errors import InvalidInput, NotFound
from core.files.arrays import Damaged, read_npz, write_npz
from core.files.here import predictions_here
from core.settings import Settings

_KINDS = {"digests": "U", "labels": "iu", "probabilities": "f"}
"""Arrays of the file and the kinds of their dtypes (``numpy.dtype.kind``)."""
_ROUNDING = 1e-3


@dataclass(frozen=True, kw_only=True, eq=False)
class Correctness:
    """Which photos of a split a run predicts correctly, in the order of their digests.

    Args:
        digests: of the n photos, ascending. labels: (n,) true labels. correct: (n,) bool.
    """

    digests: tuple[str, ...]
    labels: np.ndarray
    correct: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions:
    """Predictions of one run for the n photos of a split.

    Args:
        digests: of the photos, in the order of the rows below.
        labels: (n,) int64 true labels. probabilities: (n, classes).
    """

    run_id: str
    digests: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray

    @cached_property
    def predicted(self) -> np.ndarray:
        """(n,) label with the highest probability."""
        return np.asarray(self.probabilities.argmax(axis=1))

    @cached_property
    def correct(self) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.predicted == self.labels)

    @cached_property
    def confidence(self) -> np.ndarray:
        """(n,) probability of the predicted class."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def accuracy(self) -> float:
        return float(self.correct.mean())

    @property
    def by_digest(self) -> np.ndarray:
        """(n,) row numbers in the order of the digests, in which runs of the same photos can be compared."""
        return _order(self.digests)[0]

    @cached_property
    def sorted(self) -> "Correctness":
        """Which photos are correct, in the order of the digests. Kept, so without a copy of the probabilities."""
        order, digests = _order(self.digests)
        return Correctness(digests=digests, labels=self.labels[order], correct=self.correct[order])

    def rows(self, numbers: np.ndarray) -> "Predictions":
        """The predictions of these rows, in this order."""
        return Predictions(
            run_id=self.run_id,
            digests=tuple(self.digests[number] for number in numbers.tolist()),
            labels=self.labels[numbers],
            probabilities=self.probabilities[numbers],
        )

    def require_classes(self, class_names: Sequence[str]) -> None:
        """Raises InvalidInput when the run has another number of classes."""
        known = self.probabilities.shape[1]
        if known != len(class_names):
            raise InvalidInput(
                f"The stored predictions of run {self.run_id} are for {known} classes, but its dataset has "
                f"{len(class_names)}. Train it again."
            )

    def write(self, path: Path) -> None:
        """Writes the file whole or not at all, probabilities as float32."""
        probabilities = np.asarray(self.probabilities, np.float32)
        write_npz(path, {"digests": np.array(self.digests), "labels": self.labels, "probabilities": probabilities})


@lru_cache(maxsize=32)
def _order(digests: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Row numbers in the order of the digests, and the digests in this order.

    All runs of a dataset tend to have the same digests in the same order.
    """
    order = np.argsort(np.array(digests))
    return order, tuple(digests[row] for row in order.tolist())


def read_predictions(run_id: str, split: str, settings: Settings) -> Predictions:
    """The stored predictions of a run for the photos of ``split``, labels as int64, probabilities as float64.

    Raises:
        NotFound: the file is missing. InvalidInput: it is damaged.
    """
    path = predictions_here(settings, run_id, split)
    try:
        digests, labels, probabilities = _arrays(path)
    except FileNotFoundError:
        raise NotFound(
            f"Run {run_id} has no predictions for the {split} photos: its file {path.name} is missing. Train it again."
        ) from None
    except Damaged as error:
        raise InvalidInput(
            f"Run {run_id} has no predictions for the {split} photos: its file {path.name} is damaged ({error}). "
            "Train it again."
        ) from None
    return Predictions(
        run_id=run_id,
        digests=tuple(digests.tolist()),
        labels=labels.astype(np.int64),
        probabilities=probabilities.astype(np.float64),
    )


def _arrays(path: Path) -> list[np.ndarray]:
    """Digests, labels and probabilities of a file; in it every photo has one class and a probability for each.

    Raises:
        FileNotFoundError: there is no such file. Damaged: it does not contain predictions.
    """
    arrays = read_npz(path)
    missing = [name for name in _KINDS if name not in arrays]
    if missing:
        raise Damaged(f"it lacks {' and '.join(missing)}")
    wrong = [name for name, kinds in _KINDS.items() if arrays[name].dtype.kind not in kinds]
    if wrong:
        raise Damaged(f"its {wrong[0]} are of type {arrays[wrong[0]].dtype}")
    found = [arrays[name] for name in _KINDS]
    _require_consistent(*found)
    return found


def _require_consistent(digests: np.ndarray, labels: np.ndarray, probabilities: np.ndarray) -> None:
    if digests.ndim != 1 or labels.shape != digests.shape or probabilities.shape[:-1] != digests.shape:
        shapes = f"{digests.shape} digests, {labels.shape} labels and {probabilities.shape} probabilities"
        raise Damaged(f"its parts do not fit together: {shapes}")
    if not len(digests):
        raise Damaged("it holds no photo")
    if len(set(digests.tolist())) != len(digests):
        raise Damaged("it names a photo twice")
    if not 0 <= labels.min() <= labels.max() < probabilities.shape[1]:
        raise Damaged("it names a class that the run does not know")
    if not np.isfinite(probabilities).all():
        raise Damaged("its probabilities are not all numbers")
    if not -_ROUNDING <= probabilities.min() <= probabilities.max() <= 1 + _ROUNDING:
        raise Damaged("its probabilities are not between 0 and 1")
