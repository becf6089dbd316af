"""What a run said about every photo of a split: ``validation.npz`` and ``test.npz`` of a finished run.

Comparisons, ensembles and thresholds are computed from them; nothing is asked of a model twice.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput, NotFound
from core.files.arrays import Damaged, read_npz, write_npz
from core.runs.values import Run


@dataclass(frozen=True)
class Answers:
    """What is known of the photos of one split.

    Args:
        digests, labels: (n,) of the photos. probabilities: (n, classes) float32.
    """

    digests: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def accuracy(self) -> float:
        return float((self.probabilities.argmax(axis=1) == self.labels).mean())

    def write(self, path: Path) -> None:
        """Complete or not at all."""
        write_npz(path, {"digests": self.digests, "labels": self.labels, "probabilities": self.probabilities})


def read_answers(path: Path, run: Run) -> Answers:
    """What ``run`` said about a split.

    Raises:
        NotFound: the file is gone. InvalidInput: it is damaged.
    """
    try:
        return load(path)
    except FileNotFoundError:
        raise NotFound(f"{path.name} of {run.name} ({run.id}) is gone. Train it again.") from None
    except Damaged as error:
        raise InvalidInput(f"{path.name} of {run.name} ({run.id}) is damaged ({error}). Train it again.") from None


def load(path: Path) -> Answers:
    """The answers in a file, in which every photo has one class and a probability for each.

    Raises:
        FileNotFoundError: it is not there. Damaged: it is, but these are no answers.
    """
    arrays = read_npz(path)
    missing = [name for name in _KINDS if name not in arrays]
    if missing:
        raise Damaged(f"it lacks {' and '.join(missing)}")
    wrong = [name for name, kinds in _KINDS.items() if arrays[name].dtype.kind not in kinds]
    if wrong:
        raise Damaged(f"its {wrong[0]} are of type {arrays[wrong[0]].dtype}")
    answers = Answers(**{name: arrays[name] for name in _KINDS})
    _require_fitting(answers)
    return answers


_KINDS = {"digests": "U", "labels": "iu", "probabilities": "f"}
_ROUNDING = 1e-3


def _require_fitting(answers: Answers) -> None:
    digests, labels, probabilities = answers.digests, answers.labels, answers.probabilities
    if digests.ndim != 1 or labels.shape != digests.shape or probabilities.shape[:-1] != digests.shape:
        shapes = f"{digests.shape} digests, {labels.shape} labels and {probabilities.shape} probabilities"
        raise Damaged(f"its parts do not fit together: {shapes}")
    if len(set(digests.tolist())) != len(digests):
        raise Damaged("a photo stands in it twice")
    if len(labels) and not 0 <= labels.min() <= labels.max() < probabilities.shape[1]:
        raise Damaged("it names a class that the run does not know")
    if not np.isfinite(probabilities).all():
        raise Damaged("its probabilities are not all numbers")
    if len(labels) and not (-_ROUNDING <= probabilities.min() <= probabilities.max() <= 1 + _ROUNDING):
        raise Damaged("its probabilities are not between 0 and 1")
