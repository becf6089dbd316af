"""What to label next: photos without a class are added to a dataset, and put in the order in which they help most."""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.advising.label_copies import (
    PhotoHere,
    Stage,
    as_photo,
    copies_of_import,
    left_out_of_order,
    near_copies,
    photos_here,
)
from core.advising.label_order import LabelSteps, label_steps, margins_of
from core.advising.label_values import LABEL_METHOD, LabelOrder, NextPhoto
from core.backbones.values import Backbone
from core.curation.decisions import PhotoAction, PhotoDecision, decisions_on, standing
from core.curation.folds import head_probabilities, unit_rows
from core.curation.inputs import choose_backbone
from core.curation.labelled import check_can_add
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.names import quoted, quoted_list
from core.datasets.pool import PoolPart, add_to_pool, pool_of
from core.datasets.progress import ImportProgress
from core.datasets.values import Dataset, Photo, Rejection, UnlabelledPhoto
from core.errors import InvalidInput, NotFound
from core.features.compute import features_of
from core.files import atomic
from core.files.folders import DatasetFolder
from core.files.here import dataset_here, model_here
from core.files.home import import_lock
from core.files.locks import acquire
from core.jobs.stored_size import measure_pool
from core.people.acting import Role, require
from core.registry import Registry
from core.runs.values import Run, Status
from core.serving import engine
from core.settings import Settings

MOST_ORDERED = 200
"""Photos of an order. Later ones are ordered again, with what was labelled meanwhile."""

MOST_PROBABLE = 5
_AT_ONCE = 32


# --- adding photos ---


def add_photos(
    dataset: Dataset,
    source: Path,
    *,
    registry: Registry,
    settings: Settings,
    report: Stage,
    flat: bool = False,
) -> PoolPart:
    """Add the photos of a folder or an archive to the pool of ``dataset``, without copies and near-copies of photos
    that are here already and of each other.

    Args:
        flat: the folders of the upload mean nothing.

    Raises:
        FoldersAsked, InvalidInput, Refused, NoSpace, NotFound, Cancelled: as of ``add_to_pool``.
        Forbidden: the acting person may not import photos.
    """
    require(Role.TRAINER, "Adding photos")
    check_can_add(dataset, settings)
    folder = dataset_here(settings, dataset.id)

    def told(progress: ImportProgress) -> None:
        report(progress.stage, progress.done, progress.total)

    with acquire(import_lock(settings), waiting=lambda: report("Waiting for another import", 0, 0)):
        here = photos_here(dataset, folder, registry)

        def left_out(decoded: Path, photos: Sequence[UnlabelledPhoto]) -> Mapping[str, str]:
            return near_copies(here, decoded, photos, report)

        part = add_to_pool(
            source,
            folder,
            dataset,
            settings=settings,
            addition_id=f"a-{secrets.token_hex(4)}",
            known=_names(here),
            left_out=left_out,
            flat=flat,
            progress=told,
        )
        measure_pool(registry, folder)
    detail = {"dataset": dataset.id, "name": dataset.name, "photos": len(part.photos)}
    registry.log("add unlabelled photos", detail)
    return part


def _names(here: Sequence[PhotoHere]) -> dict[str, str]:
    return {identity: one.file for one in here for identity in one.identities}


# --- the order ---


