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
    "lice": "louse",
    "dice": "die",
    "geese": "goose",
    "people": "person",
    "feet": "foot",
    "teeth": "tooth",
    "oxen": "ox",
    "fungi": "fungus",
    "cacti": "cactus",
    "hippopotami": "hippopotamus",
    "octopi": "octopus",
    "radii": "radius",
    "stimuli": "stimulus",
    "loci": "locus",
    "nuclei": "nucleus",
}
_COMPOUND = (("women", "woman"), ("men", "man"), ("children", "child"), ("mice", "mouse"), ("feet", "foot"))
"""Irregular plurals that other words end with: snowmen, dormice."""
_ENDINGS = (
    ("s", "", r"[^s]"),
    ("es", "", r"s|x|z|ch|sh|o"),
    ("ies", "y", r".*"),
    ("ves", "f", r"l|ea|oa|ar|oo|ie"),
    ("ves", "fe", r"i"),
    ("ses", "sis", r".*"),
    ("ae", "a", r".*"),
)
"""(plural, singular, what the word ends with before it), the least change first. Only what English does: canes are no
cans, kites no kits and caves no cafes, whether WordNet's part knows the right word or not."""
_PAIRS = {
    "binocular", "glass", "goggle", "headphone", "jean", "pajama", "pant", "plier", "scissor", "short", "sunglass",
    "tight", "trouser", "trunk", "tweezer",
}  # fmt: skip
"""Words that are known in the plural only. Of other words the plural may be another word: arms are weapons."""
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
    """The words with the last one in every possible singular; of what comes in pairs the plural."""
    *first, last = words.split(" ")
    forms = [_IRREGULAR[last]] if last in _IRREGULAR else []
    forms += [last[: -len(plural)] + single for plural, single in _COMPOUND if last.endswith(plural)]
    forms += [last[: -len(plural)] + single for plural, single, stem in _ENDINGS if _ends(last, plural, stem)]
    forms += [f"{last}s"] if last in _PAIRS else []
    forms += [""] if last == "s" and first else []
    for form in forms:
        yield " ".join((*first, form)).rstrip()


def _ends(word: str, plural: str, stem: str) -> bool:
    return word.endswith(plural) and re.search(f"({stem})$", word.removesuffix(plural)) is not None


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
