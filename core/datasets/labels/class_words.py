"""Readable names of classes that are called by numbers or ids: ImageNet's synsets, numbers with a table of names."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence

from core.datasets.labels.label_tables import LabelTable
from core.datasets.names import NAME_LENGTH, name_key
from core.settings import REPOSITORY
from core.text.invisible import has_invisible

_SYNSET = re.compile(r"n\d{8}")
_SYNSET_LINE = re.compile(r"(?<!\w)(n\d{8})[\"' \t,:;]+([^\"\n\r]+)")
_IMAGENET = REPOSITORY / "core" / "backbones" / "imagenet_classes.csv"
"""The classes of the catalogue's networks, as data: this package imports nothing of ``core.backbones``."""


def synset_names(text: str) -> dict[str, str]:
    """``{"n02123045": "tabby"}`` from a list of synsets, as those of ImageNet, Tiny ImageNet and Keras."""
    found: dict[str, str] = {}
    for synset, words in _SYNSET_LINE.findall(text):
        word = words.split(",")[0].strip(" '\t]")
        named = re.search(r"[^\W\d_]", word) and not _SYNSET.search(words) and not re.search(r"[./\\]", word)
        if named and len(word) <= NAME_LENGTH and not has_invisible(word):
            found.setdefault(synset, word)
    return found


def imagenet_names() -> dict[str, str]:
    """The names of ImageNet's 1,000 synsets."""
    with _IMAGENET.open(encoding="utf-8", newline="") as file:
        return {row["synset"]: row["name"] for row in csv.DictReader(file)}


def readable(classes: Iterable[str], words: Mapping[str, str]) -> dict[str, str]:
    """``{class: readable name}`` of classes that are synsets, alone or before a name (``n02085620-Chihuahua``).

    Two classes of one word keep their synset in brackets. Empty unless all classes are synsets with a name.
    """
    names: dict[str, str] = {}
    for name in set(classes):
        match = re.fullmatch(r"(n\d{8})(?:[-_. ]+(.+))?", name)
        word = match and (match[2] or words.get(match[1], ""))
        if not match or not word:
            return {}
        names[name] = word.replace("_", " ").strip()
    keys = [name_key(word) for word in names.values()]
    return {
        name: f"{word} ({name[:9]})" if keys.count(name_key(word)) > 1 else word for name, word in sorted(names.items())
    }


def label_words(labels: Iterable[str], tables: Sequence[LabelTable]) -> dict[str, str]:
    """Names of labels that are numbers, from a table that has one row for each of them; empty without one."""
    numbers = set(labels)
    if not numbers or not all(re.fullmatch(r"\d+", label) for label in numbers):
        return {}
    for table in tables:
        if not len(numbers) <= len(table.rows) <= len(numbers) + 50 or len(table.columns) < 2:
            continue
        for key in table.columns[:3]:
            ids = table.values(key)
            if len(set(ids)) != len(ids) or not numbers <= set(ids):
                continue
            for column in table.columns:
                words = table.values(column)
                if (
                    column != key
                    and len(set(words)) == len(words)
                    and not any(re.fullmatch(r"[\d.]*", word) for word in words)
                ):
                    return {number: word for number, word in zip(ids, words, strict=True) if number in numbers}
    return {}
