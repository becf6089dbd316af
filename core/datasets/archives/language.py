"""How likely a text is in a language: pairs of letters, or single characters of Chinese, Japanese and Korean.

The counts are in ``letters.json``, which ``generate_letters`` writes. Likelihoods are natural logarithms of the
probability of the whole text, so texts of different length that are decodings of the same bytes can be compared.
"""

import json
import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

MODELS_FILE = Path(__file__).with_name("letters.json")
STEPS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""Counts in steps of half an octave: ``STEPS[n]`` stands for ``2 ** (n / 2)``."""

FOREIGN = -12.0
"""Of a character that the language does not have."""

_CASE, _SCRIPT = -6.0, -7.0  # a capital after a small letter, and a change of the script inside a word
_SYMBOL = -16.0  # box drawing and the like, of code pages of DOS
_PUNCTUATION = -3.0
_NOT_IN_FILE_NAMES = -10.0
_SMOOTHING = 6.0  # how many observations the likelihood of a single letter counts beside those of pairs
_KNOWN, _UNSEEN = 0.85, 0.15


def words_of(text: str) -> list[str]:
    """Runs of letters with their marks."""
    separated = "".join(char if unicodedata.category(char)[0] in "LM" else " " for char in text)
    return separated.split()


def likelihood(text: str, language: str) -> float:
    """Of a name in a language, below 0."""
    words = words_of(text)
    return sum(_word(word, language) + _structure(word) for word in words) + _other_characters(text)


@lru_cache(20_000)
def _word(word: str, language: str) -> float:
    alphabet = _alphabets().get(language)
    return alphabet.of_word(word.lower()) if alphabet else _characters(language).of_word(word)


def _structure(word: str) -> float:
    """Wrong encodings give words with capitals in the middle and letters of two scripts."""
    neighbours = list(zip(word, word[1:], strict=False))
    capitals = sum(first.islower() and second.isupper() for first, second in neighbours)
    scripts = sum(_is_latin(first) != _is_latin(second) for first, second in neighbours)
    return _CASE * capitals + _SCRIPT * scripts


@lru_cache(20_000)
def _is_latin(character: str) -> bool:
    return character.isascii() or unicodedata.name(character, "").startswith(("LATIN", "COMBINING"))


def _other_characters(text: str) -> float:
    others = [char for char in text if unicodedata.category(char)[0] not in "LM"]
    foreign = sum(not char.isascii() for char in others)
    impossible = sum(char in '\\:*?"<>|' or char < " " for char in others)
    punctuation = sum(char.isascii() and not char.isalnum() and char not in " _-." for char in others)
    return _SYMBOL * foreign + _NOT_IN_FILE_NAMES * impossible + _PUNCTUATION * punctuation


class _Alphabet:
    """Likelihood of words by pairs of letters."""

    def __init__(self, pairs: Mapping[str, float]) -> None:
        self._pairs = pairs
        self._first: dict[str, float] = defaultdict(float)
        self._second: dict[str, float] = defaultdict(float)
        for pair, count in pairs.items():
            self._first[pair[0]] += count
            self._second[pair[1]] += count
        self._all = sum(self._second.values())

    def of_word(self, word: str) -> float:
        marked = f"^{word}$"
        return sum(self._pair(first, second) for first, second in zip(marked, marked[1:], strict=False))

    def _pair(self, first: str, second: str) -> float:
        if second not in self._second and not second.isascii():
            return FOREIGN
        alone = 0.98 * self._second.get(second, 0.0) / self._all + 0.02 / 60
        seen = self._pairs.get(first + second, 0.0) + _SMOOTHING * alone
        return math.log(seen / (self._first.get(first, 0.0) + _SMOOTHING))


class _Characters:
    """Likelihood of words by single characters; unseen ones by the standard of the language that has them."""

    def __init__(self, counts: Mapping[str, float], language: str) -> None:
        self._counts, self._language = counts, language
        self._all = sum(counts.values())

    def of_word(self, word: str) -> float:
        return sum(map(self._character, word))

    def _character(self, character: str) -> float:
        if character.isascii():
            return math.log(0.05 / 52)
        seen = self._counts.get(character, 0.0) / self._all
        return math.log(_KNOWN * seen + _UNSEEN * _UNSEEN_SHARE[self._language](character))


def _two_bytes(character: str, encoding: str) -> int:
    """The code of a character in a standard, 0 where it has none."""
    try:
        code = character.encode(encoding)
    except UnicodeEncodeError:
        return 0
    return int.from_bytes(code, "big") if len(code) == 2 else 0


_RARE = 1e-7
_IMPOSSIBLE = math.exp(FOREIGN)


def _han(character: str) -> float:
    return _RARE if unicodedata.name(character, "").startswith("CJK UNIFIED") else _IMPOSSIBLE


def _simplified(character: str) -> float:
    """GB 2312 has 3,755 frequent characters and 3,008 others."""
    code = _two_bytes(character, "gb2312")
    if 0xB0A1 <= code <= 0xD7FE:
        return 0.6 / 3755
    return 0.1 / 3008 if code >= 0xD8A1 else _han(character)


def _traditional(character: str) -> float:
    """Big5 has 5,401 frequent characters and 7,652 others."""
    code = _two_bytes(character, "big5")
    if 0xA440 <= code <= 0xC67E:
        return 0.6 / 5401
    return 0.05 / 7652 if code >= 0xC940 else _han(character)


def _japanese(character: str) -> float:
    """JIS X 0208 has kana, 2,965 frequent kanji and 3,390 others; half-width katakana are a relic."""
    code = _two_bytes(character, "euc_jp")
    if 0xA4A1 <= code <= 0xA5F6 or character == "ー":
        return 0.5 / 170
    if 0xB0A1 <= code <= 0xCFFE:
        return 0.5 / 2965
    if code >= 0xD0A1:
        return 0.03 / 3390
    return 3e-4 if "ｦ" <= character <= "ﾟ" else _IMPOSSIBLE


def _korean(character: str) -> float:
    """KS X 1001 has 2,350 frequent syllables and 4,888 Chinese characters; Unicode has 11,172 syllables."""
    code = _two_bytes(character, "euc_kr")
    if "가" <= character <= "힣":
        return 0.5 / 2350 if code else 0.01 / 8822
    return 0.005 / 4888 if code >= 0xCAA1 else _IMPOSSIBLE


_UNSEEN_SHARE = {"zh": _simplified, "zh-Hant": _traditional, "ja": _japanese, "ko": _korean}


@cache
def _models() -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = json.loads(MODELS_FILE.read_text(encoding="utf-8"))
    return content


def _unpacked(text: str, length: int) -> Iterator[tuple[str, float]]:
    for start in range(0, len(text), length + 1):
        yield text[start : start + length], 2 ** (STEPS.index(text[start + length]) / 2)


@cache
def _alphabets() -> dict[str, _Alphabet]:
    return {language: _Alphabet(dict(_unpacked(text, 2))) for language, text in _models()["pairs"].items()}


@cache
def _characters(language: str) -> _Characters:
    return _Characters(dict(_unpacked(_models()["characters"][language], 1)), language)
