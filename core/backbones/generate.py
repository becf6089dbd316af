"""Writes ``imagenet_classes.csv``: ``python -m core.backbones.generate TIMM_WHEEL`` (``pip download timm --no-deps``).

Sources: the order of the 1,000 synsets and their lemmas as listed in ``timm/data/_info`` of the ``timm`` package
(``imagenet_synsets.txt``, ``imagenet_synset_to_lemma.txt``); the lemmas are WordNet 3.0's.
"""

import csv
import sys
import zipfile
from pathlib import Path

from core.backbones.table import CLASSES

SAME_FIRST_LEMMA = {
    "n02012849": "crane (bird)",
    "n03126707": "crane (machine)",
    "n03710637": "maillot (tights)",
    "n03710721": "maillot (swimsuit)",
}
"""Names that would otherwise stand for two classes."""


def main(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        synsets = _lines(archive, "imagenet_synsets.txt")
        lemmas = dict(line.split("\t") for line in _lines(archive, "imagenet_synset_to_lemma.txt"))
    with CLASSES.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("synset", "name", "lemmas"))
        for synset in synsets:
            first = lemmas[synset].split(", ")[0]
            writer.writerow((synset, SAME_FIRST_LEMMA.get(synset, first), lemmas[synset]))


def _lines(archive: zipfile.ZipFile, name: str) -> list[str]:
    return archive.read(f"timm/data/_info/{name}").decode().splitlines()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
