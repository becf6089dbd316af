"""Numbers of a scaling, as a person writes them."""

import pytest

from core.web.backbones.scaling_form import numbers


@pytest.mark.parametrize(
    "text, found",
    [("0.485, 0.456 0.406", [0.485, 0.456, 0.406]), ("0.5;0.5;x", [0.5, 0.5]), ("", []), ("none", [])],
)
def test_numbers_are_read_whatever_is_between_them(text, found):
    assert numbers(text) == found
