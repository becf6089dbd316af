"""Classes in the names of files: ``cat.0.jpg``, ``Abyssinian_12.jpg``."""

import re
from collections import Counter
from collections.abc import Sequence

from core.datasets.labels.photo_index import path_splits
from core.datasets.layout import Candidate, Layout, UploadFile
from core.datasets.layouts.split_words import GENERIC, is_unlabelled, split_word, tokens
from core.datasets.names import class_name, quoted_list
from core.datasets.values import Rejection
from core.errors import InvalidInput

_CAMERA = frozenset(
    ["img", "dsc", "dscn", "dscf", "pxl", "pano", "screenshot", "whatsapp", "signal", "photo", "image", "pic", "scan"]
    + ["p", "mvi", "gopr", "frame", "at", "copy", "foto", "bild"]
)
_LEAST = 2
"""Photos that a beginning of names must have to be a class."""

QUESTION = "There are no class folders and no table of classes. Are the beginnings of the file names the classes?"


def name_layout(files: Sequence[UploadFile], refused: Sequence[Rejection] = ()) -> Layout | None:
    """Photos in the classes that their names begin with; None where the names do not look like that.

    ``refused`` are pictures that are no photos.
    """
    apart = {rejection.file for rejection in refused}
    photos = [file for file in files if file.is_photo and file.name not in apart]
    labels = {photo.parts: label for photo in photos if (label := beginning(photo.parts[-1]))}
    counts = Counter(labels.values())
    labels = {parts: label for parts, label in labels.items() if counts[label] >= _LEAST}
    folders = {parts[:-1] for parts in labels}
    expected = [photo for photo in photos if photo.parts[:-1] in folders]
    if len(set(labels.values())) < 2 or len(labels) < 0.95 * len(expected):
        return None
    splits = {photo.parts: (path_splits(photo) or [""])[-1] for photo in photos if photo.parts in labels}
    given = frozenset(splits.values())
    if "" in given or "train" not in given or len(given) < 2:
        given = frozenset()
    try:
        candidates = tuple(
            Candidate(
                file=photo, class_name=class_name(labels[photo.parts]), split=splits[photo.parts] if given else ""
            )
            for photo in photos
            if photo.parts in labels
        )
    except InvalidInput:
        return None
    names = sorted(set(labels.values()))
    others = (Rejection(file=file.name, reason="is no photo") for file in files if not file.is_photo)
    return Layout(
        id="names",
        title=f"Classes are the beginnings of the file names: {quoted_list(names)}",
        candidates=candidates,
        unlabelled=tuple(photo for photo in photos if photo.parts not in labels),
        rejections=(*refused, *others),
        given=given,
        notes=("The classes are the beginnings of the file names.",),
    )


def beginning(name: str) -> str:
    """The words before the number at the end of a name; "" where they are none, a split or those of a camera."""
    stem = name.rpartition(".")[0] or name
    match = re.fullmatch(r"(.*?[^\W\d_].*?)[\s._-]*\(?\d+\)?", stem)
    if not match:
        return ""
    text = match[1].strip(" ._-(")
    words = [word for word in tokens(text) if not word.isdigit()]
    if all(word in _CAMERA or word in GENERIC for word in words) or split_word(text) or is_unlabelled(text):
        return ""
    return text
