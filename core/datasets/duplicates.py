"""Byte-identical copies: one is kept per class, and a photo that stands in two classes is refused everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.datasets.values import Rejection


@dataclass(frozen=True)
class Accepted:
    """A decoded photo with its place in the upload; ``split`` only where the upload gives one."""

    digest: str
    file: str
    class_name: str
    split: str | None
    width: int
    height: int
    stored_bytes: int


_KEEP_FIRST = {"test": 0, "validation": 1, "train": 2, None: 0}
"""Of copies in several given splits the test photo stays, so that the test keeps its size and nothing leaks into it."""


def without_copies(photos: Sequence[Accepted]) -> tuple[list[Accepted], list[Rejection]]:
    """Photos with every digest at most once, and what was left out, with reasons.

    A digest in two classes is a contradiction that only the user can resolve: all its copies are refused.
    """
    groups: dict[str, list[Accepted]] = {}
    for photo in photos:
        groups.setdefault(photo.digest, []).append(photo)
    kept: list[Accepted] = []
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


def _conflict(copies: list[Accepted]) -> list[Rejection]:
    found = []
    for photo in copies:
        other = next(copy for copy in copies if copy.class_name != photo.class_name)
        reason = f"is the same photo as {other.file} of another class; keep it in the right one only"
        found.append(Rejection(file=photo.file, reason=reason))
    return found
