"""Finding the photo that a table names."""

import unicodedata
from collections.abc import Iterable, Sequence

from core.datasets.layout import UploadFile
from core.datasets.layouts.split_words import split_word

_DEEPEST = 12
"""Folders above a photo that a table may name."""


class PhotoIndex:
    """Photos by the ends of their paths, in any case and Unicode form, with and without extension."""

    def __init__(self, photos: Iterable[UploadFile]) -> None:
        self._photos: dict[str, list[UploadFile]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], list[UploadFile]] = {}
        self.count = 0
        for photo in photos:
            self.count += 1
            parts = [_key(part) for part in photo.parts[-_DEEPEST:]]
            stem = _without_extension(parts[-1])
            for start in range(len(parts)):
                for name in {parts[-1], stem}:
                    self._photos.setdefault("/".join([*parts[start:-1], name]), []).append(photo)

    def find(self, value: str, table: UploadFile) -> list[UploadFile]:
        """The photos that a value of a table may name: none, one, or several that nothing tells apart.

        A value is the end of a path, or a path of another machine whose end is one. Of photos of one name those
        nearest to the table are meant, or those of the split that the table is named after.
        """
        key = value, table.parts
        if key not in self._found:
            self._found[key] = self._find(value, table)
        return self._found[key]

    def _find(self, value: str, table: UploadFile) -> list[UploadFile]:
        parts = [part for part in _key(value).replace("\\", "/").split("/") if part not in ("", ".")][-_DEEPEST:]
        for start in range(len(parts)):
            found = self._photos.get("/".join(parts[start:]))
            if found:
                return found if len(found) == 1 else _nearest(found, table)
        return []


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().strip("\"'")).casefold()


def _without_extension(name: str) -> str:
    stem, _, extension = name.rpartition(".")
    return stem if stem and len(extension) < 6 else name


def _nearest(photos: Sequence[UploadFile], table: UploadFile) -> list[UploadFile]:
    above = table.parts[:-1]
    shared = [_common(photo.parts, above) for photo in photos]
    most = max(shared)
    near = [photo for photo, count in zip(photos, shared, strict=True) if count == most]
    word = split_word(table.parts[-1].rpartition(".")[0])
    if len(near) > 1 and word:
        same = [photo for photo in near if word.split in path_splits(photo)]
        return same or near
    return near


def path_splits(photo: UploadFile) -> list[str]:
    """The splits that the folders of a photo name, from the top down."""
    return [word.split for part in photo.parts[:-1] if (word := split_word(part))]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
