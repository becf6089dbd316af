"""Which of ImageNet's 1,000 classes belong to which class of a dataset: found by names, corrected by the user.

A class of the dataset has all ImageNet classes that are a kind of it (WordNet's hyponyms); of several the nearest.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.backbones.wordnet import above, depth, imagenet, synsets, with_classes
from core.errors import InvalidInput
from core.models.heads.class_words import joined, plain, readings, singulars
from core.models.heads.dense import Layer


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """One of ImageNet's classes and the class of the dataset it belongs to.

    Args:
        synset, name: of ImageNet's class. class_name: of the dataset.
        because: the reason, for display.
    """

    synset: str
    name: str
    class_name: str
    because: str


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """The whole mapping.

    Args:
        rows: in the order of the dataset's classes, then of ImageNet's.
        unmapped: classes without ImageNet classes, which are never predicted.
    """

    rows: tuple[Mapped, ...]
    unmapped: tuple[str, ...]

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(synset, class name), as ``Recipe.mapping`` has them."""
        return tuple((row.synset, row.class_name) for row in self.rows)

    def to_dict(self) -> dict:
        """For the card."""
        rows = [
            {"synset": row.synset, "name": row.name, "class": row.class_name, "because": row.because}
            for row in self.rows
        ]
        return {"mapping": rows, "unmapped": list(self.unmapped)}


def mapped(class_names: Sequence[str], corrections: Iterable[tuple[str, str]] = ()) -> Mapping:
    """The mapping by names, with the user's corrections.

    Args:
        corrections: (synset, class name) pairs; class name "" for "none of them".

    Raises:
        InvalidInput: a correction names no class of ImageNet, or none of the dataset.
    """
    rows = {row.synset: row for row in _by_names(tuple(class_names))}
    for synset, class_name in corrections:
        _check(synset, class_name, class_names)
        row = Mapped(synset=synset, name=imagenet()[synset], class_name=class_name, because="chosen by you")
        if synset not in rows or rows[synset].class_name != class_name:
            rows[synset] = row
    place, number = _places(class_names), _places(imagenet())
    kept = [row for row in rows.values() if row.class_name]
    kept.sort(key=lambda row: (place[row.class_name], number[row.synset]))
    found = {row.class_name for row in kept}
    return Mapping(rows=tuple(kept), unmapped=tuple(name for name in class_names if name not in found))


def mapping_head(mapping: Mapping, class_names: Sequence[str]) -> list[Layer]:
    """A head that sums up ImageNet's probabilities: (n, 1000) -> (n, classes), rows summing to 1.

    Raises:
        InvalidInput: nothing is mapped.
    """
    if not mapping.rows:
        raise InvalidInput(
            f"None of ImageNet's classes stands for one of these: {', '.join(class_names)}. "
            "Say in the table which do, or choose another pattern."
        )
    kernel = np.zeros((len(imagenet()), len(class_names)), np.float32)
    number, place = _places(imagenet()), _places(class_names)
    for synset, class_name in mapping.pairs:
        kernel[number[synset], place[class_name]] = 1
    return [Layer(kernel, np.zeros(len(class_names), np.float32), "share")]


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _check(synset: str, class_name: str, class_names: Sequence[str]) -> None:
    if synset not in imagenet():
        raise InvalidInput(
            f"ImageNet's classes are named like n02123045 (tabby); see core/backbones/imagenet_classes.csv. "
            f"Received: {synset!r}"
        )
    if class_name and class_name not in class_names:
        raise InvalidInput(
            f"{imagenet()[synset]} ({synset}) can stand for one of {', '.join(class_names)}, or for none. "
            f"Received: {class_name!r}"
        )


# --- by names ---


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """The meaning found for a class name.

    Args:
        class_name: of the dataset. words: found in WordNet. rank: 0 for the most literal reading.
        synset: the chosen meaning.
    """

    class_name: str
    words: str
    rank: int
    synset: str


def meanings(class_names: Sequence[str]) -> dict[str, Meaning]:
    """The meaning of every class name that is in WordNet's part around ImageNet.

    Of several meanings the one closest to the other classes is chosen ("crane" among animals is a bird, "mouse" is none
    of ImageNet's), else the most frequent one that has ImageNet classes.
    """
    found = {name: _senses(name) for name in class_names}
    chosen = {}
    for name, (words, rank, senses) in found.items():
        others = [other for another, (_, _, other) in found.items() if another != name and other]
        if senses:
            # Of equals the first, and one with classes before one without.
            synset = max(senses, key=lambda sense: (_agreement(sense, others), sense in with_classes()))
            chosen[name] = Meaning(class_name=name, words=words, rank=rank, synset=synset)
    return chosen


def _senses(name: str) -> tuple[str, int, tuple[str, ...]]:
    """The first reading found in WordNet: its words, its rank, and its synsets, the most frequent meaning first."""
    if name.strip() in synsets():
        return name, 0, (name.strip(),)
    for rank, words in enumerate(readings(name)):
        if senses := _dictionary().get(joined(words)):
            return words, rank, senses
    return "", 0, ()


@cache
def _dictionary() -> MappingOf[str, tuple[str, ...]]:
    """Word without spaces -> synsets, the most frequent meaning first; meanings without classes only if they come
    before all that have some, and words only if one of their meanings has."""
    entries: dict[str, list[tuple[int, str]]] = {}
    for synset in synsets().values():
        for name, sense in synset.names:
            entries.setdefault(joined(name), []).append((sense, synset.id))
    return {word: kept for word, found in entries.items() if (kept := _kept(sorted(found)))}


def _kept(found: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    first = min((sense for sense, synset in found if synset in with_classes()), default=0)
    return tuple(
        dict.fromkeys(synset for sense, synset in found if sense < first or (first and synset in with_classes()))
    )


def _agreement(sense: str, others: Sequence[Sequence[str]]) -> int:
    """Sum of the depths of the common hypernyms of this meaning and those of the other classes."""
    own = above(sense)
    return sum(max(_meeting(own, other) for other in senses) for senses in others)


def _meeting(own: MappingOf[str, int], other: str) -> int:
    return max(depth(synset) for synset in own.keys() & above(other).keys())


@cache
def _by_names(class_names: tuple[str, ...]) -> tuple[Mapped, ...]:
    by_synset: dict[str, list[Meaning]] = {}
    for meaning in meanings(class_names).values():
        by_synset.setdefault(meaning.synset, []).append(meaning)
    rows = []
    for synset, name in imagenet().items():
        steps = above(synset)
        fitting = [(steps[one], meaning.rank, meaning) for one in steps for meaning in by_synset.get(one, ())]
        if fitting:
            distance, _, nearest = min(fitting, key=lambda one: one[:2])
            rows.append(
                Mapped(synset=synset, name=name, class_name=nearest.class_name, because=_because(nearest, distance))
            )
    return tuple(rows)


def _because(meaning: Meaning, distance: int) -> str:
    known = synsets()[meaning.synset].name
    kind = "the same" if distance == 0 else f"a kind of {known}"
    literal = {joined(form) for form in (meaning.class_name, *singulars(plain(meaning.class_name)))}
    return kind if joined(meaning.words) in literal else f"{kind} ({meaning.class_name} read as {meaning.words})"
