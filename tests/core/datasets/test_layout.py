"""Choosing one of the ways to read an upload."""

import pytest

from core.datasets.layout import Ambiguous, Layout, LayoutChoice, is_junk
from core.errors import InvalidInput

FIRST, SECOND = (Layout(id=name, title=name, candidates=()) for name in ("folders", "subfolders"))


def test_a_certain_layout_needs_no_choice():
    assert LayoutChoice(layouts=(FIRST,)).chosen(None) is FIRST


def test_an_ambiguous_upload_is_asked_about_and_a_choice_answers():
    choice = LayoutChoice(layouts=(FIRST, SECOND), question="Which folders are the classes?")
    with pytest.raises(Ambiguous, match="Which folders") as caught:
        choice.chosen(None)
    assert caught.value.layouts == (FIRST, SECOND)
    assert choice.chosen("subfolders") is SECOND


def test_a_layout_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(InvalidInput, match="'rows'.*'folders' and 'subfolders'"):
        LayoutChoice(layouts=(FIRST, SECOND)).chosen("rows")


@pytest.mark.parametrize("parts", [("__MACOSX", "a"), ("cat", ".DS_Store"), ("cat", "Thumbs.db"), (".git", "a.jpg")])
def test_junk_is_recognised(parts):
    assert is_junk(parts) and not is_junk(("cat", "a.jpg"))
