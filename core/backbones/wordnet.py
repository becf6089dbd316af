"""The part of WordNet's nouns around ImageNet: its 1,000 classes, their hypernyms, all names of these, and the more
frequent meanings of the names (see ``generate_wordnet``)."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.backbones.table import CLASSES, imagenet_classes

FILE = Path(__file__).parent / "wordnet.csv"
LICENCE = Path(__file__).parent / "wordnet-LICENSE.txt"

SHOWN = {"n07930864": "n03147509", "n04355933": "n04356056"}
"""Corrections: ImageNet's "cup" is WordNet's punch and its "sunglass" a burning lens; the photos show cups and
sunglasses."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Synset:
    """The words with one meaning.

    Args:
        id: ``n`` and eight digits, as ImageNet names its classes. parents: the ids directly above it.
        listed: its words as they stand in the table, which takes a third of the memory of ``names``.
    """

    id: str
    parents: tuple[str, ...]
    listed: str

    @property
    def names(self) -> tuple[tuple[str, int], ...]:
        """Its words, and which meaning of each word this is (1 is the most frequent)."""
        each = (name.rsplit("#", 1) for name in self.listed.split("|"))
        return tuple((name.replace("_", " "), int(sense)) for name, sense in each)

    @property
    def name(self) -> str:
        return self.names[0][0]


@cache
def synsets() -> dict[str, Synset]:
    """All synsets of the table by id."""
    with FILE.open(newline="") as file:
        return {row["synset"]: _synset(row) for row in csv.DictReader(file)}


def _synset(row: dict[str, str]) -> Synset:
    return Synset(
        id=row["synset"],
        parents=(*row["parents"].split(), *([SHOWN[row["synset"]]] if row["synset"] in SHOWN else ())),
        listed=row["names"],
    )


@cache
def imagenet() -> dict[str, str]:
    """ImageNet's classes: synset -> name, in the order of every network's ImageNet output."""
    with CLASSES.open(newline="") as file:
        ids = [row["synset"] for row in csv.DictReader(file)]
    return dict(zip(ids, imagenet_classes(), strict=True))


@cache
def above(synset: str) -> dict[str, int]:
    """The synset and all its hypernyms, with the smallest number of steps up to each."""
    steps, frontier = {synset: 0}, [synset]
    while frontier:
        lower = frontier
        frontier = []
        for one in lower:
            for parent in synsets()[one].parents:
                if parent not in steps:
                    steps[parent] = steps[one] + 1
                    frontier.append(parent)
    return steps


@cache
def with_classes() -> frozenset[str]:
    """The synsets that are ImageNet classes or hypernyms of some."""
    return frozenset(one for synset in imagenet() for one in above(synset))


def depth(synset: str) -> int:
    """Number of steps to the root of all nouns."""
    return max(above(synset).values())
