"""Which class and split a file belongs to, from the folders above it."""

from collections.abc import Sequence

from core.datasets.layout import Candidate, Layout, UploadFile, is_junk
from core.datasets.names import class_name, name_key, quoted, quoted_list
from core.datasets.values import Rejection
from core.errors import InvalidInput

SPLIT_FOLDERS = {
    "train": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "test": "test",
}


def arrange(files: Sequence[UploadFile], empty_folders: Sequence[tuple[str, ...]] = ()) -> Layout:
    """Finds class folders below common top folders and, if there, below ``train``, ``validation`` and ``test``.

    Hidden files and files that operating systems create (``__MACOSX``, ``.DS_Store``, ``Thumbs.db`` ...) are ignored.
    Folders inside a class folder belong to that class.

    Raises:
        InvalidInput: there is no file, no class folder, no ``train`` beside other splits, or two classes whose names
            differ only in case.
    """
    kept = sorted((file for file in files if not is_junk(file.parts)), key=lambda file: file.parts)
    if not kept:
        raise InvalidInput("There are no files in it. Expected one folder of photos per class.")
    depth = _top_folders([file.parts for file in kept])
    splits = _split_folders([file.parts[depth:] for file in kept])
    given = frozenset(splits.values())
    if given and "train" not in given:
        names = " and ".join(quoted(name) for name in sorted(splits))
        raise InvalidInput(f"There are {names} folders but no 'train' folder. Add one, or upload one folder per class.")
    candidates: list[Candidate] = []
    rejections: list[Rejection] = []
    for file in kept:
        place = _place(file.parts[depth:], splits)
        if isinstance(place, str):
            rejections.append(Rejection(file=file.name, reason=place))
        else:
            candidates.append(Candidate(file=file, class_name=place[0], split=place[1]))
    _check_classes(candidates, len(kept))
    rejections += [_empty(parts) for parts in empty_folders if _is_class_folder(parts, depth, splits)]
    return Layout(
        id="folders",
        title="Folders are classes",
        candidates=tuple(candidates),
        rejections=tuple(rejections),
        given=given,
    )


def _top_folders(paths: list[tuple[str, ...]]) -> int:
    """Number of leading folders that all files in folders share, not counting class folders.

    A single ``train`` folder is such a folder too: it defines no split.
    """
    depth = 0
    while True:
        below = [path[depth:] for path in paths if len(path) > depth + 1]
        if len({path[0] for path in below}) != 1 or not any(len(path) > 2 for path in below):
            return depth
        depth += 1


def _split_folders(paths: list[tuple[str, ...]]) -> dict[str, str]:
    """The top folders that are splits, with the name of the split: ``{"valid": "validation", ...}``.

    ``train`` may also be a class beside ``bus`` and ``car``: split folders contain folders, and there are at least two.
    """
    found = {
        path[0]: SPLIT_FOLDERS[name_key(path[0])]
        for path in paths
        if len(path) > 2 and name_key(path[0]) in SPLIT_FOLDERS
    }
    return found if len(set(found.values())) > 1 else {}


def _place(parts: tuple[str, ...], splits: dict[str, str]) -> tuple[str, str] | str:
    """(class, split) of a file, or the reason why it has none."""
    split = ""
    if splits and len(parts) > 1:
        if parts[0] not in splits:
            return "lies outside of the folders " + ", ".join(sorted(splits))
        split, parts = splits[parts[0]], parts[1:]
    if len(parts) < 2:
        return "lies outside of any class folder"
    return class_name(parts[0]), split


def _check_classes(candidates: list[Candidate], files: int) -> None:
    if not candidates:
        raise InvalidInput(
            f"There are no class folders: put the photos of each class into a folder of its name. "
            f"Received {files} {'file' if files == 1 else 'files'} without one."
        )
    spelling: dict[str, str] = {}
    for name in sorted({candidate.class_name for candidate in candidates}):
        other = spelling.setdefault(name_key(name), name)
        if other != name:
            raise InvalidInput(f"Two classes differ only in case: {quoted_list([other, name])}. Give them one name.")


def _is_class_folder(parts: tuple[str, ...], depth: int, splits: dict[str, str]) -> bool:
    below = parts[depth:]
    if is_junk(parts) or not below:
        return False
    if splits:
        return len(below) == 2 and below[0] in splits
    return len(below) == 1


def _empty(parts: tuple[str, ...]) -> Rejection:
    return Rejection(file="/".join(parts) + "/", reason="is an empty folder, so it makes no class")
