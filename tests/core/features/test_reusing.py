"""Whose rows a stored array has, and from which arrays those of other photos may be copied."""

from dataclasses import replace

import numpy as np

from core.features.reusing import identity_of, record_photos, relatives_of, rows_by_photo
from core.features.store import folder_of
from core.files.home import features_folder
from tests.core.features.test_compute import ask, stored
from tests.factories import make_photos

__all__ = ["stored"]  # a fixture


def test_a_photo_is_the_same_where_file_and_stored_picture_are_and_whatever_class_and_split_it_has():
    photo = replace(make_photos()[0], pixels="a" * 64)
    assert identity_of(photo) == identity_of(replace(photo, class_name="other", split="test", file="b.jpg"))
    assert identity_of(photo) != identity_of(replace(photo, pixels="b" * 64))
    assert identity_of(photo) != identity_of(replace(photo, digest="c" * 64))


def test_rows_are_found_by_photo_except_those_whose_picture_has_no_digest(settings):
    first, second, third = (replace(photo, pixels="a" * 64) for photo in make_photos()[:3])
    folder = features_folder(settings) / "key"
    folder.mkdir(parents=True)
    record_photos(folder, [first, replace(second, pixels=None), third])
    assert rows_by_photo("key", settings) == {identity_of(first): 0, identity_of(third): 2}
    record_photos(folder, [third])
    assert len(np.load(folder / "photos.npy")) == 3, "what was written stays"


def test_without_whose_rows_they_are_or_with_a_torn_file_nothing_is_found(settings):
    folder = features_folder(settings) / "key"
    folder.mkdir(parents=True)
    assert rows_by_photo("key", settings) == {}
    for content in (b"", b"torn"):
        (folder / "photos.npy").write_bytes(content)
        assert rows_by_photo("key", settings) == {}


def test_relatives_differ_in_dataset_or_split_alone(settings, stored):
    dataset, photos = stored
    keys = {split: ask(settings, dataset, photos, split=split).key for split in ("train", "validation")}
    ask(settings, dataset, photos, cut="block1.pool")
    wanted = replace(keys["train"], dataset="another")
    assert {one.name for one in relatives_of(wanted, settings)} == {key.name for key in keys.values()}
    assert [one.name for one in relatives_of(keys["train"], settings)] == [keys["validation"].name]
    assert relatives_of(replace(wanted, size=32), settings) == []
    assert folder_of(keys["train"], settings).exists()
