"""A pass over the photos of a new version of a dataset computes those rows alone that no other features have."""

import shutil
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from core.features.store import evict, folder_of, forget
from core.files.home import dataset_folder, features_lock
from core.files.locks import try_acquire
from core.recipes.hyperparameters import ViewSettings
from core.runs.costs import Spent
from core.settings import Settings
from tests.core.features.test_compute import Counting, SideBySide, ask, colour_of, jpeg_of
from tests.factories import make_dataset, make_photos

NEW = 3
"""Photos that the version has and the dataset before has not."""


class PhotoByPhoto(Counting):
    """Counts the photos it saw; its name says that no row depends on the others of a batch."""

    name = "LiteRT"

    def __init__(self, shift: float = 0.0, seconds: float = 0.0):
        super().__init__(seconds)
        self.shift = np.float32(shift)

    def __call__(self, views):
        return super().__call__(views) + self.shift


class Maps(PhotoByPhoto):
    """Feature maps, which are stored as float16."""

    def __call__(self, views):
        return np.repeat(super().__call__(views)[:, None], 5, axis=1) / 7


def with_pixels(photos):
    return tuple(replace(photo, pixels=sha256(photo.digest.encode()).hexdigest()) for photo in photos)


def write(settings, dataset, photos):
    folder = dataset_folder(settings, dataset.id).path / "photos"
    folder.mkdir(parents=True)
    for photo in photos:
        (folder / f"{photo.digest}.jpg").write_bytes(jpeg_of(colour_of(int(photo.digest[:4], 16))))


@pytest.fixture
def before(settings):
    """A dataset, 28 of whose 40 photos are for training."""
    photos = with_pixels(make_photos(per_class=10))
    dataset = make_dataset(photos)
    write(settings, dataset, photos)
    return dataset, photos


@pytest.fixture
def after(settings, before):
    """Its next version: one photo has another class, one is gone, one was moved from test to train, three are new."""
    _, photos = before
    classes = sorted({photo.class_name for photo in photos})
    train = [photo for photo in photos if photo.split == "train"]
    moved = next(photo for photo in photos if photo.split == "test")
    changes = {
        train[0]: replace(train[0], class_name=next(name for name in classes if name != train[0].class_name)),
        train[1]: None,
        moved: replace(moved, split="train"),
    }
    changed = [changes.get(photo, photo) for photo in photos]
    kept = [photo for photo in changed if photo is not None]
    added = [replace(photo, split="train") for photo in with_pixels(make_photos(("added",), NEW))]
    added = [replace(photo, class_name=classes[0]) for photo in added]
    version = (*kept, *added)
    dataset = make_dataset(version, id="d-flowers2", version=2)
    write(settings, dataset, version)
    return dataset, version


@pytest.fixture
def elsewhere(settings, after, tmp_path):
    """A home that has the version alone."""
    found = replace(settings, home=tmp_path / "elsewhere")
    dataset, _ = after
    shutil.copytree(dataset_folder(settings, dataset.id).path, dataset_folder(found, dataset.id).path)
    return found


def compute_before(settings, before, **options):
    """The features of all three splits of the dataset before."""
    for split in ("train", "validation", "test"):
        ask(settings, *before, split=split, **{"engine": PhotoByPhoto()} | options)


def test_a_new_version_computes_its_new_photos_alone_and_equals_one_computed_anew(settings, before, after, elsewhere):
    compute_before(settings, before)
    engine, anew = PhotoByPhoto(), PhotoByPhoto()
    found = ask(settings, *after, engine=engine)
    assert engine.seen == NEW + 2  # and one of each array that rows were copied from: train and test
    assert np.array_equal(found.array, ask(elsewhere, *after, engine=anew).array)
    assert anew.seen == len(found.array) + 1
    for split in ("validation", "test"):
        engine = PhotoByPhoto()
        again = ask(settings, *after, split=split, engine=engine)
        assert engine.seen == 1 and np.array_equal(again.array, ask(elsewhere, *after, split=split).array)


@pytest.mark.parametrize("which", [ViewSettings(1, 3), ViewSettings(2, 0)])
def test_views_of_training_photos_are_copied_too(settings, before, after, elsewhere, which):
    ask(settings, *before, engine=PhotoByPhoto(), which=which)
    engine = PhotoByPhoto()
    found = ask(settings, *after, engine=engine, which=which)
    assert engine.seen == NEW + 2  # the photo that was a test photo had no such view
    assert np.array_equal(found.array, ask(elsewhere, *after, engine=PhotoByPhoto(), which=which).array)


def test_views_of_another_seed_are_not_copied(settings, before, after):
    ask(settings, *before, engine=PhotoByPhoto(), which=ViewSettings(1, 3))
    engine = PhotoByPhoto()
    assert engine.seen == 0 and len(ask(settings, *after, engine=engine, which=ViewSettings(1, 4)).array)
    assert engine.seen == after[0].split_sizes["train"] + 1


def test_maps_of_half_precision_are_copied_bit_by_bit(settings, before, after, elsewhere):
    compute_before(settings, before, engine=Maps(), cut="block1")
    engine = Maps()
    found = ask(settings, *after, engine=engine, cut="block1").array
    assert engine.seen == NEW + 2 and found.dtype == np.float16 and found.ndim == 3
    assert np.array_equal(found, ask(elsewhere, *after, engine=Maps(), cut="block1").array)


class SeveralCuts(SideBySide):
    name = "LiteRT"


