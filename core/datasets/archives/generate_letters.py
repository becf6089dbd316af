"""Writes ``letters.json``, the letter statistics by which the encoding of file names is found out.

    npm pack cldr-annotations-full@48.2.0 && tar xzf cldr-annotations-full-48.2.0.tgz
    python -m core.datasets.archives.generate_letters package/annotations

The source are the keywords of emoji in the Unicode CLDR: some 10,000 everyday words in each language, licensed under
Unicode-3.0 (``letters-LICENSE.txt``). Counts are stored as steps of half an octave, one character each.
"""

import json
import math
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from core.datasets.archives.language import MODELS_FILE, STEPS, words_of

ALPHABETS = (
    "ar",
    "bg",
    "cs",
    "da",
    "de",
    "el",
    "es",
    "et",
    "fa",
    "fi",
    "fr",
    "he",
    "hr",
    "hu",
    "it",
    "lt",
    "lv",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sr",
    "sv",
    "th",
    "tr",
    "uk",
)
SYLLABARIES = ("ja", "ko", "zh", "zh-Hant")
LEAST = 2
"""Pairs and characters that occur less often are left out."""


def main(annotations: Path) -> None:
    found: dict[str, dict[str, str]] = {"pairs": {}, "characters": {}}
    for language in ALPHABETS:
        found["pairs"][language] = packed(pairs(_keywords(annotations, language)))
    for language in SYLLABARIES:
        found["characters"][language] = packed(characters(_keywords(annotations, language)))
    MODELS_FILE.write_text(json.dumps(found, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def _keywords(annotations: Path, language: str) -> list[str]:
    content = json.loads((annotations / language / "annotations.json").read_text(encoding="utf-8"))
    entries = content["annotations"]["annotations"].values()
    return [text for entry in entries for texts in entry.values() for text in texts]


def pairs(texts: Iterable[str]) -> dict[str, float]:
    """Weighted counts of two neighbouring letters; ``^`` and ``$`` are the ends of a word.

    A word counts with the square root of how often it occurs, at most 2, so that no single word decides.
    """
    found: dict[str, float] = defaultdict(float)
    for word, weight in _weighted(texts).items():
        marked = f"^{word}$"
        for first, second in zip(marked, marked[1:], strict=False):
            found[first + second] += weight
    return found


def characters(texts: Iterable[str]) -> dict[str, float]:
    """Weighted counts of the characters that are not ASCII."""
    found: dict[str, float] = defaultdict(float)
    for word, weight in _weighted(texts).items():
        for character in word:
            if not character.isascii():
                found[character] += weight
    return found


def _weighted(texts: Iterable[str]) -> dict[str, float]:
    counts = Counter(word.lower() for text in texts for word in words_of(unicodedata.normalize("NFC", text)))
    return {word: min(math.sqrt(count), 2) for word, count in counts.items()}


def packed(counts: Mapping[str, float]) -> str:
    """Each key and a character for its count, in order: ``"ab7"`` says that "ab" occurs 2 ** (7 / 2) times."""
    kept = {key: count for key, count in sorted(counts.items()) if count >= LEAST}
    return "".join(key + STEPS[min(round(2 * math.log2(count)), len(STEPS) - 1)] for key, count in kept.items())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
