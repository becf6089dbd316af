"""Meanings of a class name, the most literal first."""

from core.models.heads.class_words import plain, readings


def test_the_most_literal_reading_comes_first():
    assert plain("002.Black-footed_Albatross") == "black footed albatross"
    assert list(readings("Red_Shoes"))[0] == "red shoes"
    found = list(readings("red shoes"))
    assert found.index("red shoe") < found.index("shoes") < found.index("shoe")
