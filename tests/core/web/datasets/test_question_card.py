"""The line that sums up one way to read an upload; the card itself is tested in tests/pages/test_datasets.py."""

from core.datasets.archives.encodings import decoded
from core.datasets.layouts.layout_summary import LayoutSummary
from core.web.datasets.question_card import ENCODINGS, size_line


def summary(**changes):
    values = {"id": "a", "title": "A", "classes": {"cat": 3, "dog": 1}, "splits": {}}
    return LayoutSummary(**values | changes)


def test_the_line_names_classes_photos_and_split():
    assert size_line(summary()) == r"2 classes\: cat and dog · 4 photos · split drawn by Graft: 70 / 15 / 15"
    assert "your split: 3 train, 1 test" in size_line(summary(splits={"train": 3, "test": 1}))
    assert size_line(summary(unlabelled=9, rejected=1)).endswith("9 without a class, kept aside · 1 file left out")


def test_every_encoding_that_is_offered_exists():
    assert all(decoded(b"a", encoding) == "a" for encoding in ENCODINGS if encoding)
