"""A model of the hub in words; the form is tested in tests/pages/test_add_backbone.py."""

import pytest

from core.web.backbones import hub_panel


@pytest.mark.parametrize(
    "link, plain",
    [
        ("https://x.org/LICENSE", True),
        ("http://x.org/LICENSE", False),
        ("https://x.org/a) [b](c", False),
        ("https://x.org/`a`", False),
        ("", False),
    ],
)
def test_only_a_plain_address_becomes_a_link(link, plain):
    assert hub_panel._is_plain_link(link) is plain
