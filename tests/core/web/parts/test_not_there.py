"""Sentences on what is not there, as a page shows them; ``tests/pages/test_not_there.py`` opens the pages."""

from core.errors import InvalidInput, NotFound
from core.web.parts.not_there import sentence_of


def test_a_page_says_what_is_not_there_without_the_commands_that_list_what_there_is():
    error = NotFound("There is no run 'r-1'.", "The runs page and `python -m core runs` list them.")
    assert sentence_of(error) == "There is no run 'r-1'. It may have been deleted."
    assert str(error) == "There is no run 'r-1'. The runs page and `python -m core runs` list them."


def test_where_a_name_is_suggested_nothing_was_deleted():
    error = NotFound("There is no dataset 'flower'. Did you mean 'flowers'?", "Give its id.")
    assert sentence_of(error) == "There is no dataset 'flower'. Did you mean 'flowers'?"


def test_other_errors_say_what_they_say_elsewhere():
    for error in (InvalidInput("Several runs begin with 'r-1'."), NotFound("There is no model 'm'.")):
        assert sentence_of(error) == str(error)
