"""Every kind of added backbone has a preparer."""

from core.backbones.values import ADDED_KINDS
from core.features.preparing import PREPARING


def test_only_kinds_that_can_be_added_are_prepared():
    assert set(PREPARING) <= set(ADDED_KINDS)
