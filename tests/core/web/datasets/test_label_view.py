"""Which photo comes next; the view is in tests/pages/test_label_photos.py."""

from core.web.datasets.label_view import next_open
from tests.core.advising.test_label_values import make_order


def test_the_next_photo_without_a_decision():
    photos = make_order("a", "b", "c", "d").photos
    assert next_open(photos, {}, -1) == 0 and next_open(photos, {"a", "b"}, 0) == 2
    assert next_open(photos, {"c", "d"}, 2) == 0, "from the beginning again"
    assert next_open(photos, {"a", "b", "c", "d"}, 3) == 0
