"""Counts of a dataset by split and by class."""

from tests.factories import make_dataset, make_photos


def test_sizes_add_up_over_splits_and_classes():
    photos = make_photos(per_class=10)
    dataset = make_dataset(photos)
    assert dataset.photo_count == len(photos) == sum(dataset.class_sizes.values()) == sum(dataset.split_sizes.values())
    for split, size in dataset.split_sizes.items():
        assert size == sum(photo.split == split for photo in photos)
    for name, size in dataset.class_sizes.items():
        assert size == sum(photo.class_name == name for photo in photos)