def test_of_several_cuts_a_photo_is_copied_where_all_that_are_missing_have_it(settings, before, after, elsewhere):
    cuts = "stem.pool+block1.pool+top"
    ask(settings, *before, engine=SeveralCuts("stem.pool"), cut="stem.pool")
    engine = SeveralCuts()
    first = np.array(ask(settings, *after, engine=engine, cut=cuts).array)
    assert engine.seen == len(first) + 1, "the other two cuts need the pass over all photos"
    assert forget(settings, dataset=after[0].digest)
    ask(settings, *before, engine=SeveralCuts(), cut=cuts)
    engine = SeveralCuts()
    second = ask(settings, *after, engine=engine, cut=cuts)
    assert engine.seen == NEW + 2 and np.array_equal(second.array, first)


def test_what_batches_may_change_is_computed_anew(settings, before, after):
    ask(settings, *before, engine=Counting())
    engine = Counting()  # an engine that is not known to compute photo by photo
    found = ask(settings, *after, engine=engine)
    assert engine.seen == len(found.array) + 1


def test_features_of_another_engine_are_not_copied(settings, before, after):
    ask(settings, *before, engine=Counting())
    engine = PhotoByPhoto()
    found = ask(settings, *after, engine=engine)
    assert engine.seen == len(found.array) + 1


def test_where_the_engine_gives_other_bits_than_before_nothing_is_copied(settings, before, after, elsewhere):
    compute_before(settings, before)
    engine = PhotoByPhoto(shift=1e-3)  # as after an update of a library, or on another processor
    found = ask(settings, *after, engine=engine)
    assert engine.seen == len(found.array) + 2
    assert np.array_equal(found.array, ask(elsewhere, *after, engine=PhotoByPhoto(shift=1e-3)).array)


def test_a_file_that_was_stored_as_other_pixels_is_another_photo(settings, before, after):
    """As photos of 16 grey bits, whose scale is that of their dataset."""
    compute_before(settings, before)
    dataset, photos = after
    other = [replace(photo, pixels="f" * 64) for photo in photos]
    engine = PhotoByPhoto()
    ask(settings, dataset, other, engine=engine)
    assert engine.seen == dataset.split_sizes["train"] + 1


def test_photos_of_before_their_pixels_were_known_are_computed(settings, before, after):
    dataset, photos = before
    ask(settings, dataset, [replace(photo, pixels=None) for photo in photos], engine=PhotoByPhoto())
    version, photos = after
    engine = PhotoByPhoto()
    ask(settings, version, [replace(photo, pixels=None) for photo in photos], engine=engine)
    assert engine.seen == version.split_sizes["train"] + 1


def test_features_of_before_0_10_are_found_once_they_were_read(settings, before, after):
    key = ask(settings, *before, engine=PhotoByPhoto()).key
    photos = folder_of(key, settings) / "photos.npy"
    photos.unlink()
    assert len(ask(settings, *before, engine=PhotoByPhoto()).array) and photos.exists()
    engine = PhotoByPhoto()
    ask(settings, *after, engine=engine)
    assert engine.seen == NEW + 2


def test_copied_rows_cost_what_they_cost_and_the_clock_shows_what_was_paid(settings, before, after):
    paid = []

    def clock():
        paid.append(1)
        return Spent(wall_seconds=float(len(paid)), cpu_seconds=0.0)

    first = ask(settings, *before, engine=PhotoByPhoto(seconds=0.05))
    alone = first.cost.wall_seconds / len(first.array)
    second = ask(settings, *after, engine=PhotoByPhoto(), clock=clock)
    copied = len(second.array) - NEW - 1
    own = second.cost.wall_seconds - copied * alone
    assert own == pytest.approx(round(own)) and 1 <= own <= len(paid)


def test_a_version_keeps_its_features_when_those_before_are_deleted_or_evicted(settings, before, after):
    compute_before(settings, before)
    found = np.array(ask(settings, *after, engine=PhotoByPhoto()).array)
    assert forget(settings, dataset=before[0].digest)
    engine = PhotoByPhoto()
    assert np.array_equal(ask(settings, *after, engine=engine).array, found) and engine.seen == 0


def test_features_that_are_being_evicted_are_not_waited_for(settings, before, after):
    key = ask(settings, *before, engine=PhotoByPhoto()).key
    engine = PhotoByPhoto()
    with try_acquire(features_lock(settings, key.name)):
        found = ask(settings, *after, engine=engine)
    assert engine.seen == len(found.array) + 1


def test_those_copied_from_are_not_evicted_meanwhile_and_are_free_afterwards(settings, before, after):
    key = ask(settings, *before, engine=PhotoByPhoto()).key
    small = Settings(home=settings.home, features_limit_bytes=1)
    kept = []

    def evict_now(done, total):
        evict(small)
        kept.append(folder_of(key, settings).exists())

    ask(settings, *after, engine=PhotoByPhoto(), progress=evict_now)
    assert kept and all(kept)
    evict(small)
    assert not folder_of(key, settings).exists()


def test_a_stopped_pass_goes_on_and_counts_the_copied_rows_once(settings, before, after, elsewhere):
    compute_before(settings, before)

    def stop(done, total):
        if done >= 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(settings, *after, engine=PhotoByPhoto(), progress=stop)
    engine = PhotoByPhoto()
    found = ask(settings, *after, engine=engine)
    assert engine.seen <= NEW + 2
    assert np.array_equal(found.array, ask(elsewhere, *after, engine=PhotoByPhoto()).array)
