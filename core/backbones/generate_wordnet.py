"""Writes ``wordnet.csv``: ``python -m core.backbones.generate_wordnet FOLDER`` with WordNet's ``data.noun`` and
``index.noun`` (``apt-get download wordnet-base``; ``dpkg -x`` it; FOLDER is ``usr/share/wordnet``).

Source: WordNet 3.0, Princeton University (licence: ``wordnet-LICENSE.txt``, the head of ``data.noun``). Kept are
ImageNet's 1,000 classes, everything above them, and of every word among these the meanings that are more frequent (a
mouse is a rodent before it is a device), with what is above those. Format of the files: wndb(5WN) of its manual.
"""

import csv
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from core.backbones.wordnet import FILE, LICENCE, imagenet


def main(folder: Path) -> None:
    words, parents = _data(folder / "data.noun")
    senses = _senses(folder / "index.noun")
    kept = _with_ancestors(imagenet(), parents)
    kept |= _with_ancestors(_more_frequent(kept, words, senses), parents)
    with FILE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("synset", "parents", "names"))
        for synset in sorted(kept):
            names = (f"{word}#{senses[word.lower(), synset]}" for word in words[synset])
            writer.writerow((synset, " ".join(parents[synset]), "|".join(names)))
    licence = [
        re.sub(r"^ +\d+ ?", "", line).rstrip() for line in (folder / "data.noun").open() if line.startswith("  ")
    ]
    LICENCE.write_text("\n".join(licence) + "\n")


def _data(path: Path) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The words of every synset, and the synsets directly above it (``@``, of instances ``@i``)."""
    words, parents = {}, {}
    for line in path.open():
        if line.startswith("  "):
            continue
        fields = line.split(" | ")[0].split()
        count, first = int(fields[3], 16), 4
        pointers = first + 2 * count
        synset = f"n{fields[0]}"
        words[synset] = [fields[first + 2 * number] for number in range(count)]
        each = [fields[pointers + 1 + 4 * number :][:2] for number in range(int(fields[pointers]))]
        parents[synset] = [f"n{offset}" for symbol, offset in each if symbol in ("@", "@i")]
    return words, parents


def _senses(path: Path) -> dict[tuple[str, str], int]:
    """Which sense of a word (small letters) a synset is; 1 is the most frequent."""
    found = {}
    for line in path.open():
        if not line.startswith("  "):
            word, _, count, *fields = line.split()
            for number, offset in enumerate(fields[-int(count) :], 1):
                found[word, f"n{offset}"] = number
    return found


def _more_frequent(kept: set[str], words: dict[str, list[str]], senses: dict[tuple[str, str], int]) -> set[str]:
    """Meanings of the words of ``kept`` that come before the first one in ``kept``."""
    first: dict[str, int] = {}
    for synset in kept:
        for word in map(str.lower, words[synset]):
            first[word] = min(first.get(word, 99), senses[word, synset])
    return {synset for (word, synset), sense in senses.items() if sense < first.get(word, 0)}


def _with_ancestors(synsets: Iterable[str], parents: dict[str, list[str]]) -> set[str]:
    kept, waiting = set(), list(synsets)
    while waiting:
        synset = waiting.pop()
        if synset not in kept:
            kept.add(synset)
            waiting += parents[synset]
    return kept


if __name__ == "__main__":
    main(Path(sys.argv[1]))
