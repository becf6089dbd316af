"""Two levels of buttons for eleven views: groups, and the views of a group."""

from core.web.compare.view_list import GROUPS, VIEWS, group_of
from tests.pages.conftest import visit


def test_every_view_is_in_exactly_one_of_four_groups():
    assert list(GROUPS) == ["Cost", "Quality", "Confidence", "Data"]
    assert sorted(view for views in GROUPS.values() for view in views) == sorted(VIEWS) and len(VIEWS) == 11
    assert all(group_of(view) in GROUPS for view in VIEWS)


def test_a_link_of_an_earlier_version_opens_its_view_and_group(filled):
    for view in VIEWS:
        at = visit("compare", view=view)
        assert at.button_group(key="compare.view").value == view
        assert at.segmented_control(key="compare.group").value == group_of(view)
