"""The check photo exists; what the section shows is tested in tests/pages/test_backbones.py."""

from core.features.check_photo import check_photo
from core.web.backbones import origin


def test_the_check_photo_is_a_jpeg_that_the_page_can_show():
    assert check_photo()[:2] == b"\xff\xd8" and origin.check_photo is check_photo
