"""Which photos of a large dataset are in which shard."""

from dataclasses import replace

from core.datasets import shards
from core.datasets.shards import folder_with, in_order, is_large, shards_of
from core.files.home import dataset_folder
from tests.factories import make_dataset, make_photos

PHOTOS = make_photos(per_class=20)


def test_a_shard_has_photos_of_one_split_in_the_order_of_the_rows_of_features(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_PHOTOS", 16)
    found = shards_of(PHOTOS)
    assert sorted(photo.digest for some in found.values() for photo in some) == sorted(one.digest for one in PHOTOS)
    train = [name for name in found if name.startswith("train-")]
    assert train == [f"train-16-{number:05}" for number in range(len(train))]
    rows = in_order(photo for photo in PHOTOS if photo.split == "train")
    assert [photo for name in train for photo in found[name]] == rows and len(found[train[0]]) == 16


def test_large_is_more_than_200_000_photos():
    def with_photos(number):
        return replace(make_dataset(PHOTOS), counts={"train": {"rose": number - 10}, "test": {"rose": 10}})

    assert not is_large(with_photos(200_000)) and is_large(with_photos(200_001))


def test_without_a_store_all_photos_are_here(settings, monkeypatch):
    monkeypatch.setattr(shards, "LARGE_PHOTOS", 3)
    dataset = make_dataset(PHOTOS)
    folder = dataset_folder(settings, dataset.id).photos
    assert folder_with(PHOTOS[:1], of=PHOTOS, dataset=dataset, settings=settings) == folder