def make_order(
    dataset: Dataset, *, registry: Registry, settings: Settings, report: Stage, run_id: str = ""
) -> LabelOrder:
    """Put the photos of the pool that nobody decided on in order, and keep it; call it where TensorFlow may be
    imported. Photos that were labelled in the meantime count as labelled.

    Args:
        run_id: whose model's probabilities are used; "" for a linear head on stored features.

    Raises:
        InvalidInput: there is nothing to label, or the run has other classes. NotFound: a photo or the run is missing.
        Unavailable: the model cannot be used. NoSpace: the disk cannot hold the features.
    """
    started = time.time()
    run = checked_run(dataset, run_id, registry) if run_id else None
    folder = dataset_here(settings, dataset.id)
    parts = pool_of(folder)
    measure_pool(registry, folder)  # again: a process that added photos may have been killed before it was recorded
    decided = standing(decisions_on(dataset, settings))
    _check_open(dataset, parts, decided)
    left_out = _left_out(dataset, folder, parts, decided, registry, report)
    backbone = choose_backbone(dataset, registry, settings)
    pool = _pool_rows(dataset, backbone, parts, settings, report)
    known = _labelled(dataset, backbone, pool, decided, registry, settings, report)
    left = [i for i, photo in enumerate(pool.photos) if photo.digest not in decided and photo.digest not in left_out]
    rows = pool.rows[left]
    if run is None:
        classes = known.classes
        probabilities = known.probabilities(rows)
    else:
        photos = [(pool.photos[index], pool.paths[index]) for index in left]
        classes, probabilities = _predicted(run, photos, registry, settings, report)
    margins = margins_of(probabilities)
    report("Ordering", 0, 0)
    steps = label_steps(margins, rows, known.rows, MOST_ORDERED)
    found = [
        _next_photo(step, pool.photos[left[step]], probabilities[step], float(margins[step]), classes, steps, known)
        for step in steps.chosen.tolist()
    ]
    order = LabelOrder(
        dataset_id=dataset.id,
        run=run.id if run else "",
        title=run.name if run else "",
        backbone=backbone.title,
        photos=tuple(found),
        left=len(left),
        left_out=tuple(left_out.values()),
        at=started,
        seconds=round(time.time() - started, 3),
    )
    atomic.write_json(folder.label_order(LABEL_METHOD), order.to_json())
    return order


def _next_photo(
    step: int,
    photo: UnlabelledPhoto,
    probabilities: np.ndarray,
    margin: float,
    classes: Sequence[str],
    steps: LabelSteps,
    known: "_Labelled",
) -> NextPhoto:
    """The photo of a row of ``steps``, with its most probable classes and the labelled photo that is most like it."""
    best = np.argsort(-probabilities, kind="stable")[:MOST_PROBABLE].tolist()
    near = int(steps.nearest[step])
    nearest = known.photos[near] if near >= 0 else None
    return NextPhoto(
        digest=photo.digest,
        file=photo.file,
        suggested=classes[best[0]],
        probability=round(float(probabilities[best[0]]), 4),
        margin=round(margin, 4),
        probabilities={classes[label]: round(float(probabilities[label]), 4) for label in best},
        nearest=nearest.digest if nearest else "",
        nearest_file=nearest.file if nearest else "",
        nearest_class=nearest.class_name if nearest else "",
        similarity=round(float(steps.similarity[step]), 4),
    )


def _left_out(
    dataset: Dataset,
    folder: DatasetFolder,
    parts: Sequence[PoolPart],
    decided: Mapping[str, PhotoDecision],
    registry: Registry,
    report: Stage,
) -> dict[str, Rejection]:
    """Of the photos of the import, by digest; those of additions were compared before.

    Raises:
        InvalidInput: no photo is left.
    """
    photos = [photo for part in parts for photo in part.photos]
    found = left_out_of_order(copies_of_import(dataset, folder, registry, report), photos, decided)
    if all(photo.digest in decided or photo.digest in found for photo in photos):
        first = next(iter(found.values()))
        raise InvalidInput(
            f"All {len(found):,} photos without a class that nobody decided on are copies or near-copies: "
            f"{quoted(first.file)} {first.reason}. Add more photos, or make a new version of the dataset."
        )
    return found


def checked_run(dataset: Dataset, reference: str, registry: Registry) -> Run:
    """The run whose model is used.

    Raises:
        NotFound: there is none. InvalidInput: it has not finished, or does not know the classes of ``dataset``.
    """
    run = registry.run(reference)
    if run.status is not Status.FINISHED:
        raise InvalidInput(f"{run.name} ({run.id}) has not finished, so it has no model. Choose a finished run.")
    classes = registry.dataset(run.dataset_id).class_names
    if other := [name for name in classes if name not in dataset.class_names]:
        raise InvalidInput(
            f"{run.name} ({run.id}) predicts {quoted_list(other)}, which {quoted(dataset.name)} does not have. Choose "
            "a run of this dataset."
        )
    return run


def _check_open(dataset: Dataset, parts: Sequence[PoolPart], decided: Mapping[str, PhotoDecision]) -> None:
    photos = [photo.digest for part in parts for photo in part.photos]
    if not photos:
        raise InvalidInput(
            f"{quoted(dataset.name)} version {dataset.version} has no photos without a class. Add some first."
        )
    if all(digest in decided for digest in photos):
        raise InvalidInput(
            f"All {len(photos):,} photos without a class are labelled or excluded already. Make a new version of the "
            "dataset, or add more photos."
        )


