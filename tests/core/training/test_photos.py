"""The photos that a run uses."""

import pytest

from core.errors import InvalidInput
from core.training.photos import photos_by_split
from tests.factories import fill, make_dataset, make_photos


def test_every_split_has_its_photos(registry):
    filled = fill(registry, runs=1)
    found = photos_by_split(registry, filled.dataset)
    assert {split: len(photos) for split, photos in found.items()} == filled.dataset.split_sizes
    assert all(photo.split == split for split, photos in found.items() for photo in photos)


def test_a_dataset_without_test_photos_is_refused_with_what_to_do(registry):
    photos = tuple(photo for photo in make_photos() if photo.split != "test")
    dataset = make_dataset(photos)
    registry.add_dataset(dataset, photos)
    with pytest.raises(InvalidInput, match="has no test photos.*more photos per class"):
        photos_by_split(registry, dataset)
