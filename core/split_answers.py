"""What a run said about every photo of a split: ``validation.npz`` and ``test.npz`` of a finished run.

Comparisons, ensembles and thresholds are computed from them; nothing is asked of a model twice.
"""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput, NotFound
from core.runs import Run


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
        temporary = path.with_name(f".{path.name}.tmp")
        with temporary.open("wb") as file:
            np.savez(file, digests=self.digests, labels=self.labels, probabilities=self.probabilities)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def read_answers(path: Path, run: Run) -> Answers:
    """What ``run`` said about a split.

    Raises:
        NotFound: the file is gone. InvalidInput: it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Answers(*(stored[name] for name in ("digests", "labels", "probabilities")))
    except FileNotFoundError:
        raise NotFound(f"{path.name} of {run.name} ({run.id}) is gone. Train it again.") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InvalidInput(
            f"{path.name} of {run.name} ({run.id}) is damaged ({type(error).__name__}). Train it again."
        ) from None
