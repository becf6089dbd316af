"""Which decoded photos a dataset is made of: copies are left out, and every class needs enough photos."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.datasets.layout import Layout
from core.datasets.names import shown
from core.datasets.values import SPLITS, Photo, Rejection
from core.errors import InvalidInput

PHOTOS_PER_CLASS = 3
"""With fewer a class cannot be learned, tuned and tested on different photos."""

_PHOTO_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif"}

_KEEP_FIRST = {"test": 0, "validation": 1, "train": 2, "": 0}
"""Of copies in several given splits the test photo stays, so that the test keeps its size and nothing leaks into it."""


def without_copies(photos: Sequence[Photo]) -> tuple[list[Photo], list[Rejection]]:
    """Photos with every digest at most once, and what was left out, with reasons.

    A digest in two classes is a contradiction that only the user can resolve: all its copies are refused.
    """
    groups: dict[str, list[Photo]] = {}
    for photo in photos:
        groups.setdefault(photo.digest, []).append(photo)
    kept: list[Photo] = []
    rejections: list[Rejection] = []
    for copies in groups.values():
        if len({photo.class_name for photo in copies}) > 1:
            rejections += _conflict(copies)
            continue
        first, *others = sorted(copies, key=lambda photo: (_KEEP_FIRST[photo.split], photo.file))
        kept.append(first)
        rejections += [
            Rejection(file=photo.file, reason=f"is a copy of {first.file}, which is kept") for photo in others
        ]
    return kept, rejections


def _conflict(copies: list[Photo]) -> list[Rejection]:
    found = []
    for photo in copies:
        other = next(copy for copy in copies if copy.class_name != photo.class_name)
        reason = f"is the same photo as {other.file} of another class; keep it in the right one only"
        found.append(Rejection(file=photo.file, reason=reason))
    return found


def check_suitable(photos: Sequence[Photo], layout: Layout, rejections: Sequence[Rejection]) -> None:
    """Raises when no dataset can be made of ``photos``.

    A class that was meant (a folder with a file that calls itself a photo) is never dropped silently.

    Raises:
        InvalidInput: one sentence with the classes and their counts, and an example of what was refused.
    """
    if not photos:
        files = "The only file was refused" if len(rejections) == 1 else f"All {len(rejections)} files were refused"
        raise InvalidInput(f"{files}.{_example(rejections)}")
    counts = _counts(photos, layout)
    if len(counts) < 2:
        only = shown(next(iter(counts)))
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


def _counts(photos: Sequence[Photo], layout: Layout) -> dict[str, int]:
    counts = {
        candidate.class_name: 0
        for candidate in layout.candidates
        if Path(candidate.file.parts[-1]).suffix.lower() in _PHOTO_SUFFIXES
    }
    for photo in photos:
        counts[photo.class_name] = counts.get(photo.class_name, 0) + 1
    return counts


def _check_given(
    photos: Sequence[Photo], counts: Mapping[str, int], given: frozenset[str], rejections: Sequence[Rejection]
) -> None:
    """Every class must be learned: it is in ``train``, with one photo more for each split drawn from there."""
    needed = 1 + len(set(SPLITS) - given)
    learned = dict.fromkeys(counts, 0)
    for photo in photos:
        learned[photo.class_name] += photo.split == "train"
    short = {name: count for name, count in learned.items() if count < needed}
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
    text = ", ".join(f"{shown(name)} with {count}" for name, count in list(counts.items())[:limit])
    return f"{text} and {len(counts) - limit} more" if len(counts) > limit else text


def _example(rejections: Sequence[Rejection]) -> str:
    """Why photos may be fewer than the user thinks."""
    if not rejections:
        return ""
    return f" For example, {shown(rejections[0].file)} {rejections[0].reason}."
