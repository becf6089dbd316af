"""What several runs said about single photos: behind a click on a cell, or on a photo only one run got right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.comparison.photos import PhotoResults, require_classes
from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class PhotoAnswer:
    """One test photo.

    Args:
        true: its class. answers: (run id, class it was given, probability of that class), in the order of the runs.
    """

    digest: str
    true: str
    answers: tuple[tuple[str, str, float], ...]


def photo_answers(
    runs: Sequence[PhotoResults], class_names: Sequence[str], digests: Sequence[str]
) -> tuple[PhotoAnswer, ...]:
    """What each run said about these photos, in the order of ``digests``; those nobody answered are left out."""
    places = [_places(run, class_names) for run in runs]
    return tuple(_answer(runs, places, class_names, one) for one in digests if any(one in place for place in places))


def paired_cells(
    a: PhotoResults, b: PhotoResults | None, class_names: Sequence[str], true: str, predicted: str
) -> tuple[PhotoAnswer, ...]:
    """The photos of class ``true`` that a or b called ``predicted``: first those that only one of them did.

    Within either part the surest answer comes first. ``b`` may be None: then what a alone said.

    Raises:
        InvalidInput: a class is unknown, or a run knows others.
    """
    for name in (true, predicted):
        if name not in class_names:
            raise InvalidInput(f"There is no class {name!r}. Choose from: {', '.join(class_names)}")
    runs = [run for run in (a, b) if run is not None]
    label, given = class_names.index(true), class_names.index(predicted)
    sure: dict[str, list[float]] = {}
    for run in runs:
        require_classes(run, class_names)
        in_cell = (run.labels == label) & (run.probabilities.argmax(axis=1) == given)
        for row in np.flatnonzero(in_cell):
            sure.setdefault(run.digests[row], []).append(float(run.probabilities[row, given]))
    order = sorted(sure, key=lambda digest: (len(sure[digest]) == 2, -max(sure[digest]), digest))
    return photo_answers(runs, class_names, order)


def _places(run: PhotoResults, class_names: Sequence[str]) -> dict[str, int]:
    require_classes(run, class_names)
    return {digest: row for row, digest in enumerate(run.digests)}


def _answer(
    runs: Sequence[PhotoResults], places: Sequence[dict[str, int]], class_names: Sequence[str], digest: str
) -> PhotoAnswer:
    answers, true = [], ""
    for run, place in zip(runs, places, strict=True):
        if digest in place:
            row = run.probabilities[place[digest]]
            given = int(row.argmax())
            true = class_names[int(run.labels[place[digest]])]
            answers.append((run.run_id, class_names[given], float(row[given])))
    return PhotoAnswer(digest=digest, true=true, answers=tuple(answers))
