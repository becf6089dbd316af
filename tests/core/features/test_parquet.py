"""What is stored is known in bytes beforehand, reported, and can be taken away as Parquet."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest

from core.errors import InvalidInput, NotFound
from core.features.compute import features_of, stored_rows
from core.features.parquet import export_parquet
from core.features.sizes import bytes_per_photo, shape_at
from core.features.store import FeatureKey, stored_features
from core.files.home import dataset_folder
from core.recipes.hyperparameters import ViewSettings
from tests.core.features.test_compute import jpeg_of
from tests.factories import make_dataset, make_photos
from tests.tiny import TINY


class Saying:
    """An engine whose every row is the same array plus the photo's brightness."""

    name, workers, batch = "Saying", 1, 4

    def __init__(self, row):
        self.row = np.asarray(row, np.float32)

    def __call__(self, views):
        return np.stack([self.row + view.square(4).mean() for view in views])


@pytest.fixture
def stored(settings):
    """A dataset with one grey photo per brightness."""
    photos = make_photos(per_class=10)
    dataset = make_dataset(photos)
    folder = dataset_folder(settings, dataset.id).path / "photos"
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        (folder / f"{photo.digest}.jpg").write_bytes(jpeg_of((number, number, number)))
    return dataset, photos


def ask(settings, dataset, photos, cut="top", split="test", row=None, **options):
    row = np.zeros(shape_at(TINY, cut)) if row is None else row
    wanted = [photo for photo in photos if photo.split == split]
    return features_of(
        wanted, dataset=dataset, backbone=TINY, settings=settings, cut=cut, engine=lambda: Saying(row), **options
    )


def test_a_cut_outside_the_network_is_refused_before_anything_is_computed(settings, stored):
    dataset, photos = stored
    with pytest.raises(
        InvalidInput, match="Tiny has no block 'block7' to cut at. Choose from: stem, block1, head, top"
    ):
        ask(settings, dataset, photos, cut="block7", row=[0])


@pytest.mark.parametrize("cut", ["top", "block1", "block1.pool", "classes"])
def test_what_lies_on_disk_is_what_was_foretold(settings, stored, cut):
    dataset, photos = stored
    found = ask(settings, dataset, photos, cut=cut)
    assert found.array.nbytes == len(found.array) * bytes_per_photo(TINY, cut)
    header = stored_features(settings)[0].bytes - found.array.nbytes
    assert 0 < header <= 256


def test_maps_are_kept_in_half_precision_and_vectors_as_they_are(settings, stored):
    dataset, photos = stored
    maps, vectors = ask(settings, dataset, photos, "block1"), ask(settings, dataset, photos, "block1.pool")
    assert maps.array.dtype == np.float16 and maps.array.shape[1:] == (4, 4, 8)
    assert vectors.array.dtype == np.float32 and vectors.array.shape[1:] == (8,)


def test_what_half_precision_cannot_hold_becomes_its_largest_number(settings, stored):
    dataset, photos = stored
    found = ask(settings, dataset, photos, "block1", row=np.full((4, 4, 8), 1e6)).array
    assert np.isfinite(found).all() and found.max() == np.finfo(np.float16).max


def test_numbers_that_are_not_a_backbones_are_kept_by_the_same_rules(settings, stored):
    dataset, photos = stored
    wanted = [photo for photo in photos if photo.split == "validation"]
    key = FeatureKey(dataset=dataset.digest, split="validation", weights="digest", cut="answers", size=0)

    def ask_answers(photos=wanted, key=key):
        return stored_rows(
            key, photos, dataset=dataset, settings=settings, source="r-1", engine=lambda: Saying([0.1, 0.9])
        )

    assert ask_answers().array.shape == (len(wanted), 2)
    assert stored_features(settings)[0].source == "r-1"
    with pytest.raises(InvalidInput, match="Features of test photos are needed. Received: validation photos"):
        ask_answers(key=replace(key, split="test"))
    with pytest.raises(InvalidInput, match="Features need all"):
        ask_answers(photos=wanted[1:])


def test_the_report_says_what_is_stored_and_how_much(settings, stored):
    dataset, photos = stored
    ask(settings, dataset, photos, "block1")
    ask(settings, dataset, photos, split="train", which=ViewSettings(2, 7))
    first, second = sorted(stored_features(settings), key=lambda one: one.key.cut)
    assert first.source == "tiny" and first.key.dataset == dataset.digest
    assert (first.key.cut, first.key.split, first.key.view) == ("block1", "test", 0)
    assert first.rows == dataset.split_sizes["test"] and first.bytes > first.rows * 4 * 4 * 8 * 2
    assert (second.key.cut, second.key.split, second.key.view, second.key.seed) == ("top", "train", 2, 7)


def test_without_features_the_report_is_empty(settings):
    assert stored_features(settings) == ()


def test_features_can_be_taken_away_as_one_file(settings, stored, tmp_path):
    dataset, photos = stored
    arrays = {
        ("train", 0): ask(settings, dataset, photos, split="train").array,
        ("train", 1): ask(settings, dataset, photos, split="train", which=ViewSettings(1, 5)).array,
        ("test", 0): ask(settings, dataset, photos).array,
    }
    ask(settings, dataset, photos, "block1.pool")  # another cut
    count = export_parquet(tmp_path / "f.parquet", photos, dataset=dataset, backbone=TINY, settings=settings)
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet").to_pandas()
    assert len(table) == count == 2 * dataset.split_sizes["train"] + dataset.split_sizes["test"]
    assert list(table.columns[:8]) == [
        "photo",
        "file",
        "class",
        "split",
        "augmentation",
        "view",
        "seed",
        "feature_0000",
    ]
    for (split, view), array in arrays.items():
        part = table[(table["split"] == split) & (table["view"] == view)].set_index("photo")
        wanted = [photo for photo in photos if photo.split == split]
        part = part.loc[[photo.digest for photo in wanted]]
        assert np.array_equal(part.filter(like="feature_").to_numpy(np.float32), array)
        assert list(part["class"]) == [photo.class_name for photo in wanted]
        assert list(part["file"]) == [photo.file for photo in wanted]
    assert set(table[table["view"] == 1]["seed"]) == {5}
    assert not list(tmp_path.glob(".f.parquet*"))


def test_what_is_not_stored_or_is_no_vector_cannot_be_taken_away(settings, stored, tmp_path):
    dataset, photos = stored
    options = {"dataset": dataset, "backbone": TINY, "settings": settings}
    with pytest.raises(NotFound, match="No features of flowers by Tiny at top are stored"):
        export_parquet(tmp_path / "f.parquet", photos, **options)
    ask(settings, dataset, photos, "block1")
    ask(settings, dataset, photos)
    with pytest.raises(InvalidInput, match="need all 8 test photos.*Received: 7"):
        export_parquet(tmp_path / "f.parquet", photos[:-1], **options)
    with pytest.raises(InvalidInput, match="4 x 4 x 8 numbers a photo.*block1.pool"):
        export_parquet(tmp_path / "f.parquet", photos, **options, cut="block1")
    assert not (tmp_path / "f.parquet").exists()
