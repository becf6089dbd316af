"""The most informative photos: those all runs misclassify, those only the best one gets right, confident mistakes."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.decoding.photos import thumbnail
from core.reporting.material import Material
from core.reporting.parts import Section
from core.reporting.rendering import render
from core.text.units import count, percent

_MOST = 12
_SIDE = 160
"""Pixels of a thumbnail, some 5 kB."""


@dataclass(frozen=True, kw_only=True)
class ReportPhoto:
    """``source``: the picture as a data URI. ``prediction``: what is said about it."""

    source: str
    file: str
    true: str
    prediction: str


@dataclass(frozen=True, kw_only=True)
class PhotoGroup:
    """``photos``: the first of the ``found`` photos."""

    title: str
    photos: tuple[ReportPhoto, ...]
    found: int


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignedPredictions:
    """The predictions of all runs, with the photos in one order.

    Args:
        digests: n photos. labels: (n,). predicted: (runs, n) labels. confidence: (runs, n) of the predicted class.
        chance: (runs, n) the probability of the true class.
    """

    digests: list[str]
    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    chance: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """(runs, n) bool."""
        return np.asarray(self.predicted == self.labels)


def aligned_predictions(material: Material) -> AlignedPredictions:
    found = [material.comparison.predictions[row.run.id] for row in material.predicted]
    orders = [np.argsort(np.array(one.digests)) for one in found]
    labels = found[0].labels[orders[0]]
    chances = [one.probabilities[order] for one, order in zip(found, orders, strict=True)]
    return AlignedPredictions(
        digests=np.array(found[0].digests)[orders[0]].tolist(),
        labels=labels,
        predicted=np.stack([one.argmax(axis=1) for one in chances]),
        confidence=np.stack([one.max(axis=1) for one in chances]),
        chance=np.stack([one[np.arange(len(labels)), labels] for one in chances]),
    )


def photos_section(material: Material) -> Section | None:
    if not material.predicted:
        return None
    table = aligned_predictions(material)
    several = [_missed_by_all(material, table), _only_best(material, table)] if len(table.right) > 1 else []
    groups = [group for group in (*several, _confident_mistakes(material, table)) if group.photos]
    if not groups:
        return None
    body = render("photos", groups=groups, side=_SIDE)
    return Section(key="photos", label="Photos", title="The most informative photos", body=body)


def _missed_by_all(material: Material, table: AlignedPredictions) -> PhotoGroup:
    missed = np.flatnonzero(~table.right.any(axis=0))
    order = missed[np.argsort(table.chance[:, missed].mean(axis=0))]
    return _group(
        material, table, order, f"{count(len(missed), 'photo')} misclassified by all {len(table.right)} runs", _by_most
    )


def _only_best(material: Material, table: AlignedPredictions) -> PhotoGroup:
    alone = np.flatnonzero(table.right[0] & ~table.right[1:].any(axis=0))
    order = alone[np.argsort(-table.confidence[0, alone])]
    name = material.names[material.predicted[0].run.id]
    title = f"{count(len(alone), 'photo')} classified correctly only by {name}"
    return _group(material, table, order, title, _by_most)


def _confident_mistakes(material: Material, table: AlignedPredictions) -> PhotoGroup:
    wrong = np.flatnonzero(~table.right[0])
    order = wrong[np.argsort(-table.confidence[0, wrong])]
    name = material.names[material.predicted[0].run.id]
    title = f"Most confident wrong predictions of {name} ({len(wrong)} in all)"
    return _group(material, table, order, title, _by_best)


Describe = Callable[[Material, AlignedPredictions, int], str]
"""What is said about a photo, by its column."""


def _by_most(material: Material, table: AlignedPredictions, photo: int) -> str:
    """The most frequent wrong prediction."""
    wrong = table.predicted[:, photo][~table.right[:, photo]]
    labels, votes = np.unique(wrong, return_counts=True)
    name = material.dataset.class_names[int(labels[votes.argmax()])]
    return f"{name}, predicted by {votes.max()} of {count(len(table.predicted), 'run')}"


def _by_best(material: Material, table: AlignedPredictions, photo: int) -> str:
    name = material.dataset.class_names[int(table.predicted[0, photo])]
    return f"predicted: {name}, {percent(float(table.confidence[0, photo]))}"


def _group(
    material: Material, table: AlignedPredictions, order: np.ndarray, title: str, describe: Describe
) -> PhotoGroup:
    """The first photos in this order whose file is still there."""
    files = {photo.digest: photo.file for photo in material.photos}
    shown = [
        ReportPhoto(
            source=source,
            file=files.get(table.digests[photo], table.digests[photo]),
            true=material.dataset.class_names[int(table.labels[photo])],
            prediction=describe(material, table, photo),
        )
        for photo in order[:_MOST].tolist()
        if (source := data_uri(material.photos_dir / f"{table.digests[photo]}.jpg"))
    ]
    return PhotoGroup(title=title, photos=tuple(shown), found=len(order))


def data_uri(path: Path) -> str:
    """A small square of a stored photo; "" when its file is gone."""
    try:
        jpeg = thumbnail(path, _SIDE, quality=78)
    except OSError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
