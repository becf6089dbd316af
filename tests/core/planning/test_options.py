"""Recipe options: an error names them as they were written; the rest is in ``tests/pages/test_one_front_door.py``."""

import pytest

from core.errors import InvalidInput
from core.planning.options import RecipeOptions, choice_of
from core.planning.presets import Preset
from core.recipes.patterns import Pattern


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "backbone is missing"),
        ({"backbone": ["a"], "member": ["b"]}, "member is an option of "),
        ({"backbone": ["a"], "depth": ["x"]}, "depth takes a number of blocks, or: all. Received: 'x'"),
        ({"preset": "quick", "backbone": ["a"]}, "preset chooses the recipes itself. Leave out "),
        ({"backbone": ["a"], "size": ["0"]}, "size takes a number of pixels, or: own. Received: '0'"),
    ],
)
def test_an_error_names_the_option_as_it_was_written(options, sentence):
    for mark in ("--", ""):
        with pytest.raises(InvalidInput) as error:
            choice_of(RecipeOptions.of(options | {"mark": mark}))
        assert str(error.value).startswith(f"{mark}{sentence}")


def test_other_options_are_left_out():
    choice = choice_of(RecipeOptions.of({"dataset": "flowers", "backbone": ["a"], "epochs": 3}))
    assert choice.cells == (("a", Pattern.INTEGRATED_EXTRACTOR),)
    assert choice_of(RecipeOptions.of({"preset": "quick"})) is Preset.QUICK
