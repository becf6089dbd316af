"""Which of ImageNet's 1,000 classes belong to which class of a dataset: found by names, corrected by the user.

A class of the dataset has all ImageNet classes that are a kind of it (WordNet's hyponyms); of several the nearest. A
name with several meanings has those that are near each other (the true cats and the big cats are cats), else the one
the other classes of the dataset agree with; what cannot be decided is a question to the user.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.backbones.wordnet import above, depth, imagenet, synsets, with_classes
from core.errors import InvalidInput
from core.models.heads.class_words import joined, plain, readings, singulars
from core.models.heads.dense import Layer
from core.text.units import listed


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
        meanings: of the classes' names, as far as they were found.
        open: the meanings that could not be decided and that no correction decides.
    """

    rows: tuple[Mapped, ...]
    unmapped: tuple[str, ...]
    meanings: tuple["Meaning", ...] = ()
    open: tuple["Meaning", ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(synset, class name), as ``Recipe.mapping`` has them."""
        return tuple((row.synset, row.class_name) for row in self.rows)

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Class name -> names of the ImageNet classes that its name also means and that are mapped to no class."""
        taken = {row.synset for row in self.rows}
        found = {}
        for meaning in self.meanings:
            others = {synset for one in meaning.others for synset in classes_of(one)} - taken
            if others:
                found[meaning.class_name] = tuple(name for synset, name in imagenet().items() if synset in others)
        return found

    @property
    def remarks(self) -> tuple[str, ...]:
        """A sentence for every name of which more or less was taken than one may think."""
        taken = set(self.pairs)
        found = []
        for meaning in self.meanings:
            for synset in meaning.also:
                names = [imagenet()[one] for one in classes_of(synset) if (one, meaning.class_name) in taken]
                if names:
                    found.append(f"{meaning.class_name} includes {described(synset)}: {listed(names)}.")
        asked = {meaning.class_name for meaning in self.open}
        for class_name, left in self.left_out.items():
            if class_name not in asked:
                found.append(f"{class_name} can also mean {listed(left, 8)}: left out, unless you map it in the table.")
        return tuple(found)

    def to_dict(self) -> dict:
        """For the card."""
        rows = [
            {"synset": row.synset, "name": row.name, "class": row.class_name, "because": row.because}
            for row in self.rows
        ]
        left_out = {name: list(names) for name, names in self.left_out.items()}
        return {"mapping": rows, "unmapped": list(self.unmapped), "left_out": left_out}


def mapped(class_names: Sequence[str], corrections: Iterable[tuple[str, str]] = ()) -> Mapping:
    """The mapping by names, with the user's corrections.

    Args:
        corrections: (synset, class name) pairs; class name "" for "none of them".

    Raises:
        InvalidInput: a correction names no class of ImageNet, or none of the dataset.
    """
    corrections = tuple(corrections)
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
    known = tuple(meanings(class_names).values())
    return Mapping(
        rows=tuple(kept),
        unmapped=tuple(name for name in class_names if name not in found),
        meanings=known,
        open=tuple(one for one in known if one.is_open and not _corrected(one, corrections)),
    )


def _corrected(meaning: "Meaning", corrections: Iterable[tuple[str, str]]) -> bool:
    """Whether the user has decided about a class of this name, or of one of its meanings."""
    concerned = {synset for one in meaning.all for synset in classes_of(one)}
    return any(class_name == meaning.class_name or synset in concerned for synset, class_name in corrections)


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
        synset: the chosen meaning. also: further meanings that are taken with it.
        others: the other meanings of the words that have ImageNet classes.
        is_open: whether the other classes of the dataset leave open which meaning is right.
    """

    class_name: str
    words: str
    rank: int
    synset: str
    also: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    is_open: bool = False

    @property
    def all(self) -> tuple[str, ...]:
        """All meanings that have ImageNet classes, and the chosen one."""
        return (self.synset, *self.also, *self.others)

    @property
    def doubt(self) -> str:
        """For a meaning that is open: what it may be, and which was taken."""
        choices = [described(one) for one in (self.synset, *self.others)]
        return (
            f"{self.class_name} may mean {' or '.join(choices)}, and the other classes do not decide it. The first was "
            "taken."
        )

    @property
    def question(self) -> str:
        """``doubt``, and how to change what was taken."""
        other = classes_of(self.others[0])[0]
        return (
            f"{self.doubt} If another is right, correct the mapping on the page Train or with --map, for example "
            f"--map {other}={self.class_name} for {imagenet()[other]}."
        )


def described(synset: str) -> str:
    """A meaning and what it is a kind of: ``crane (wading bird)``."""
    one = synsets()[synset]
    return f"{one.name} ({synsets()[one.parents[0]].name})" if one.parents else one.name


@cache
def classes_of(synset: str) -> tuple[str, ...]:
    """The ImageNet classes that are a kind of this meaning."""
    return tuple(one for one in imagenet() if synset in above(one))


def meanings(class_names: Sequence[str]) -> MappingOf[str, Meaning]:
    """The meaning of every class name that is in WordNet's part around ImageNet.

    Of several meanings the one closest to the other classes is chosen ("crane" among animals is a bird, "mouse" is none
    of ImageNet's), else the most frequent one that has ImageNet classes.
    """
    return _meanings(tuple(class_names))


@cache
def _meanings(class_names: tuple[str, ...]) -> MappingOf[str, Meaning]:
    found = {name: _senses(name) for name in class_names}
    chosen = {}
    for name, (words, rank, senses) in found.items():
        others = [other for another, (_, _, other) in found.items() if another != name and other]
        if senses:
            chosen[name] = _meaning(name, words, rank, senses, others)
    return chosen


def _meaning(name: str, words: str, rank: int, senses: Sequence[str], others: Sequence[Sequence[str]]) -> Meaning:
    agreement = {sense: _agreement(sense, others) for sense in senses}
    # Of equals the first, and one with classes before one without.
    synset = max(senses, key=lambda sense: (agreement[sense], sense in with_classes()))
    near = [sense for sense in senses if sense == synset or _are_siblings(sense, synset)]
    further = tuple(sense for sense in senses if sense in with_classes() and sense not in near)
    is_usual = dict(synsets()[synset].names).get(words) == 1
    is_open = not is_usual and any(agreement[sense] >= agreement[synset] for sense in further)
    return Meaning(
        class_name=name,
        words=words,
        rank=rank,
        synset=near[0],
        also=tuple(near[1:]),
        others=further,
        is_open=is_open,
    )


def _are_siblings(one: str, other: str) -> bool:
    """Whether both have classes and are kinds of the same."""
    return {one, other} <= with_classes() and bool(set(synsets()[one].parents) & set(synsets()[other].parents))


def _senses(name: str) -> tuple[str, int, tuple[str, ...]]:
    """The first reading found in WordNet: its words, its rank, and its synsets, the most frequent meaning first."""
    if name.strip() in synsets():
        return name, 0, (name.strip(),)
    for rank, words in enumerate(readings(name)):
        if senses := _dictionary().get(joined(words)):
            return words, rank, senses if rank else (*senses, *_of_singulars(words, senses))
    return "", 0, ()


def _of_singulars(words: str, known: Sequence[str]) -> Iterator[str]:
    """The meanings of a plural that is a word of its own as well: glasses are spectacles, or several of a glass."""
    singular = next((one for one in map(joined, singulars(plain(words))) if one in _dictionary()), "")
    yield from (sense for sense in _dictionary().get(singular, ()) if sense not in known)


@cache
def _dictionary() -> MappingOf[str, tuple[str, ...]]:
    """Word without spaces -> synsets, the most frequent meaning first; meanings without classes only if they come
    before all that have some, and words only if one of their meanings has."""
    entries: dict[str, list[tuple[int, str]]] = {}
    for synset in synsets().values():
        for name, sense in synset.names:
            if name[:1].isupper() and synset.id not in with_classes():
                continue  # a person or a place: no class of photos is meant by it
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
    by_synset: dict[str, list[tuple[int, Meaning]]] = {}
    for meaning in meanings(class_names).values():
        by_synset.setdefault(meaning.synset, []).append((meaning.rank, meaning))
        for synset in meaning.also:
            by_synset.setdefault(synset, []).append((_LAST, meaning))
    rows = []
    for synset, name in imagenet().items():
        steps = above(synset)
        fitting = [(steps[one], rank, one, meaning) for one in steps for rank, meaning in by_synset.get(one, ())]
        if fitting:
            distance, _, found, nearest = min(fitting, key=lambda one: one[:2])
            because = _because(nearest, found, distance)
            rows.append(Mapped(synset=synset, name=name, class_name=nearest.class_name, because=because))
    return tuple(rows)


_LAST = 1_000_000
"""Rank of a further meaning: any class that is called so goes first."""


def _because(meaning: Meaning, synset: str, distance: int) -> str:
    known = synsets()[synset].name
    kind = "the same" if distance == 0 else f"a kind of {known}"
    literal = {joined(form) for form in (meaning.class_name, *singulars(plain(meaning.class_name)))}
    return kind if joined(meaning.words) in literal else f"{kind} ({meaning.class_name} read as {meaning.words})"
