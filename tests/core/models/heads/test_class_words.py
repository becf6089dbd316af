"""Meanings of a class name, the most literal first."""

from core.models.heads.class_words import plain, readings, singulars


def test_the_most_literal_reading_comes_first():
    assert plain("002.Black-footed_Albatross") == "black footed albatross"
    assert list(readings("Red_Shoes"))[0] == "red shoes"
    found = list(readings("red shoes"))
    assert found.index("red shoe") < found.index("shoes") < found.index("shoe")


def test_the_singular_with_the_least_change_comes_first():
    assert next(singulars("oranges")) == "orange"
    assert next(singulars("kites")) == "kite"
    assert next(singulars("snowmen")) == "snowman"
    assert next(singulars("field mice")) == "field mouse"
    boxes = list(singulars("boxes"))
    assert boxes.index("boxe") < boxes.index("box")
    assert "wolf" in singulars("wolves") and "knife" in singulars("knives")
    assert "pony" in singulars("ponies")


def test_a_plural_is_read_only_as_english_forms_it():
    for plural in ("canes", "capes", "tubes", "panes", "caves"):
        assert list(singulars(plural)) == [plural[:-1]]
    assert list(singulars("boss")) == []
    assert list(singulars("arm")) == []
    assert list(singulars("short")) == ["shorts"]
