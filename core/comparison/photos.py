"""What a run answered for every test photo, and the photos behind each cell of its confusion table."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.errors import InvalidInput, NotFound
from core.files.arrays import Damaged
from core.files.home import run_folder
from core.runs.predictions import load
from core.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoResults:
    """Answers of one run for the test photos.

    Args:
        digests: n photo digests, in the order of the rows below.
        labels: (n,) true labels; probabilities: (n, classes).
    """

    run_id: str
    digests: tuple[str, ...]
    labels: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.digests)
        if self.labels.shape != (n,) or self.probabilities.ndim != 2 or len(self.probabilities) != n:
            raise InvalidInput(
                f"The answers of run {self.run_id} do not fit together. Received: {n} digests, "
                f"labels {self.labels.shape}, probabilities {self.probabilities.shape}"
            )
        if n and not (self.labels.min() >= 0 and self.labels.max() < self.probabilities.shape[1]):
            raise InvalidInput(f"The answers of run {self.run_id} name a class that it does not know.")
        if not np.isfinite(self.probabilities).all():
            raise InvalidInput(f"The answers of run {self.run_id} are not all numbers.")

    @cached_property
    def right(self) -> np.ndarray:
        """(n,) bool."""
        return self.probabilities.argmax(axis=1) == self.labels

    @cached_property
    def confidence(self) -> np.ndarray:
        """(n,) probability of the class it gave."""
        return self.probabilities.max(axis=1)

    @property
    def accuracy(self) -> float:
        return float(self.right.mean()) if len(self.digests) else 0.0


def load_results(settings: Settings, run_id: str) -> PhotoResults:
    """The answers stored in ``runs/<run id>/test.npz``.

    Raises:
        NotFound: the run has not been measured on the test photos; InvalidInput: the file is damaged.
    """
    path = run_folder(settings, run_id).predictions("test")
    try:
        stored = load(path)
    except FileNotFoundError:
        raise NotFound(
            f"Run {run_id} has no answers for the test photos: its file test.npz is not there. Train it again to "
            "compare it photo by photo."
        ) from None
    except Damaged as error:
        raise InvalidInput(f"The stored answers of run {run_id} are damaged ({error}). Train it again.") from None
    if not len(stored.labels):
        raise InvalidInput(f"The stored answers of run {run_id} are damaged (they hold no photo). Train it again.")
    return PhotoResults(
        run_id=run_id,
        digests=tuple(stored.digests.tolist()),
        labels=stored.labels.astype(np.int64),
        probabilities=stored.probabilities.astype(np.float64),
    )


def require_classes(results: PhotoResults, class_names: Sequence[str]) -> None:
    """Raises InvalidInput when a run knows another number of classes."""
    known = results.probabilities.shape[1]
    if known != len(class_names):
        raise InvalidInput(
            f"The stored answers of run {results.run_id} are to {known} classes, but its dataset has "
            f"{len(class_names)}. Train it again."
        )


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Test photos of one true class that were given one class; the surest answer first."""

    true: str
    predicted: str
    digests: tuple[str, ...]


def confusion_cells(results: PhotoResults, class_names: Sequence[str]) -> tuple[Cell, ...]:
    """Every cell with at least one photo, in the order of the labels."""
    require_classes(results, class_names)
    predicted, surest_first = results.probabilities.argmax(axis=1), np.argsort(-results.confidence)
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in surest_first:
        cells[int(results.labels[row]), int(predicted[row])].append(results.digests[row])
    return tuple(
        Cell(true=class_names[true], predicted=class_names[given], digests=tuple(cells[true, given]))
        for true, given in sorted(cells)
    )
