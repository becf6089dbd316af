"""From accepted photos to the values that are stored: photos with their split, and the dataset."""

import time
from collections.abc import Mapping, Sequence

from core.datasets.duplicates import Accepted
from core.datasets.manifest import dataset_digest
from core.datasets.splits import SHARES, draw
from core.datasets.values import SPLITS, Dataset, Photo, Rejection


def with_split(
    photos: Sequence[Accepted], given: frozenset[str], seed: int, previous: Mapping[str, str]
) -> tuple[tuple[Photo, ...], tuple[str, ...]]:
    """Photos with their split, ordered by split, class and digest, and notes on what was decided.

    A given split is kept; what it lacks is drawn from its training photos, in the proportion that 70/15/15 has.
    Without one the split is drawn, and photos of ``previous`` keep their side.
    """
    splits = {photo.digest: photo.split for photo in photos if photo.split}
    drawn = [split for split in SPLITS if split not in given]
    notes: list[str] = []
    if not given:
        splits = draw({photo.digest: photo.class_name for photo in photos}, seed=seed, previous=previous)
        notes += _kept_note(splits, previous)
    elif drawn:
        pool = {photo.digest: photo.class_name for photo in photos if photo.split == "train"}
        parts = {split: SHARES[split] for split in ("train", *drawn)}
        shares = {split: share / sum(parts.values()) for split, share in parts.items()}
        splits |= draw(pool, seed=seed, previous=previous, shares=shares)
        notes += [_drawn_note(split, splits, seed) for split in drawn]
    found = tuple(sorted((_photo(photo, splits[photo.digest]) for photo in photos), key=_order))
    return found, (*notes, *_missing_notes(found))


def assemble(
    photos: Sequence[Photo],
    *,
    id: str,
    name: str,
    version: int,
    seed: int,
    split_given: bool,
    rejections: tuple[Rejection, ...],
    notes: tuple[str, ...],
    started: float,
) -> Dataset:
    """The dataset of these photos; ``started`` is when the import began, in seconds since 1970."""
    counts: dict[str, dict[str, int]] = {split: {} for split in SPLITS}
    for photo in photos:
        counts[photo.split][photo.class_name] = counts[photo.split].get(photo.class_name, 0) + 1
    return Dataset(
        id=id,
        name=name,
        version=version,
        digest=dataset_digest(photos),
        class_names=tuple(sorted({photo.class_name for photo in photos})),
        counts=counts,
        rejections=rejections,
        split_given=split_given,
        seed=seed,
        size_bytes=sum(photo.stored_bytes for photo in photos),
        created_at=started,
        seconds=time.time() - started,
        notes=notes,
    )


def _photo(photo: Accepted, split: str) -> Photo:
    return Photo(
        digest=photo.digest,
        file=photo.file,
        class_name=photo.class_name,
        split=split,
        width=photo.width,
        height=photo.height,
        stored_bytes=photo.stored_bytes,
    )


def _order(photo: Photo) -> tuple[int, str, str]:
    return SPLITS.index(photo.split), photo.class_name, photo.digest


def _kept_note(splits: Mapping[str, str], previous: Mapping[str, str]) -> list[str]:
    kept = sum(previous.get(digest) == split for digest, split in splits.items())
    return [f"{kept} photos of the version before keep their split; {len(splits) - kept} are new."] if kept else []


def _drawn_note(split: str, splits: Mapping[str, str], seed: int) -> str:
    count = sum(found == split for found in splits.values())
    return f"There was no {split} folder: {count} of the training photos were drawn for it (seed {seed})."


def _missing_notes(photos: Sequence[Photo]) -> list[str]:
    """Classes that the given split leaves untested."""
    classes = {photo.class_name for photo in photos}
    notes = []
    for split in SPLITS[1:]:
        missing = sorted(classes - {photo.class_name for photo in photos if photo.split == split})
        if missing:
            notes.append(f"There are no {split} photos of {', '.join(missing)}.")
    return notes
