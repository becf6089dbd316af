"""What the view says before anything is drawn; the view itself: tests/pages/test_check_photos.py."""

from core.web.datasets.check_items import items_of
from core.web.datasets.check_view import progress_of
from tests.core.curation.test_values import findings
from tests.core.web.datasets.test_check_items import KEPT, decided


def test_progress():
    items = items_of(findings(), "copies")
    assert progress_of(items, {}) == "2 items to decide on."
    assert progress_of(items, decided(("a", *KEPT))) == "1 item to decide on."
    assert progress_of(items, decided(("a", *KEPT), ("e", *KEPT))) == "Everything has been decided on."
    assert progress_of([], {}) == "Nothing was found."
