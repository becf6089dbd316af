"""Photos without a class on which a label would be spent twice: copies and near-copies of photos that are here already.

What is added to a pool is compared before it is stored. The photos that came with the import itself are compared when
they are first ordered, with the photos of the dataset and with each other; both are immutable, so what was found is
kept. Perceptual hashes propose the pairs, which are compared by their pixels (``core.curation.copies``); features are
not used.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from core.curation.copies import copies_of
from core.curation.pictures import read_pictures
from core.datasets.decoding.identity import with_pixels
from core.datasets.pool import PoolPart, pool_of
from core.datasets.values import Dataset, Photo, Rejection, UnlabelledPhoto
from core.files import atomic
from core.files.folders import DatasetFolder
from core.registry import Registry

COPIES_METHOD = 1
"""Raised whenever other pairs would be found."""

Stage = Callable[[str, int, int], None]
"""Called with (stage, done, total); may raise to stop."""


@dataclass(frozen=True, kw_only=True)
class PhotoHere:
    """A photo that the dataset or its pool has already.

    Args:
        identities: digest, and SHA-256 of the stored JPEG.
    """

    digest: str
    file: str
    path: Path
    identities: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CopyOfImport:
    """A photo without a class that came with the import, and a photo that it is a copy or near-copy of.

    Args:
        digest: of the photo. other, other_file: of what it is a copy of. exact: the pixels are the same.
        has_class: the other one is a photo of the dataset; else it came without a class too.
    """

    digest: str
    other: str
    other_file: str
    exact: bool
    has_class: bool


def as_photo(photo: UnlabelledPhoto) -> Photo:
    """With no class; for what takes photos of a dataset."""
    return Photo(**vars(photo), class_name="", split="train")


def photos_here(dataset: Dataset, folder: DatasetFolder, registry: Registry) -> list[PhotoHere]:
    """The photos of a dataset and of its pool."""
    return [*_of_dataset(dataset, folder, registry), *(one for part in pool_of(folder) for one in _of_part(part))]


def near_copies(
    here: Sequence[PhotoHere], decoded: Path, photos: Sequence[UnlabelledPhoto], report: Stage
) -> dict[str, str]:
    """Why photos of an addition are left out that are near-copies, by digest.

    Args:
        decoded: folder of the photos.
    """
    reasons: dict[str, str] = {}
    paths = [decoded / f"{one.digest}.jpg" for one in photos]
    for first_number, second_number in _pairs([one.path for one in here], paths, report):
        second = photos[second_number - len(here)]
        if first_number < len(here):
            reasons.setdefault(second.digest, f"is a near-copy of {here[first_number].file}, which is here already")
            continue
        first = photos[first_number - len(here)]
        if first.digest not in reasons:
            reasons.setdefault(second.digest, f"is a near-copy of {first.file}, which is kept")
    return reasons


def copies_of_import(
    dataset: Dataset, folder: DatasetFolder, registry: Registry, report: Stage
) -> tuple[CopyOfImport, ...]:
    """Which photos without a class of the import are copies, compared once and then read.

    Raises:
        NotFound: a stored photo is missing.
    """
    own = next((part for part in pool_of(folder) if part.folder == folder.unlabelled), None)
    if own is None:
        return ()
    kept = folder.label_copies(COPIES_METHOD)
    with suppress(OSError, ValueError, TypeError):  # never compared, or damaged by a power cut
        return tuple(CopyOfImport(**one) for one in json.loads(kept.read_text()))
    labelled, aside = _of_dataset(dataset, folder, registry), _of_part(own)
    everything = [*labelled, *aside]
    found_pairs = _pairs([one.path for one in labelled], [one.path for one in aside], report)
    pairs = dict.fromkeys(found_pairs, False)
    pairs |= dict.fromkeys(_equal(everything, len(labelled)), True)
    found = [
        CopyOfImport(
            digest=everything[second].digest,
            other=everything[first].digest,
            other_file=everything[first].file,
            exact=exact,
            has_class=first < len(labelled),
        )
        for (first, second), exact in sorted(pairs.items(), key=lambda one: (one[0][1], one[0][0]))
    ]
    atomic.write_json(kept, [asdict(one) for one in found])
    return tuple(found)


def left_out_of_order(
    copies: Sequence[CopyOfImport], photos: Sequence[UnlabelledPhoto], decided: Container[str]
) -> dict[str, Rejection]:
    """The photos that are not worth a label, by digest, with the reasons. Of near-copies on which nobody decided, the
    first one is kept.

    Args:
        photos: of the pool. decided: digests of the photos that were labelled or excluded.
    """
    names = {photo.digest: photo.file for photo in photos}
    near: dict[str, list[tuple[str, CopyOfImport]]] = defaultdict(list)
    for one in copies:
        near[one.digest].append((one.other, one))
        if not one.has_class:
            near[one.other].append((one.digest, one))
    found: dict[str, Rejection] = {}
    kept: set[str] = set()
    for photo in photos:
        if photo.digest in decided:
            continue
        for other, one in near[photo.digest]:
            kind = "copy" if one.exact else "near-copy"
            if one.has_class:
                reason = f"is a {kind} of {one.other_file}, which has a class"
            elif other in decided and other in names:
                reason = f"is a {kind} of {names[other]}, which was decided on"
            elif other in kept:
                reason = f"is a {kind} of {names[other]}, which is in the order"
            else:
                continue
            found[photo.digest] = Rejection(file=photo.file, reason=reason)
            break
        else:
            kept.add(photo.digest)
    return found


def _of_dataset(dataset: Dataset, folder: DatasetFolder, registry: Registry) -> list[PhotoHere]:
    return _here(registry.photos(dataset.id), folder.photo)


def _of_part(part: PoolPart) -> list[PhotoHere]:
    return _here([as_photo(one) for one in part.photos], part.path)


def _here(photos: Sequence[Photo], path_of: Callable[[str], Path]) -> list[PhotoHere]:
    return [
        PhotoHere(
            digest=photo.digest,
            file=photo.file,
            path=path_of(photo.digest),
            identities=(photo.digest, photo.pixels or photo.digest),
        )
        for photo in with_pixels(photos, path_of)
    ]


def _pairs(here: Sequence[Path], new: Sequence[Path], report: Stage) -> list[tuple[int, int]]:
    """Near-copies by their numbers in both, the first before the second, which is a new one."""
    pictures = read_pictures([*here, *new], lambda done, total: report("Reading photos", done, total))
    pairs = copies_of(
        pictures, None, progress=lambda done, total: report("Comparing photos", done, total), new_from=len(here)
    )
    return sorted(((one.first, one.second) for one in pairs), key=lambda pair: (pair[1], pair[0]))


def _equal(photos: Sequence[PhotoHere], new_from: int) -> list[tuple[int, int]]:
    """Pairs with the same pixels, each with the first photo that has them."""
    first: dict[str, int] = {}
    found = set()
    for number, photo in enumerate(photos):
        for identity in photo.identities:
            before = first.setdefault(identity, number)
            if before != number and number >= new_from:
                found.add((before, number))
    return sorted(found)
