"""The text that searches look at."""

import pytest

from core.recipes.recipe import Recipe
from core.registry.search_text import normalised, search_text
from tests.factories import make_run


@pytest.mark.parametrize(
    ("one", "other"), [("Äpfel", "a\u0308PFEL"), ("straße", "STRASSE"), ("ﬁne", "FINE"), ("Ａ", "a"), ("ΣΑΣ", "σας")]
)
def test_two_ways_to_write_a_word_are_one(one, other):
    assert normalised(one) == normalised(other)


def test_other_letters_stay_other_letters():
    assert len({normalised(word) for word in ("apfel", "äpfel", "aepfel")}) == 3


def test_normalising_twice_changes_nothing():
    text = "İstanbul ǅ ﬃ Åç\u0327 ² ½"
    assert normalised(normalised(text)) == normalised(text)


def test_it_begins_with_the_name_and_holds_all_that_is_searched():
    run = make_run(1, recipe=Recipe(backbone="efficientnet_lite1"), name="Ä", notes="Two\nlines", tags=("X", "y z"))
    assert search_text(run).split("\n") == [
        "ä", run.id, str(run.recipe.pattern), "efficientnet_lite1", "x", "y z", "two", "lines",
    ]  # fmt: skip
