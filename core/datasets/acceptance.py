"""Which decoded photos a dataset is made of: copies are left out, and every class needs enough photos."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.decoding.kinds import SUFFIXES
from core.datasets.layout import Layout
from core.datasets.names import quoted
from core.datasets.values import SPLITS, Photo, Rejection
from core.errors import InvalidInput

PHOTOS_PER_CLASS = 3
"""One each for training, validation and test."""

_KEEP_FIRST = {"test": 0, "validation": 1, "train": 2, "": 0}
"""Of copies in several given splits the test photo is kept, so that no test photo is trained on."""


@dataclass(frozen=True, kw_only=True)
class UniquePhotos:
    """Photos of which no two are one.

    Args:
        rejections: the copies that were left out, with reasons.
        notes: how many copies were in two splits or two classes, as sentences.
    """

    photos: list[Photo]
    rejections: list[Rejection]
    notes: tuple[str, ...]


def without_copies(
    photos: Sequence[Photo], *, alike: Mapping[str, str] | None = None, known: Container[str] = ()
) -> UniquePhotos:
    """Photos with unique pixels.

    Of copies within one class one is kept. A photo in two classes is rejected everywhere: only the user knows which
    class is right.

    Args:
        alike: ``{digest: identity}`` of photos whose pixels are equal although ``Photo.pixels`` differs.
        known: digests of the version before: of copies one of these is kept, so that the version stays the same.
    """
    groups: dict[str, list[Photo]] = {}
    for photo in photos:
        groups.setdefault((alike or {}).get(photo.digest) or photo.pixels or photo.digest, []).append(photo)
    kept: list[Photo] = []
    rejections: list[Rejection] = []
    leaks = conflicts = 0
    for copies in groups.values():
        if len({photo.class_name for photo in copies}) > 1:
            rejections += _conflict(copies)
            conflicts += 1
            continue
        first, *others = sorted(copies, key=lambda one: (_KEEP_FIRST[one.split], one.digest not in known, *_plain(one)))
        kept.append(first)
        rejections += [Rejection(file=photo.file, reason=_copy_reason(photo, first)) for photo in others]
        leaks += any(photo.split != first.split for photo in others)
    return UniquePhotos(photos=kept, rejections=rejections, notes=(*_leak_notes(leaks), *_conflict_notes(conflicts)))


def _plain(photo: Photo) -> tuple[int, str]:
    """Order of copies by their names: the shortest is the original, ``a.jpg`` of ``a.jpg`` and ``a - Copy.jpg``."""
    return len(photo.file), photo.file


def _copy_reason(photo: Photo, kept: Photo) -> str:
    same = "is a copy of" if photo.digest == kept.digest else "shows exactly the same pixels as"
    where = f" of the {kept.split} split" if photo.split != kept.split else ""
    return f"{same} {kept.file}{where}, which is kept"


def _conflict(copies: list[Photo]) -> list[Rejection]:
    found = []
    for photo in copies:
        other = next(copy for copy in copies if copy.class_name != photo.class_name)
        reason = f"is the same photo as {other.file} of another class; keep it in the right one only"
        found.append(Rejection(file=photo.file, reason=reason))
    return found


def _leak_notes(leaks: int) -> list[str]:
    if not leaks:
        return []
    photos = "1 photo was" if leaks == 1 else f"{leaks:,} photos were"
    return [
        f"{photos} in several splits of the upload (data leakage): only the copy in the test split is kept, or else "
        "the one in the validation split."
    ]


def _conflict_notes(conflicts: int) -> list[str]:
    if not conflicts:
        return []
    photos = "1 photo is" if conflicts == 1 else f"{conflicts:,} photos are"
    return [f"{photos} in more than one class of the upload and left out of all of them."]


def check_suitable(photos: Sequence[Photo], layout: Layout, rejections: Sequence[Rejection]) -> None:
    """Check that ``photos`` make a dataset.

    A folder with at least one file that has the suffix of a photo counts as a class, even if all its files were
    rejected, so that no class is dropped silently.

    Raises:
        InvalidInput: too few classes or photos; the message has the counts and an example of a rejected file.
    """
    if not photos:
        raise InvalidInput(none_usable(rejections))
    counts = _counts(photos, layout)
    if len(counts) < 2:
        only = quoted(next(iter(counts)))
        raise InvalidInput(
            f"A dataset needs two classes at least, one folder of photos for each. Received one: {only}."
        )
    if layout.given:
        _check_given(photos, counts, layout.given, rejections)
        return
    short = {name: count for name, count in counts.items() if count < PHOTOS_PER_CLASS}
    if short:
        raise InvalidInput(
            f"Each class needs at least {PHOTOS_PER_CLASS} different photos, one each to learn, tune and test. "
            f"Received: {_listed(short)}.{_example(rejections)}"
        )


def none_usable(rejections: Sequence[Rejection]) -> str:
    """The sentence on an upload of which every file was refused."""
    if len(rejections) == 1:
        return f"The only file cannot be used: {quoted(rejections[0].file)} {rejections[0].reason}."
    return f"None of the {len(rejections):,} files can be used.{_example(rejections)}"


def _counts(photos: Sequence[Photo], layout: Layout) -> dict[str, int]:
    counts = {
        candidate.class_name: 0
        for candidate in layout.candidates
        if Path(candidate.file.parts[-1]).suffix.lower().removeprefix(".") in SUFFIXES
    }
    for photo in photos:
        counts[photo.class_name] = counts.get(photo.class_name, 0) + 1
    return counts


def _check_given(
    photos: Sequence[Photo], counts: Mapping[str, int], given: frozenset[str], rejections: Sequence[Rejection]
) -> None:
    """Every class needs a photo in ``train``, and one more for each split that is drawn from there."""
    needed = 1 + len(set(SPLITS) - given)
    in_train = dict.fromkeys(counts, 0)
    for photo in photos:
        in_train[photo.class_name] += photo.split == "train"
    short = {name: count for name, count in in_train.items() if count < needed}
    if short:
        least = "a photo" if needed == 1 else f"{needed} different photos"
        raise InvalidInput(
            f"Each class needs at least {least} in the 'train' folder. "
            f"Received: {_listed(short)}.{_example(rejections)}"
        )
    for split in SPLITS:
        if split in given and not any(photo.split == split for photo in photos):
            raise InvalidInput(f"The {split} folder holds no photo that can be used.{_example(rejections)}")


def _listed(counts: Mapping[str, int], limit: int = 5) -> str:
    text = ", ".join(f"{quoted(name)} with {count}" for name, count in list(counts.items())[:limit])
    return f"{text} and {len(counts) - limit} more" if len(counts) > limit else text


def _example(rejections: Sequence[Rejection]) -> str:
    """The first rejected file, as an explanation of missing photos."""
    if not rejections:
        return ""
    return f" For example, {quoted(rejections[0].file)} {rejections[0].reason}."
