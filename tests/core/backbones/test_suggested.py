"""The suggested models of the hub."""

import pytest

from core.backbones.added import check_name
from core.backbones.hub.address import address_of
from core.backbones.hub.licences import licence_of
from core.backbones.suggested import suggestion_of, suggestions
from core.datasets.decoding.fit import LARGEST_INPUT


@pytest.mark.parametrize("one", suggestions(), ids=lambda one: one.name)
def test_each_can_be_added_under_its_name_without_a_question(one):
    check_name(one.name)  # not in the catalogue
    assert str(address_of(one.address)) == one.address, "no revision: it is pinned when it is added"
    assert licence_of({"license": one.licence}, gated=False).is_free
    assert 10**6 < one.parameters < 10**8 and 32 <= one.input_size <= LARGEST_INPUT
    assert bool(one.figure) == bool(one.figure_source)


def test_there_are_ten_and_none_twice():
    assert len({one.name for one in suggestions()}) == len({one.address for one in suggestions()}) == 10


def test_one_is_found_by_its_name_or_address():
    assert suggestion_of("dinov2_small") is suggestion_of("facebook/dinov2-small") is not None
    assert suggestion_of("graft/tiny") is None
