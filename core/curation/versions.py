"""The new version of a dataset that decisions make: photos relabelled, excluded, moved to another split, or labelled.

Photos that nobody touched keep class and split. The version before stays as it is, with its runs. Photos of the pool
that nobody labelled stay without a class in the new version.
"""

import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.curation.decisions import PhotoAction, PhotoDecision, changing, decisions_on, standing
from core.curation.labelled import LabelledPool, labelled_pool
from core.datasets.decoding.identity import with_pixels
from core.datasets.manifest import dataset_of, write_manifest
from core.datasets.names import quoted_list
from core.datasets.pool import pool_path
from core.datasets.staging import staging
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput
from core.files.folders import DatasetFolder
from core.files.here import dataset_here
from core.files.home import import_lock
from core.files.locks import acquire
from core.jobs.imports import register
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings
from core.text.units import count, listed


@dataclass(frozen=True, kw_only=True)
class PlannedVersion:
    """What decisions would make of a dataset.

    Args:
        photos: ordered by split, class and digest. pool: what becomes of the photos without a class.
        changes: how many photos are changed in which way.
    """

    photos: tuple[Photo, ...]
    pool: LabelledPool
    changes: Counter[PhotoAction]


def apply_decisions(dataset: Dataset, *, registry: Registry, settings: Settings, validation: bool = False) -> Dataset:
    """Make a new version of ``dataset`` by what was decided on its photos; returns it.

    Photos that were kept stay kept on both versions, so that nobody is asked about them again.

    Args:
        validation: draw validation photos from those that were labelled (``labelled_pool``).

    Raises:
        InvalidInput: nothing would change, or a class would have no photo to learn from.
        Forbidden: the acting person may not import datasets.
    """
    require(Role.TRAINER, "Making a version of a dataset")
    require_quota(settings, registry, begun="made")
    with acquire(import_lock(settings)), changing(dataset, settings) as decisions:
        planned = _planned(dataset, decisions, registry, settings, validation)
        if not planned.changes:
            raise InvalidInput(
                "No photo was labelled, relabelled, excluded or moved, so there is nothing to make a version of."
                f"{_made_meanwhile(dataset, registry)}"
            )
        _check(dataset, planned.photos)
        made = _stored(dataset, planned, decisions, registry, settings)
        stay = [one for one in standing(decisions).values() if one.action is PhotoAction.KEEP]
        seen = seen_before(decisions, planned.photos)
        decisions[:] = stay
    if seen:
        with changing(made, settings) as there:
            there += seen
    return made


def _made_meanwhile(dataset: Dataset, registry: Registry) -> str:
    """Where another person may have made a version of the same decisions."""
    newest = registry.next_version(dataset.name) - 1
    if newest <= dataset.version:
        return ""
    return f" Version {newest} of {dataset.name} is there already: somebody may have made it of the same decisions."


def seen_before(decisions: Sequence[PhotoDecision], photos: Sequence[Photo]) -> list[PhotoDecision]:
    """What a check of the new version need not ask again: its photos that a person kept, relabelled or moved are kept
    there."""
    answers = (PhotoAction.KEEP, PhotoAction.RELABEL, PhotoAction.MOVE)
    there = {photo.digest for photo in photos}
    last = standing(decisions).values()
    kept = [one for one in last if one.action in answers and one.digest in there]
    return [replace(one, action=PhotoAction.KEEP, target="") for one in kept]


def planned_version(dataset: Dataset, *, registry: Registry, settings: Settings) -> PlannedVersion:
    """What ``apply_decisions`` would make."""
    return _planned(dataset, decisions_on(dataset, settings), registry, settings, False)


def _planned(
    dataset: Dataset, decisions: Sequence[PhotoDecision], registry: Registry, settings: Settings, validation: bool
) -> PlannedVersion:
    photos, changes = changed_photos(registry.photos(dataset.id), decisions)
    pool = labelled_pool(dataset, decisions, settings=settings, validation=validation)
    everything = sorted([*photos, *pool.photos], key=_order)
    return PlannedVersion(photos=tuple(everything), pool=pool, changes=changes + pool.changes)


def _order(photo: Photo) -> tuple[int, str, str]:
    return SPLITS.index(photo.split), photo.class_name, photo.digest


