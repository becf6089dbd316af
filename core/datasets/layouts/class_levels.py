"""Which level of nested folders is the classes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.datasets.layout import UploadFile
from core.datasets.layouts.split_words import are_numbered_parts, is_auxiliary, is_unlabelled, means_nothing, split_word
from core.datasets.names import quoted, quoted_list


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A photo below folders that may be classes.

    Args:
        path: NFC names of the folders from the first that may be a class down to the photo.
        depths: the index of each of them in the path of the file.
        split: that a folder gives it, "" where none does; ``split_depth``: the index of that folder.
    """

    file: UploadFile
    path: tuple[str, ...]
    depths: tuple[int, ...]
    split: str = ""
    split_depth: int = -1

    def without(self, level: int) -> "Placed":
        """The same without one folder of its path."""
        path, depths = list(self.path), list(self.depths)
        del path[level], depths[level]
        return replace(self, path=tuple(path), depths=tuple(depths))

    def class_folder(self, level: int) -> tuple[str, ...]:
        """The path of the folder that gives class and split."""
        return self.file.parts[: max(*self.depths[: level + 1], self.split_depth) + 1]


@dataclass(frozen=True, kw_only=True)
class ClassLevel:
    """One level of folders as the classes.

    Args:
        level: 0 for the first folders, 1 for those inside them ...
        inside: the only first folder whose folders are classes; "" for all.
        title: for display.
    """

    level: int
    inside: str = ""
    title: str

    @property
    def id(self) -> str:
        if self.level < 2:
            return "subfolders" if self.level else "folders"
        return f"subfolders:{self.level}"

    def covers(self, photo: Placed) -> bool:
        """Whether the photo lies in a class."""
        return len(photo.path) > self.level and self.inside in ("", photo.path[0])


@dataclass(frozen=True, kw_only=True)
class _Top:
    """A first folder: whether photos lie directly in it, and the folders in it."""

    direct: bool
    folders: frozenset[str]

    @property
    def is_nested(self) -> bool:
        """Whether the folders in it, two at least, may be classes of their own."""
        return len(self.folders) > 1 and self.may_be_nested

    @property
    def may_be_nested(self) -> bool:
        """Whether the folders in it, or the only one, may be classes of their own where others are nested."""
        if self.direct or not self.folders:
            return False
        return not all(means_nothing(name) or is_auxiliary(name) or split_word(name) for name in self.folders)


def without_wrappers(photos: Sequence[Placed]) -> list[Placed]:
    """The photos without folders that are all that a first folder holds: ``cat/images/*.jpg``.

    A folder with a name of its own stays where other first folders hold several: ``animal/{cat, dog}``, ``thing/car``.
    """
    groups: dict[str, list[Placed]] = {}
    for photo in photos:
        groups.setdefault(photo.path[0], []).append(photo)
    nested = any(top.is_nested for top in _tops(photos).values())
    found: list[Placed] = []
    for group in groups.values():
        while _is_wrapped(group) and not (nested and _is_last(group) and _names_something(group[0])):
            group = [photo.without(1) for photo in group]
        found += group
    return found


def _is_wrapped(group: Sequence[Placed]) -> bool:
    return all(len(photo.path) > 1 for photo in group) and len({photo.path[1] for photo in group}) == 1


def _is_last(group: Sequence[Placed]) -> bool:
    """Whether the second folder holds the photos themselves."""
    return all(len(photo.path) == 2 for photo in group)


def _names_something(photo: Placed) -> bool:
    """Whether the second folder has a name of its own."""
    outer, inner = photo.path[:2]
    return not (
        means_nothing(inner) or is_auxiliary(inner) or is_unlabelled(inner) or inner.casefold() == outer.casefold()
    )


def with_inner_splits(photos: Sequence[Placed]) -> list[Placed]:
    """The photos with the splits of folders inside the first ones: ``cat/train/*.jpg``, ``camera1/test/cat/*.jpg``."""
    for level in (1, 2, 3):
        if not photos or any(len(photo.path) <= level for photo in photos):
            break
        words = {name: split_word(name) for name in {photo.path[level] for photo in photos}}
        splits = {name: word.split for name, word in words.items() if word}
        affixes = {word.affix for word in words.values() if word}
        if len(splits) == len(words) and len(affixes) == 1 and {"train"} < set(splits.values()):
            return [
                replace(photo.without(level), split=splits[photo.path[level]], split_depth=photo.depths[level])
                for photo in photos
            ]
    return list(photos)


def partly_split(photos: Sequence[Placed]) -> list[str]:
    """First folders that hold folders of several splits, where others do not: ``cat/{train, test}`` beside ``bird``."""
    inner: dict[str, set[str]] = {}
    for photo in photos:
        word = split_word(photo.path[1]) if len(photo.path) > 1 and not photo.split else None
        inner.setdefault(photo.path[0], set()).add(word.split if word and not word.affix else "")
    return sorted(name for name, splits in inner.items() if {"train"} < splits - {""})


