"""The letter statistics."""

import json

from core.datasets.archives.generate_letters import ALPHABETS, SYLLABARIES, characters, packed, pairs
from core.datasets.archives.language import MODELS_FILE


def test_pairs_of_a_word_include_its_ends_and_a_repeated_word_counts_little_more():
    assert pairs(["Ab"]) == {"^a": 1, "ab": 1, "b$": 1}
    assert pairs(["ab"] * 9)["ab"] == 2


def test_characters_leave_out_ascii():
    assert characters(["a苹果"]) == {"苹": 1, "果": 1}


def test_counts_are_stored_in_steps_and_rare_ones_left_out():
    assert packed(characters(["果"])) == ""
    assert packed(pairs(["ab cd"] * 4)) == "".join(sorted(["^a2", "ab2", "b$2", "^c2", "cd2", "d$2"]))


def test_the_stored_statistics_have_every_language():
    content = json.loads(MODELS_FILE.read_text(encoding="utf-8"))
    assert list(content["pairs"]) == list(ALPHABETS) and list(content["characters"]) == list(SYLLABARIES)
    assert all(len(text) % 3 == 0 for text in content["pairs"].values())
