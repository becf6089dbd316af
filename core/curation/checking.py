"""A check of a dataset: everything that is found, stored in the dataset's folder.

A dataset does not change, so a check by one method (``values.METHOD``) is done once. It takes less than 30 seconds for
4,000 photos whose features are stored.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from core.curation.copies import Pair, copies_of, groups_of
from core.curation.folds import folds_of, out_of_fold
from core.curation.inputs import PhotoFeatures, features_for
from core.curation.labels import Suspect, suspects_in
from core.curation.odd import odd_in, unlike_their_class
from core.curation.pictures import Picture, read_pictures
from core.curation.values import METHOD, CopyGroup, CopyLink, Findings, GroupedPhoto, LabelError, Neighbour, OddPhoto
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import NotFound
from core.files import atomic
from core.files.here import dataset_here
from core.registry import Registry
from core.runs.metrics import wilson_interval
from core.settings import Settings
from core.text.units import count, listed, percent

MOST_PROBABLE, NEAREST = 5, 8
"""Probabilities and nearest photos that are kept for each likely label error."""

_SUSPECTS = 64
"""Compared with all photos at once."""

Report = Callable[[str, int, int], None]
"""Called with (stage, done, total); may raise to stop."""


def check_dataset(dataset: Dataset, *, registry: Registry, settings: Settings, report: Report) -> Findings:
    """What is found in ``dataset``: read where it was checked before, else found and stored now.

    Raises:
        NotFound: a stored photo is missing, as of a dataset that came with a model. NoSpace: the disk is too full.
    """
    known = read_findings(dataset, settings)
    if known is not None:
        return known
    if dataset_here(settings, dataset.id).lacks_photos:
        raise NotFound(f"{dataset.name} came with a model, without its photos: import them to check them.")
    started = time.time()
    inputs = features_for(
        dataset,
        registry=registry,
        settings=settings,
        progress=lambda done, total: report("Computing features", done, total),
    )
    folder = dataset_here(settings, dataset.id)
    paths = [folder.photo(photo.digest) for photo in inputs.photos]
    pictures = read_pictures(paths, lambda done, total: report("Reading photos", done, total))
    found = find(dataset, inputs, pictures, report)
    found = replace(found, at=started, seconds=round(time.time() - started, 3))
    atomic.write_json(folder.findings(METHOD), found.to_json())
    return found


def read_findings(dataset: Dataset, settings: Settings) -> Findings | None:
    """What was found before, by the method of this version; None where the dataset was not checked."""
    path = dataset_here(settings, dataset.id).findings(METHOD)
    try:
        return Findings.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):  # not checked, or damaged by a power cut: it is checked again
        return None


def find(dataset: Dataset, inputs: PhotoFeatures, pictures: Sequence[Picture], report: Report) -> Findings:
    """What is found in photos with these features and pictures."""
    photos = inputs.photos
    rows = inputs.rows
    family = inputs.backbone.family if inputs.backbone else ""
    pairs = copies_of(pictures, rows, family, lambda done, total: report("Comparing photos", done, total))
    groups = groups_of(len(photos), pairs)
    report("Checking labels", 0, 0)
    number = {name: label for label, name in enumerate(dataset.class_names)}
    labels = np.array([number[photo.class_name] for photo in photos], np.int64)
    notes = [f"Labels were not checked: {inputs.problem}"] if inputs.problem else []
    suspects: list[LabelError] = []
    unlike: dict[int, str] = {}
    accuracy = None
    if rows is not None:
        there = np.flatnonzero(rows.any(axis=1))
        usable = rows if len(there) == len(rows) else rows[there]  # a copy only where some are without
        notes += _without_features(photos, rows)
        probabilities = np.zeros((len(photos), len(dataset.class_names)))
        folds = folds_of(labels[there], groups[there].tolist())
        probabilities[there] = out_of_fold(usable, labels[there], folds, len(dataset.class_names))
        unlike = {int(there[index]): text for index, text in unlike_their_class(usable, labels[there]).items()}
        checked = probabilities[np.arange(len(photos)), labels] > 0
        notes += _unchecked(photos, ~checked & rows.any(axis=1))
        if checked.any():
            right = (probabilities.argmax(axis=1) == labels)[checked]
            accuracy = float(right.mean())
            if better_than_guessing(right, labels[checked]):
                suspects = _label_errors(
                    suspects_in(probabilities, labels), photos, rows, groups, probabilities, dataset
                )
            else:
                notes.append(_GUESSED.format(accuracy=percent(accuracy)))
    return Findings(
        dataset_id=dataset.id,
        digest=dataset.digest,
        backbone=inputs.backbone.name if inputs.backbone else "",
        title=inputs.backbone.title if inputs.backbone else "",
        accuracy=accuracy,
        labels=tuple(suspects),
        copies=tuple(_groups(photos, pairs, groups)),
        odd=tuple(_odd(photos[index], reasons) for index, reasons in odd_in(photos, pictures, unlike)),
        notes=tuple(notes),
        at=0.0,
        seconds=0.0,
    )


_GUESSED = (
    "Labels were not checked: the linear head names the given class of {accuracy} of the photos that it was not fitted "
    "on, no more than guessing would, so no suggestion of it can be trusted."
)


def better_than_guessing(right: np.ndarray, labels: np.ndarray) -> bool:
    """Whether more classes are named rightly than by drawing them as often as they occur, with 95 % confidence: Cohen's
    kappa (Cohen 1960) is above 0.

    Args:
        right: (n,) whether the class of a photo is named. labels: (n,) of these photos.
    """
    by_chance = float(np.square(np.bincount(labels) / len(labels)).sum())
    return wilson_interval(float(right.sum()), len(right))[0] > by_chance


def _label_errors(
    suspects: Sequence[Suspect],
    photos: Sequence[Photo],
    rows: np.ndarray,
    groups: np.ndarray,
    probabilities: np.ndarray,
    dataset: Dataset,
) -> list[LabelError]:
    """With what each suggestion rests on; many at once, since all rows are read for each product."""
    found = []
    for start in range(0, len(suspects), _SUSPECTS):
        some = suspects[start : start + _SUSPECTS]
        products = rows[[one.index for one in some]] @ rows.T
        for one, cosines in zip(some, products, strict=True):
            own = probabilities[one.index]
            found.append(_label_error(one, photos, cosines, groups, own, dataset.class_names))
    return found


def _label_error(
    one: Suspect,
    photos: Sequence[Photo],
    cosines: np.ndarray,
    groups: np.ndarray,
    probabilities: np.ndarray,
    class_names: Sequence[str],
) -> LabelError:
    """``cosines``: (n,) of its features and those of all photos; they are changed."""
    photo = photos[one.index]
    cosines[groups == groups[one.index]] = -2
    near = _highest(cosines, NEAREST)
    best = np.argsort(-probabilities, kind="stable")[:MOST_PROBABLE]
    return LabelError(
        digest=photo.digest,
        file=photo.file,
        split=photo.split,
        class_name=photo.class_name,
        suggested=class_names[one.suggested],
        given=round(one.given, 4),
        confidence=round(one.confidence, 4),
        probabilities={class_names[label]: round(float(probabilities[label]), 4) for label in best},
        nearest=tuple(
            Neighbour(
                digest=photos[index].digest,
                class_name=photos[index].class_name,
                similarity=round(float(cosines[index]), 4),
            )
            for index in near.tolist()
            if cosines[index] > -2
        ),
    )


def _highest(values: np.ndarray, most: int) -> np.ndarray:
    """Numbers of the highest values, the highest first, of equal ones the first."""
    if len(values) <= most:
        return np.argsort(-values, kind="stable")
    least = np.partition(values, -most)[-most]
    there = np.flatnonzero(values >= least)
    return there[np.argsort(-values[there], kind="stable")[:most]]


def _groups(photos: Sequence[Photo], pairs: Sequence[Pair], groups: np.ndarray) -> list[CopyGroup]:
    """Leaks first, then conflicts, then the largest."""
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups.tolist()):
        members.setdefault(group, []).append(index)
    links: dict[int, list[CopyLink]] = {}
    for pair in pairs:
        links.setdefault(int(groups[pair.first]), []).append(_link(photos, pair))
    found = [
        CopyGroup(
            photos=tuple(_grouped(photos[index]) for index in sorted(own, key=lambda one: _by_split(photos[one]))),
            links=tuple(links.get(group, ())),
        )
        for group, own in members.items()
        if len(own) > 1
    ]
    return sorted(found, key=lambda group: (not group.is_leak, not group.is_conflict, -len(group.photos)))


def _by_split(photo: Photo) -> tuple[int, str]:
    return SPLITS.index(photo.split), photo.file


def _grouped(photo: Photo) -> GroupedPhoto:
    return GroupedPhoto(digest=photo.digest, file=photo.file, split=photo.split, class_name=photo.class_name)


def _link(photos: Sequence[Photo], pair: Pair) -> CopyLink:
    return CopyLink(
        first=photos[pair.first].digest,
        second=photos[pair.second].digest,
        correlation=round(max(pair.alignment.correlation, pair.alignment.fitted or 0.0), 4),
        mirrored=pair.alignment.mirrored,
        share=round(pair.alignment.share, 3),
        similarity=None if pair.similarity is None else round(pair.similarity, 4),
        hash_distance=pair.hash_distance,
    )


def _odd(photo: Photo, reasons: dict[str, str]) -> OddPhoto:
    return OddPhoto(
        digest=photo.digest, file=photo.file, split=photo.split, class_name=photo.class_name, reasons=reasons
    )


def _without_features(photos: Sequence[Photo], rows: np.ndarray) -> list[str]:
    without = [photos[index] for index in np.flatnonzero(~rows.any(axis=1)).tolist()]
    if not without:
        return []
    classes = listed(sorted({photo.class_name for photo in without}), 3)
    return [f"{count(len(without), 'photo')} of {classes} had no usable features: their labels were not checked."]


def _unchecked(photos: Sequence[Photo], unchecked: np.ndarray) -> list[str]:
    """Of classes whose photos are all near-copies of each other, or of which there is one photo only."""
    classes = sorted({photos[index].class_name for index in np.flatnonzero(unchecked).tolist()})
    if not classes:
        return []
    return [
        f"The labels of {count(int(unchecked.sum()), 'photo')} were not checked: {listed(classes, 3)} "
        f"{'has' if len(classes) == 1 else 'have'} no other photo that is not a near-copy."
    ]
