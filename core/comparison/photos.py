"""The photos behind a cell of the confusion matrix, and what each run predicted for them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidInput
from core.runs.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Test photos of one true class with one predicted class, the highest confidence first."""

    true: str
    predicted: str
    digests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ComparedPhoto:
    """One test photo and what several runs predicted for it.

    Args:
        true: its class. predictions: (run id, predicted class, its probability), in the order of the runs.
    """

    digest: str
    true: str
    predictions: tuple[tuple[str, str, float], ...]


def confusion_cells(found: Predictions, class_names: Sequence[str]) -> tuple[Cell, ...]:
    """Every cell with at least one photo, in the order of the labels."""
    found.require_classes(class_names)
    cells: dict[tuple[int, int], list[str]] = defaultdict(list)
    for row in np.argsort(-found.confidence):
        cells[int(found.labels[row]), int(found.predicted[row])].append(found.digests[row])
    return tuple(
        Cell(true=class_names[true], predicted=class_names[predicted], digests=tuple(cells[true, predicted]))
        for true, predicted in sorted(cells)
    )


def photos_in_cell(
    a: Predictions, b: Predictions | None, class_names: Sequence[str], true: str, predicted: str
) -> tuple[ComparedPhoto, ...]:
    """The photos of class ``true`` for which a or b predicted ``predicted``: first those where only one of them did.

    Within either part the highest confidence comes first. Without ``b`` the photos of a alone.

    Raises:
        InvalidInput: a class is unknown, or a run has other classes.
    """
    for name in (true, predicted):
        if name not in class_names:
            raise InvalidInput(f"There is no class {name!r}. Choose from: {', '.join(class_names)}")
    runs = [run for run in (a, b) if run is not None]
    label, given = class_names.index(true), class_names.index(predicted)
    confidences: dict[str, list[float]] = {}
    for run in runs:
        run.require_classes(class_names)
        for row in np.flatnonzero((run.labels == label) & (run.predicted == given)):
            confidences.setdefault(run.digests[row], []).append(float(run.probabilities[row, given]))
    order = sorted(confidences, key=lambda one: (len(confidences[one]) == 2, -max(confidences[one]), one))
    return compared_photos(runs, class_names, order)


def compared_photos(
    runs: Sequence[Predictions], class_names: Sequence[str], digests: Sequence[str]
) -> tuple[ComparedPhoto, ...]:
    """What each run predicted for these photos, in the order of ``digests``; photos without any are left out."""
    rows = [_rows(run, class_names) for run in runs]
    return tuple(_photo(runs, rows, class_names, one) for one in digests if any(one in known for known in rows))


def _rows(run: Predictions, class_names: Sequence[str]) -> dict[str, int]:
    run.require_classes(class_names)
    return {digest: row for row, digest in enumerate(run.digests)}


def _photo(
    runs: Sequence[Predictions], rows: Sequence[dict[str, int]], class_names: Sequence[str], digest: str
) -> ComparedPhoto:
    predictions, true = [], ""
    for run, row_of in zip(runs, rows, strict=True):
        if (row := row_of.get(digest)) is not None:
            true = class_names[int(run.labels[row])]
            predictions.append((run.run_id, class_names[int(run.predicted[row])], float(run.confidence[row])))
    return ComparedPhoto(digest=digest, true=true, predictions=tuple(predictions))
