"""Possible meanings of a class name: words to look up in WordNet, the most literal first. English only."""

import re
import unicodedata
from collections.abc import Iterator

EVERYDAY = {
    "outerwear": "outer garment",
    "outwear": "outer garment",
    "jacket": "coat",
    "long sleeve": "sweater",
    "longsleeve": "sweater",
    "hoodie": "sweatshirt",
    "shorts": "swimming trunks",
    "sneaker": "running shoe",
    "trainer": "running shoe",
    "tv": "television",
    "smartphone": "cellular telephone",
    "mobile": "cellular telephone",
    "solar panel": "solar dish",
    "solar energy": "solar dish",
    "solar power": "solar dish",
    "renewable energy": "solar dish",
}
"""Common words for things that ImageNet has under another word, which WordNet does not connect with them."""

_IRREGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "feet": "foot",
    "teeth": "tooth",
    "oxen": "ox",
}
_ENDINGS = (("ves", "f"), ("ves", "fe"), ("ies", "y"), ("es", ""), ("s", ""))
_PREPOSITIONS = {"of", "with", "in", "on", "for", "and", "from", "at", "by"}
_NEGATIONS = {"no", "not", "non", "other", "others", "without", "none", "unknown", "misc"}


def plain(text: str) -> str:
    """Lower case, words separated by one space: ``01_Long-Sleeve`` -> ``long sleeve``."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("\u2019", "")
    text = re.sub(r"(?<=[a-z])(?=\d)|[^\w]|_", " ", text)
    return re.sub(r"^[\d ]+(?=[^\d ])", "", " ".join(text.split()))


def joined(text: str) -> str:
    """As ``plain`` without spaces, so that ``t-shirt`` and ``T Shirt`` are equal."""
    return plain(text).replace(" ", "")


def singulars(words: str) -> Iterator[str]:
    """The words with the last one in every possible singular, then in the plural."""
    *first, last = words.split(" ")
    forms = [_IRREGULAR[last]] if last in _IRREGULAR else []
    forms += [last[: -len(plural)] + single for plural, single in _ENDINGS if last.endswith(plural) and len(last) > 3]
    for form in (*forms, f"{last}s"):
        yield " ".join((*first, form))


def readings(name: str) -> Iterator[str]:
    """Words to look for, the most literal first: the name, its singular (or what ImageNet calls it), then what the name
    is a special case of ("red shoes" are shoes, a "glass of water" is a glass)."""
    words = plain(name)
    for phrase in _heads(words):
        for form in (phrase, *singulars(phrase)):
            if form in EVERYDAY:
                yield EVERYDAY[form]
            yield form


def _heads(words: str) -> Iterator[str]:
    yield words
    parts = words.split(" ")
    if _NEGATIONS & set(parts):
        return
    end = next((place for place, part in enumerate(parts) if part in _PREPOSITIONS and place), len(parts))
    for start in range(end):
        if (phrase := " ".join(parts[start:end])) != words:
            yield phrase
