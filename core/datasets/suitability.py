"""Whether accepted photos make a dataset: two classes at least, each with photos where they are needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.datasets.duplicates import Accepted
from core.datasets.layout import Layout
from core.datasets.names import shown
from core.datasets.values import SPLITS, Rejection
from core.errors import InvalidInput

PHOTOS_PER_CLASS = 3
"""With fewer a class cannot be learned, tuned and tested on different photos."""

_PHOTO_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif"}


def check_suitable(photos: Sequence[Accepted], layout: Layout, rejections: Sequence[Rejection]) -> None:
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


def _counts(photos: Sequence[Accepted], layout: Layout) -> dict[str, int]:
    counts = {
        candidate.class_name: 0
        for candidate in layout.candidates
        if Path(candidate.entry.parts[-1]).suffix.lower() in _PHOTO_SUFFIXES
    }
    for photo in photos:
        counts[photo.class_name] = counts.get(photo.class_name, 0) + 1
    return counts


def _check_given(
    photos: Sequence[Accepted], counts: Mapping[str, int], given: frozenset[str], rejections: Sequence[Rejection]
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
