"""The new version of a dataset that decisions make: some photos relabelled, excluded or moved to another split.

Photos that nobody touched keep class and split. The version before stays as it is, with its runs.
"""

import json
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core.curation.decisions import PhotoAction, PhotoDecision, changing, standing
from core.datasets.manifest import dataset_of, read_unlabelled, write_manifest
from core.datasets.names import quoted_list
from core.datasets.staging import staging
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput
from core.files.here import dataset_here
from core.files.home import DatasetFolder, import_lock
from core.files.locks import acquire
from core.jobs.imports import register
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings
from core.text.units import count, listed


def apply_decisions(dataset: Dataset, *, registry: Registry, settings: Settings) -> Dataset:
    """Make a new version of ``dataset`` by what was decided on its photos; returns it.

    Raises:
        InvalidInput: nothing would change, or a class would have no photo to learn from.
        Forbidden: the acting person may not import datasets.
    """
    require(Role.TRAINER, "Making a version of a dataset")
    with acquire(import_lock(settings)), changing(dataset, settings) as decisions:
        photos, changes = changed_photos(registry.photos(dataset.id), decisions)
        if not changes:
            raise InvalidInput("No photo was relabelled, excluded or moved, so there is nothing to make a version of.")
        _check(dataset, photos)
        made = _stored(dataset, photos, decisions, changes, registry, settings)
        decisions.clear()
    return made


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
    return sorted(found, key=lambda photo: (SPLITS.index(photo.split), photo.class_name, photo.digest)), changes


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
    missing = [name for name in dataset.class_names if name not in learned]
    if missing:
        raise InvalidInput(
            f"The new version would have no training photo of {quoted_list(missing)}. Undo a decision on one of them."
        )


def _stored(
    dataset: Dataset,
    photos: Sequence[Photo],
    decisions: Sequence[PhotoDecision],
    changes: Mapping[PhotoAction, int],
    registry: Registry,
    settings: Settings,
) -> Dataset:
    before = dataset_here(settings, dataset.id)
    unlabelled = read_unlabelled(before.path)
    made = dataset_of(
        photos,
        id=f"d-{secrets.token_hex(4)}",
        name=dataset.name,
        version=registry.next_version(dataset.name),
        seed=dataset.seed,
        split_given=dataset.split_given,
        rejections=dataset.rejections,
        notes=(*dataset.notes, describe(dataset, changes)),
        started=time.time(),
        unlabelled=unlabelled,
        grey_bits=dataset.grey_bits,
    )
    with staging(settings, made.id) as stage:
        after = DatasetFolder(stage.path)
        link_photos(before.photos, after.photos, [photo.digest for photo in photos])
        link_photos(before.unlabelled, after.unlabelled, [photo.digest for photo in unlabelled])
        lineage = {"dataset": dataset.id, "version": dataset.version, "decisions": [asdict(one) for one in decisions]}
        after.lineage.write_text(json.dumps(lineage))
        write_manifest(stage.path, made, photos, unlabelled)
        stage.publish()
    return register(settings, registry, made, photos)[0]


def describe(dataset: Dataset, changes: Mapping[PhotoAction, int]) -> str:
    """The note of a new version: from which it was made, and how."""
    made = f"Made from version {dataset.version} ({dataset.id}): {changes_text(changes)}."
    return f"{made} All other photos keep class and split."


def changes_text(changes: Mapping[PhotoAction, int]) -> str:
    """``3 photos relabelled and 1 photo excluded``."""
    words = {
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
        target.mkdir()
    for digest in digests:
        name = f"{digest}.jpg"
        try:
            os.link(source / name, target / name)
        except OSError:
            shutil.copyfile(source / name, target / name)
