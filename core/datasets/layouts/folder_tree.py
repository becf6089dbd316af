"""The folders of an upload as a tree of those that hold photos."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from core.datasets.layout import UploadFile
from core.datasets.layouts.split_words import is_auxiliary, means_nothing, split_word


@dataclass
class Folder:
    """A folder that holds photos at some depth.

    Args:
        parts: of its path in the upload.
        photos: that lie directly in it, in the order of their paths.
        folders: those in it, by NFC name.
    """

    parts: tuple[str, ...]
    photos: list[UploadFile] = field(default_factory=list)
    folders: dict[str, "Folder"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.parts[-1] if self.parts else ""

    def placed(self) -> Iterator[tuple[tuple[str, ...], UploadFile]]:
        """Every photo with the NFC names of the folders between this one and it."""
        waiting: list[tuple[tuple[str, ...], Folder]] = [((), self)]
        while waiting:
            path, folder = waiting.pop()
            for photo in folder.photos:
                yield path, photo
            waiting += [((*path, name), inner) for name, inner in folder.folders.items()]

    def all_photos(self) -> Iterator[UploadFile]:
        return (photo for _, photo in self.placed())

    @property
    def only_folder(self) -> "Folder | None":
        """The folder in it, where that is all it holds."""
        return next(iter(self.folders.values())) if len(self.folders) == 1 and not self.photos else None


def folder_tree(photos: Iterable[UploadFile]) -> Folder:
    """The tree of the folders of ``photos``."""
    root = Folder(parts=())
    for photo in photos:
        folder = root
        for depth, part in enumerate(photo.parts[:-1], 1):
            name = unicodedata.normalize("NFC", part)
            if name not in folder.folders:
                folder.folders[name] = Folder(parts=photo.parts[:depth])
            folder = folder.folders[name]
        folder.photos.append(photo)
    return root


def innermost(folder: Folder) -> Folder:
    """The folder inside folders that hold nothing but one folder."""
    while only := folder.only_folder:
        folder = only
    return folder


def top_of(root: Folder) -> Folder:
    """The first folder below ``root`` that holds more than one folder of photos, or photos only.

    Photos beside a single folder with folders are passed over: they lie outside of every class.
    """
    while len(root.folders) == 1:
        (folder,) = root.folders.values()
        if not folder.folders:
            return root
        root = folder
    return root


def take_auxiliary(root: Folder) -> list[UploadFile]:
    """Take out folders of masks and annotations that lie beside a folder of images, and return their pictures."""
    taken: list[UploadFile] = []
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        if any(means_nothing(name) and not split_word(name) for name in folder.folders):
            for name in [name for name in folder.folders if is_auxiliary(name)]:
                taken += folder.folders.pop(name).all_photos()
        waiting += folder.folders.values()
    return taken


def merge_repeated(folder: Folder) -> list[str]:
    """Merge a folder that holds the same folders as lie beside it into these: ``{yes, no, all/{yes, no}}``.

    A folder that is named like validation or test is not merged: it is a split (``held_out``).

    Returns:
        The names of the merged folders.
    """
    merged: list[str] = []
    for name, inner in list(folder.folders.items()):
        repeated = innermost(inner)
        if _repeats(repeated, folder, name) and not _held_out_split(name):
            del folder.folders[name]
            for same, other in repeated.folders.items():
                _merge(folder.folders[same], other)
            merged.append(name)
    return merged


def held_out(folder: Folder) -> dict[str, str]:
    """The split of each folder that is named like one and holds the same folders as lie beside it.

    ``{cat, dog, val/{cat, dog}}``: ``val`` is the validation split, the folders beside it are the training photos.
    """
    found = {name: _held_out_split(name) for name in folder.folders}
    return {
        name: split
        for name, split in found.items()
        if split and _repeats(innermost(folder.folders[name]), folder, name)
    }


def _held_out_split(name: str) -> str:
    word = split_word(name)
    return word.split if word and word.split != "train" else ""


def _repeats(inner: Folder, outer: Folder, name: str) -> bool:
    """Whether ``inner``, found in folder ``name`` of ``outer``, holds folders that lie beside ``name`` too."""
    names = set(inner.folders)
    return len(names) > 1 and not inner.photos and names <= set(outer.folders) - {name}


def _merge(folder: Folder, other: Folder) -> None:
    waiting = [(folder, other)]
    while waiting:
        into, source = waiting.pop()
        into.photos += source.photos
        for name, inner in source.folders.items():
            if name in into.folders:
                waiting.append((into.folders[name], inner))
            else:
                into.folders[name] = inner