@dataclass(frozen=True, eq=False)
class _PoolRows:
    """All photos of a pool, where they lie, and their features: (n, d) of length 1."""

    photos: tuple[UnlabelledPhoto, ...]
    paths: tuple[Path, ...]
    rows: np.ndarray


def _pool_rows(
    dataset: Dataset, backbone: Backbone, parts: Sequence[PoolPart], settings: Settings, report: Stage
) -> _PoolRows:
    """The features of each part are stored under its own digest, so a later addition leaves them as they are."""
    total = sum(len(part.photos) for part in parts)
    found: list[np.ndarray] = []

    def told(done: int, _total: int = 0) -> None:
        report("Computing features", sum(len(rows) for rows in found) + done, total)

    for part in parts:
        features = features_of(
            [as_photo(photo) for photo in part.photos],
            dataset=replace(dataset, digest=part.digest, counts={"train": {"": len(part.photos)}}),
            backbone=backbone,
            settings=settings,
            progress=told,
            waiting=lambda: told(0),
            folder=part.folder,
        )
        found.append(_usable(features.array))
    return _PoolRows(
        tuple(photo for part in parts for photo in part.photos),
        tuple(part.path(photo.digest) for part in parts for photo in part.photos),
        np.concatenate(found),
    )


def _usable(rows: np.ndarray) -> np.ndarray:
    found = unit_rows(rows)
    found[~np.isfinite(found).all(axis=1)] = 0
    return found


@dataclass(frozen=True, eq=False)
class _Labelled:
    """Training photos and drafts: their features (m, d), and their classes."""

    photos: tuple[Photo, ...]
    rows: np.ndarray
    classes: tuple[str, ...]

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """(n, classes) by a linear head that is fitted on them."""
        number = {name: label for label, name in enumerate(self.classes)}
        labels = np.array([number[photo.class_name] for photo in self.photos], np.int64)
        there = self.rows.any(axis=1)
        return head_probabilities(self.rows[there], labels[there], len(self.classes), rows)


def _labelled(
    dataset: Dataset,
    backbone: Backbone,
    pool: _PoolRows,
    decided: Mapping[str, PhotoDecision],
    registry: Registry,
    settings: Settings,
    report: Stage,
) -> _Labelled:
    """Validation and test photos are not read: what is labelled next does not depend on them."""
    train = registry.photos(dataset.id, split="train")
    features = features_of(
        train,
        dataset=dataset,
        backbone=backbone,
        settings=settings,
        progress=lambda done, total: report("Computing features", done, total),
        waiting=lambda: report("Waiting for features", 0, 0),
    )
    drafts = [
        (index, replace(as_photo(photo), class_name=decided[photo.digest].target))
        for index, photo in enumerate(pool.photos)
        if photo.digest in decided and decided[photo.digest].action is PhotoAction.LABEL
    ]
    photos = (*train, *(photo for _, photo in drafts))
    rows = np.concatenate([_usable(features.array), pool.rows[[index for index, _ in drafts]]])
    return _Labelled(photos, rows, tuple(sorted({photo.class_name for photo in photos})))


def _predicted(
    run: Run,
    photos: Sequence[tuple[UnlabelledPhoto, Path]],
    registry: Registry,
    settings: Settings,
    report: Stage,
) -> tuple[tuple[str, ...], np.ndarray]:
    """The classes of a run's model, and its probabilities (n, classes) for stored photos."""
    classes = registry.dataset(run.dataset_id).class_names
    number = {name: label for label, name in enumerate(classes)}
    found = np.zeros((len(photos), len(classes)))
    for first in range(0, len(photos), _AT_ONCE):
        report(f"Predicting with {run.name}", first, len(photos))
        given = [(photo.file, _stored(photo, path)) for photo, path in photos[first : first + _AT_ONCE]]
        predicted = engine.predict(
            [model_here(settings, run.id)], given, top=len(classes), limit_bytes=settings.models_limit_bytes
        )
        for row, one in enumerate(predicted, first):
            for share in one.predictions[0].classes:
                found[row, number[share.class_name]] = share.probability
    return classes, found


def _stored(photo: UnlabelledPhoto, path: Path) -> StoredPhoto:
    try:
        return StoredPhoto(jpeg=path.read_bytes(), width=photo.width, height=photo.height)
    except OSError as error:
        raise NotFound(f"The stored photo {quoted(photo.file)} cannot be read: {error.strerror}.") from None
