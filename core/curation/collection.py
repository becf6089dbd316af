"""Collections: a named part of the photos of a dataset, made by a filter that is stored, as a dataset of its own.

Its photos keep class and split, and are further names of the same files where the disk can do that. Runs on it are
compared among themselves: its test photos are others.
"""

import json
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from core.curation.checking import read_findings
from core.curation.decisions import PhotoAction, decisions_on, standing
from core.curation.versions import link_photos
from core.datasets.manifest import dataset_of, write_manifest
from core.datasets.names import dataset_name, quoted, quoted_list
from core.datasets.staging import staging
from core.datasets.values import SPLITS, Dataset, Photo
from core.errors import InvalidInput, NotFound
from core.files.folders import DatasetFolder
from core.files.here import dataset_here
from core.files.home import import_lock
from core.files.locks import acquire
from core.jobs.imports import register
from core.jobs.quota import require_quota
from core.people.acting import Role, require
from core.registry import Registry
from core.settings import Settings
from core.text.nearly import did_you_mean
from core.text.units import count, listed

WITHOUT = ("suspects", "odd")
"""Photos that a check found and a filter can leave out."""


@dataclass(frozen=True, kw_only=True)
class PhotoFilter:
    """Which photos of a dataset a collection has: those that meet every condition.

    Args:
        classes: names; () for all. files: a pattern of file names with ``*`` and ``?``, upper and lower case alike,
            that is also tried on the last part of a path; "" for all. smallest: pixels of the shorter side, at least.
        without: words of ``WITHOUT``. most: photos a class, at most, in the proportions of its splits; 0 for all.
    """

    classes: tuple[str, ...] = ()
    files: str = ""
    smallest: int = 0
    without: tuple[str, ...] = ()
    most: int = 0

    def __str__(self) -> str:
        """``classes 'rose' and 'tulip'; at most 20 photos a class``; "" of a filter that keeps all photos."""
        parts = [f"classes {quoted_list(list(self.classes))}"] if self.classes else []
        parts += [f"files like {quoted(self.files)}"] if self.files else []
        parts += [f"shorter side of {self.smallest} pixels or more"] if self.smallest else []
        words = {"suspects": "likely label errors", "odd": "odd photos"}
        parts += [f"without {listed([words[name] for name in self.without])}"] if self.without else []
        parts += [f"at most {count(self.most, 'photo')} a class"] if self.most else []
        return "; ".join(parts)


def make_collection(
    dataset: Dataset, name: str, chosen: PhotoFilter, *, registry: Registry, settings: Settings
) -> tuple[Dataset, bool]:
    """Make a dataset of some photos of ``dataset``; returns it, and whether it is new: one that has exactly these
    photos, classes and splits is returned as it is.

    Args:
        name: of the collection; the name of a dataset makes a new version of it.

    Raises:
        InvalidInput: the filter is not acceptable, keeps all photos, or leaves a class or split empty.
        NotFound: the photos are not here. Forbidden: the acting person may not import datasets.
    """
    require(Role.TRAINER, "Making a collection")
    require_quota(settings, registry, begun="made")
    called = dataset_name(name, Path())
    photos = collected(dataset, chosen, registry=registry, settings=settings)
    with acquire(import_lock(settings)):
        before = dataset_here(settings, dataset.id)
        if before.lacks_photos:
            raise NotFound(f"{dataset.name} came with a model, without its photos: import them first.")
        made = dataset_of(
            photos,
            id=f"d-{secrets.token_hex(4)}",
            name=called,
            version=registry.next_version(called),
            seed=dataset.seed,
            split_given=dataset.split_given,
            rejections=(),
            notes=(describe(dataset, chosen),),
            started=time.time(),
            grey_bits=dataset.grey_bits,
        )
        with staging(settings, made.id) as stage:
            after = DatasetFolder(stage.path)
            link_photos(before.photos, after.photos, [photo.digest for photo in photos])
            lineage = {"dataset": dataset.id, "version": dataset.version, "filter": asdict(chosen)}
            after.lineage.write_text(json.dumps(lineage))
            write_manifest(stage.path, made, photos)
            stage.publish()
        known, unused = register(settings, registry, made, photos)
    return known, unused is None


def describe(dataset: Dataset, chosen: PhotoFilter) -> str:
    """The note of a collection: of which dataset it is a part, and by which filter."""
    return (
        f"Part of {dataset.name} version {dataset.version} ({dataset.id}): {chosen}. Its photos keep class and split."
    )


def filter_of(dataset: Dataset, settings: Settings) -> PhotoFilter | None:
    """The filter by which a collection was made; None of other datasets."""
    try:
        lineage = json.loads(dataset_here(settings, dataset.id).lineage.read_text())
    except (OSError, ValueError):
        return None
    found = lineage.get("filter")
    if found is None:
        return None
    return PhotoFilter(**found | {name: tuple(found[name]) for name in ("classes", "without")})


