"""Which folders of an upload are its splits."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from core.datasets.layouts.folder_tree import Folder
from core.datasets.layouts.split_words import SplitWord, is_unlabelled, means_nothing, split_word, tokens


@dataclass(frozen=True, kw_only=True)
class SplitFolders:
    """Folders that are splits.

    Args:
        splits: the split of each, by the folder's name.
        folders: each with the folder that holds its classes, or its photos where it has none.
        doubtful: whether the names alone would not show it: the user has to confirm.
    """

    splits: dict[str, str]
    folders: dict[str, Folder]
    doubtful: bool = False

    @property
    def classed(self) -> dict[str, Folder]:
        """The folders that hold folders of classes."""
        return {name: folder for name, folder in self.folders.items() if folder.folders}

    @property
    def flat(self) -> dict[str, Folder]:
        """The folders that hold photos without a class."""
        return {name: folder for name, folder in self.folders.items() if not folder.folders}


def find_splits(parent: Folder) -> SplitFolders | None:
    """The folders in ``parent`` that are splits; None where there are fewer than two splits."""
    words = {name: word for name in parent.folders if (word := split_word(name))}
    shared = Counter(affix for affix, _ in {(word.affix, word.split) for word in words.values()})
    above = {part for name in parent.parts for part in tokens(name)}
    certain = {
        name: word
        for name, word in words.items()
        if not word.affix or shared[word.affix] > 1 or set(word.affix) <= above
    }
    beside = {name: word for name, word in words.items() if name not in certain}
    doubtful = False
    if any(word.split == "train" and not word.weak for word in certain.values()):
        certain |= {name: word for name, word in beside.items() if _goes_with(parent, name, certain)}
    elif _is_crossed(parent, words):
        certain, doubtful = words, True
    splits = _meanings(certain)
    if len(set(splits.values())) < 2:
        return None
    folders = _inner_folders({name: parent.folders[name] for name in splits})
    return SplitFolders(splits=splits, folders=folders, doubtful=doubtful)


def _goes_with(parent: Folder, name: str, certain: Mapping[str, SplitWord]) -> bool:
    """Whether a folder with a further word in its name is a split too: it holds the classes of one, or none."""
    folder = parent.folders[name]
    classes = {inner for other in certain for inner in parent.folders[other].folders}
    return bool(classes) and (not folder.folders or bool(set(folder.folders) & classes))


def _is_crossed(parent: Folder, words: Mapping[str, SplitWord]) -> bool:
    """Whether folders of several splits hold the same folders."""
    splits = {word.split for word in words.values()}
    if "train" not in splits or len(splits) < 2 or len(words) < len(parent.folders):
        return False
    common = set.intersection(*(set(parent.folders[name].folders) for name in words))
    return len(common) > 1


def _meanings(words: Mapping[str, SplitWord]) -> dict[str, str]:
    """The split of each folder. Weak words count beside an undoubted one; "eval" is the test where there is none."""
    strong = {word.split for word in words.values() if not word.weak}
    if not strong:
        return {}
    return {name: "test" if word.evaluation and "test" not in strong else word.split for name, word in words.items()}


def _inner_folders(splits: dict[str, Folder]) -> dict[str, Folder]:
    """Each split's folder of classes: ``train/train/{cat, dog}``, ``test/images/*.jpg``."""
    found = {name: unwrapped(folder) for name, folder in splits.items()}
    for name, folder in found.items():
        others = {inner for other, beside in found.items() if other != name for inner in beside.folders}
        only = folder.only_folder
        if only is None:
            continue
        holds_classes = len(only.folders) > 1 and only.name not in others
        strange = not only.folders and len(others) > 1 and only.name not in others
        if holds_classes or strange:
            found[name] = only
    shared = {folder.only_folder.name if folder.only_folder else "" for folder in found.values()}
    if len(shared) == 1 and "" not in shared and all(_holds_two(folder.only_folder) for folder in found.values()):
        found = {name: folder.only_folder or folder for name, folder in found.items()}
    return found


def _holds_two(folder: Folder | None) -> bool:
    return folder is not None and len(folder.folders) > 1


def unwrapped(folder: Folder) -> Folder:
    """The folder inside folders whose names say nothing or repeat the name above."""
    while only := folder.only_folder:
        if not (means_nothing(only.name) or is_unlabelled(only.name) or only.name.casefold() == folder.name.casefold()):
            return folder
        folder = only
    return folder