def with_inner_split(photo: Placed) -> Placed:
    """The photo in the split that the second folder names, in ``train`` where it names none."""
    word = split_word(photo.path[1]) if len(photo.path) > 1 else None
    if word is None or word.affix:
        return replace(photo, split="train")
    return replace(photo.without(1), split=word.split, split_depth=photo.depths[1])


def class_levels(photos: Sequence[Placed]) -> tuple[list[ClassLevel], str]:
    """The levels that may be the classes, the most plausible first, and why the user has to choose ("" if certain)."""
    tops = _tops(photos)
    first = ClassLevel(level=0, title=title_of(tops))
    nested = sorted(name for name, top in tops.items() if top.is_nested)
    others = sorted(set(tops) - set(nested))
    if not nested:
        return [ClassLevel(level=0, title="Folders are classes")], ""
    if all(tops[name].may_be_nested for name in others):
        return _all_nested(first, tops, photos)
    if len(nested) == 1 and _is_beside(nested[0], others):
        return _beside(first, nested[0], others, tops)
    repeated = set.intersection(*(set(tops[name].folders) for name in nested))
    if len(nested) > 1 and len(repeated) > 1:
        second = ClassLevel(level=1, title=_inside(nested))
        return [first, second], f"{_hold(nested, repeated)}, and {_do_not(others)}. Which folders are the classes?"
    return [ClassLevel(level=0, title="Folders are classes")], ""


def title_of(names: Iterable[str]) -> str:
    """A title that names the folders that are the classes."""
    return f"The folders {_some(names)} are classes"


def _tops(photos: Iterable[Placed]) -> dict[str, _Top]:
    direct: dict[str, bool] = {}
    folders: dict[str, set[str]] = {}
    for photo in photos:
        name = photo.path[0]
        direct[name] = direct.get(name, False) or len(photo.path) == 1
        inner = folders.setdefault(name, set())
        if len(photo.path) > 1:
            inner.add(photo.path[1])
    return {name: _Top(direct=direct[name], folders=frozenset(folders[name])) for name in direct}


def _all_nested(first: ClassLevel, tops: dict[str, _Top], photos: Sequence[Placed]) -> tuple[list[ClassLevel], str]:
    names = sorted(tops)
    inner = set().union(*(top.folders for top in tops.values()))
    repeated = {name for name in inner if sum(name in top.folders for top in tops.values()) > 1}
    second = ClassLevel(level=1, title=_inside(names))
    levels = [second, first] if 2 * len(repeated) > len(inner) else [first, second]
    if _is_nested_again(photos):
        third = {photo.path[2] for photo in photos}
        levels.append(ClassLevel(level=2, title=f"Folders two levels further in are classes: {_some(third)}"))
    shown = repeated if len(repeated) > 1 else inner
    same = "the same folders" if len(repeated) > 1 else "folders"
    return levels, f"The folders {quoted_list(names)} hold {same} {_some(shown)}. Which folders are the classes?"


def _is_nested_again(photos: Sequence[Placed]) -> bool:
    if any(len(photo.path) < 3 for photo in photos):
        return False
    inner: dict[tuple[str, ...], set[str]] = {}
    for photo in photos:
        inner.setdefault(photo.path[:2], set()).add(photo.path[2])
    return all(len(names) > 1 and not all(map(means_nothing, names)) for names in inner.values())


def _is_beside(nested: str, others: list[str]) -> bool:
    """Whether the others may be no classes but folders beside the one that holds the classes."""
    return len(others) == 1 or means_nothing(nested) or all(is_unlabelled(name) or split_word(name) for name in others)


def _beside(first: ClassLevel, nested: str, others: list[str], tops: dict[str, _Top]) -> tuple[list[ClassLevel], str]:
    inner = tops[nested].folders
    apart = f"photos in {quoted_list(others)} have none"
    inside = ClassLevel(level=1, inside=nested, title=f"{_inside([nested])}; {apart}")
    return [inside, first], f"{_hold([nested], inner)}, and {_do_not(others)}. Which folders are the classes?"


def _inside(outer: Sequence[str]) -> str:
    return f"Folders in {quoted_list(list(outer))} are classes"


def _hold(outer: Sequence[str], inner: Iterable[str]) -> str:
    if len(outer) == 1:
        return f"The folder {quoted(outer[0])} holds the folders {_some(inner)}"
    return f"The folders {quoted_list(list(outer))} hold the same folders {_some(inner)}"


def _do_not(others: Sequence[str]) -> str:
    many = len(others) > 1
    names = quoted_list(list(others))
    return (
        f"the folders {names} beside it hold only photos" if many else f"the folder {names} beside it holds only photos"
    )


def _some(names: Iterable[str]) -> str:
    return quoted_list(sorted(names))


def numbered_or_nameless(names: Sequence[str]) -> bool:
    """Whether no name of several folders says what a class is: ``images_1``, ``images_2``."""
    return are_numbered_parts(list(names)) or all(means_nothing(name) for name in names)