def collected(dataset: Dataset, chosen: PhotoFilter, *, registry: Registry, settings: Settings) -> list[Photo]:
    """The photos that meet the filter, ordered by split, class and digest.

    Raises:
        InvalidInput: as of ``make_collection``.
    """
    _check_filter(dataset, chosen)
    left_out = _found_by_check(dataset, chosen.without, settings)
    photos = registry.photos(dataset.id)
    kept = [photo for photo in photos if photo.digest not in left_out and _meets(photo, chosen)]
    if chosen.most:
        kept = _at_most(kept, chosen.most)
    _check_photos(dataset, chosen, photos, kept)
    return sorted(kept, key=lambda photo: (SPLITS.index(photo.split), photo.class_name, photo.digest))


def _meets(photo: Photo, chosen: PhotoFilter) -> bool:
    if chosen.classes and photo.class_name not in chosen.classes:
        return False
    if min(photo.width, photo.height) < chosen.smallest:
        return False
    file, pattern = photo.file.casefold(), chosen.files.casefold()
    return not pattern or fnmatchcase(file, pattern) or fnmatchcase(file.rpartition("/")[2], pattern)


def _found_by_check(dataset: Dataset, without: Sequence[str], settings: Settings) -> frozenset[str]:
    """Digests of what a check found, without the photos that a person decided to keep."""
    if not without:
        return frozenset()
    found = read_findings(dataset, settings)
    if found is None:
        title = f"{dataset.name}:{dataset.version}"
        raise InvalidInput(
            f"The photos of {title} have not been checked, so none is known to be {listed(without)}. Check them first: "
            f"core check {title}"
        )
    digests = {"suspects": found.suspects, "odd": frozenset(one.digest for one in found.odd)}
    kept = {
        digest for digest, one in standing(decisions_on(dataset, settings)).items() if one.action is PhotoAction.KEEP
    }
    return frozenset().union(*(digests[name] for name in without)) - kept


def _at_most(photos: Sequence[Photo], most: int) -> list[Photo]:
    """``most`` photos a class, in the proportions of its splits (largest remainders), those with the lowest digests:
    a choice as good as random, and the same at every call."""
    by_class: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_class[photo.class_name].append(photo)
    kept: list[Photo] = []
    for own in by_class.values():
        sizes = Counter(photo.split for photo in own)
        shares = {split: min(most, len(own)) * size / len(own) for split, size in sizes.items()}
        taken = {split: int(share) for split, share in shares.items()}
        spare = min(most, len(own)) - sum(taken.values())
        order = sorted(shares, key=lambda split: (-(shares[split] - taken[split]), SPLITS.index(split)))
        for split in order[:spare]:
            taken[split] += 1
        for split, number in taken.items():
            kept += sorted((photo for photo in own if photo.split == split), key=lambda photo: photo.digest)[:number]
    return kept


def _check_filter(dataset: Dataset, chosen: PhotoFilter) -> None:
    for name in chosen.classes:
        if name not in dataset.class_names:
            meant = did_you_mean(name, dataset.class_names)
            raise InvalidInput(f"{quoted(dataset.name)} has no class {quoted(name)}.{meant}")
    if len(set(chosen.classes)) == 1:
        raise InvalidInput(
            f"A collection needs two classes or more to tell apart. Received: {quoted(chosen.classes[0])} alone"
        )
    unknown = [name for name in chosen.without if name not in WITHOUT]
    if unknown:
        raise InvalidInput(f"A collection can be without {listed(WITHOUT)}. Received: {quoted(unknown[0])}")
    if chosen.most < 0 or chosen.smallest < 0:
        least = min(chosen.most, chosen.smallest)
        raise InvalidInput(f"The number of photos and of pixels cannot be below 0. Received: {least}")


def _check_photos(dataset: Dataset, chosen: PhotoFilter, before: Sequence[Photo], after: Sequence[Photo]) -> None:
    """Raises InvalidInput where nothing is filtered, or too little is left to learn from or to measure with."""
    if len(after) == len(before):
        raise InvalidInput(
            f"The filter keeps all {count(len(before), 'photo')} of {quoted(dataset.name)}. Choose less."
        )
    wanted = chosen.classes or dataset.class_names
    learned = {photo.class_name for photo in after if photo.split == "train"}
    missing = [name for name in wanted if name not in learned]
    if missing:
        raise InvalidInput(
            f"The collection would have no training photo of {quoted_list(missing)}. Loosen the filter, or choose the "
            "classes without it."
        )
    had, has = ({photo.split for photo in photos} for photos in (before, after))
    lost = [split for split in SPLITS if split in had - has]
    if lost:
        raise InvalidInput(f"The collection would have no {listed(lost)} photo. Loosen the filter.")
