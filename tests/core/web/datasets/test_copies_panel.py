"""What the table of copies says."""

from core.datasets.decoding.identity import Copies
from core.web.datasets.copies_panel import problem, row
from tests.factories import make_photos


def test_copies_say_where_they_are_and_what_is_wrong():
    photos = make_photos(per_class=20)
    train, other = photos[0], next(photo for photo in photos if photo.class_name != photos[0].class_name)
    test = next(photo for photo in photos if photo.split == "test" and photo.class_name == train.class_name)
    assert problem(Copies(photos=(train, train))) == ""
    assert problem(Copies(photos=(train, test))) == "in several splits (data leakage)"
    assert "in several classes" in problem(Copies(photos=(train, other)))
    assert row(Copies(photos=(train, test)))["Splits"] == "train, test"