def changed_photos(
    photos: Sequence[Photo], decisions: Sequence[PhotoDecision]
) -> tuple[list[Photo], Counter[PhotoAction]]:
    """The photos of the new version, ordered by split, class and digest, and how many were changed in which way."""
    decided = standing(decisions)
    found, changes = [], Counter[PhotoAction]()
    for photo in photos:
        one = decided.get(photo.digest)
        after = photo if one is None else _after(photo, one)
        if after != photo and one is not None:
            changes[one.action] += 1
        if after is not None:
            found.append(after)
    return sorted(found, key=_order), changes


def _after(photo: Photo, decision: PhotoDecision) -> Photo | None:
    match decision.action:
        case PhotoAction.RELABEL:
            return replace(photo, class_name=decision.target)
        case PhotoAction.MOVE:
            return replace(photo, split=decision.target)
        case PhotoAction.EXCLUDE:
            return None
    return photo


def _check(dataset: Dataset, photos: Sequence[Photo]) -> None:
    learned = {photo.class_name for photo in photos if photo.split == "train"}
    missing = sorted({*dataset.class_names, *(photo.class_name for photo in photos)} - learned)
    if missing:
        raise InvalidInput(
            f"The new version would have no training photo of {quoted_list(missing)}. Undo a decision on one of them."
        )


def _stored(
    dataset: Dataset,
    planned: PlannedVersion,
    decisions: Sequence[PhotoDecision],
    registry: Registry,
    settings: Settings,
) -> Dataset:
    before, pool = dataset_here(settings, dataset.id), planned.pool
    new = {photo.digest: photo for photo in with_pixels(pool.photos, lambda digest: pool_path(before, digest))}
    photos = [new.get(photo.digest, photo) for photo in planned.photos]
    made = dataset_of(
        photos,
        id=f"d-{secrets.token_hex(4)}",
        name=dataset.name,
        version=registry.next_version(dataset.name),
        seed=dataset.seed,
        split_given=dataset.split_given,
        rejections=(*dataset.rejections, *(one for part in pool.parts for one in part.rejections)),
        notes=(*dataset.notes, describe(dataset, planned)),
        started=time.time(),
        unlabelled=pool.rest,
        grey_bits=dataset.grey_bits,
    )
    with staging(settings, made.id) as stage:
        after = DatasetFolder(stage.path)
        link_photos(before.photos, after.photos, [photo.digest for photo in photos if photo.digest not in new])
        rest = {photo.digest for photo in pool.rest}
        for part in pool.parts:
            digests = [photo.digest for photo in part.photos]
            link_photos(part.folder, after.photos, [one for one in digests if one in new])
            link_photos(part.folder, after.unlabelled, [one for one in digests if one in rest])
        lineage = {"dataset": dataset.id, "version": dataset.version, "decisions": [asdict(one) for one in decisions]}
        after.lineage.write_text(json.dumps(lineage))
        write_manifest(stage.path, made, photos, pool.rest)
        stage.publish()
    return register(settings, registry, made, photos)[0]


def describe(dataset: Dataset, planned: PlannedVersion) -> str:
    """The note of a new version: from which it was made, and how."""
    made = f"Made from version {dataset.version} ({dataset.id}): {changes_text(planned.changes)}"
    drawn = Counter(photo.split for photo in planned.pool.photos)
    split = f", {drawn['train']} of them for training and {drawn['validation']} for validation"
    where = f" (labelled photos{split})" if drawn["validation"] else " (labelled photos for training)" if drawn else ""
    return f"{made}{where}. All other photos keep class and split."


def changes_text(changes: Mapping[PhotoAction, int]) -> str:
    """``3 photos relabelled and 1 photo excluded``."""
    words = {
        PhotoAction.LABEL: "labelled",
        PhotoAction.RELABEL: "relabelled",
        PhotoAction.EXCLUDE: "excluded",
        PhotoAction.MOVE: "moved to another split",
    }
    return listed(
        [f"{count(changes[action], 'photo')} {word}" for action, word in words.items() if changes.get(action)]
    )


def link_photos(source: Path, target: Path, digests: Sequence[str]) -> None:
    """The stored photos, which never change, as further names of the same files where the disk can do that."""
    if digests:
        target.mkdir(exist_ok=True)
    for digest in digests:
        name = f"{digest}.jpg"
        try:
            os.link(source / name, target / name)
        except OSError:
            shutil.copyfile(source / name, target / name)
