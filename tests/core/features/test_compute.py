"""Features are computed once per question, in the order of the photos, and survive being stopped. No TensorFlow."""

import threading
import time
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.errors import InvalidInput, NotFound
from core.features.compute import features_of
from core.features.store import forget, is_stored, key_of
from core.features.views import View
from core.files.home import dataset_folder, features_folder, features_lock
from core.files.locks import try_acquire
from core.recipes.hyperparameters import ViewSettings
from tests.factories import make_dataset, make_photos
from tests.tiny import TINY


class Counting:
    """An engine whose features are the photo's mean colour; it counts the photos it saw."""

    name, workers, batch = "Counting", 2, 4

    def __init__(self, seconds: float = 0.0):
        self.seen, self.seconds, self._lock = 0, seconds, threading.Lock()

    def __call__(self, views):
        photos = np.stack([view.square(16) for view in views])
        time.sleep(self.seconds)
        with self._lock:
            self.seen += len(photos)
        return photos.mean(axis=(1, 2)).astype(np.float32)


def jpeg_of(colour, size=(48, 32)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def colour_of(number: int) -> tuple[int, int, int]:
    return (number * 7 % 256, number * 31 % 256, number * 57 % 256)


@pytest.fixture
def stored(settings):
    """A dataset whose photos are one colour each."""
    photos = make_photos(per_class=10)
    dataset = make_dataset(photos)
    folder = dataset_folder(settings, dataset.id).path / "photos"
    folder.mkdir(parents=True)
    for number, photo in enumerate(photos):
        (folder / f"{photo.digest}.jpg").write_bytes(jpeg_of(colour_of(number)))
    return dataset, photos


def ask(settings, dataset, photos, split="train", engine=None, **options):
    wanted = [photo for photo in photos if photo.split == split]
    engine = engine or Counting()
    return features_of(wanted, dataset=dataset, backbone=TINY, settings=settings, engine=lambda: engine, **options)


def test_row_i_belongs_to_photo_i_in_whatever_order_they_are_asked_for(settings, stored):
    dataset, photos = stored
    number = {photo.digest: number for number, photo in enumerate(photos)}
    wanted = [photo for photo in photos if photo.split == "train"]
    for order in (wanted, wanted[::-1], sorted(wanted, key=lambda photo: photo.digest)):
        found = ask(settings, dataset, order).array
        expected = np.array([colour_of(number[photo.digest]) for photo in order])
        assert np.abs(found - expected).max() <= 3  # JPEG


def test_the_second_question_computes_nothing_and_knows_what_the_first_paid(settings, stored):
    dataset, photos = stored
    engine = Counting(seconds=0.02)
    first = ask(settings, dataset, photos, engine=engine)
    seen = engine.seen
    second = ask(settings, dataset, photos, engine=engine)
    assert engine.seen == seen
    assert np.array_equal(first.array, second.array)
    assert second.cost == first.cost and first.cost.wall_seconds > 0
    assert second.engine == "Counting"


def test_splits_are_kept_apart_so_that_nobody_reads_test_photos_to_train(settings, stored):
    dataset, photos = stored
    ask(settings, dataset, photos)
    key = ask(settings, dataset, photos).key
    assert not is_stored(replace(key, split="test"), settings)


def test_two_runs_never_compute_the_same_features_twice(settings, stored):
    dataset, photos = stored
    engine, waited, results = Counting(seconds=0.05), [], []

    def run():
        results.append(ask(settings, dataset, photos, engine=engine, waiting=lambda: waited.append(1)))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.seen == dataset.split_sizes["train"] + 1  # and one photo to learn the shape
    assert waited
    assert all(np.array_equal(result.array, results[0].array) for result in results)


def test_a_run_that_comes_second_does_not_wait_until_the_first_has_stopped_reading(settings, stored):
    dataset, photos = stored
    path = features_lock(settings, ask(settings, dataset, photos).key.name)
    forget(settings, dataset=dataset.digest)
    asked = []

    def compute_meanwhile(done, total):
        if not asked:
            asked.append(threading.Thread(target=ask, args=(settings, dataset, photos)))
            asked[0].start()
            time.sleep(0.1)

    first = ask(settings, dataset, photos, progress=compute_meanwhile)
    asked[0].join(timeout=120)
    assert not asked[0].is_alive()
    assert try_acquire(path) is None and len(first.array)  # the first still reads


def test_a_stopped_computation_is_continued_where_it_stopped(settings, stored):
    dataset, photos = stored
    whole = np.array(ask(settings, dataset, photos, which=ViewSettings(1, 3)).array)

    def stop_after_eight(done, total):
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(settings, dataset, photos, progress=stop_after_eight)
    engine = Counting()
    found = ask(settings, dataset, photos, engine=engine).array
    assert engine.seen == dataset.split_sizes["train"] - 8 + 1
    assert found.shape == whole.shape
    assert np.array_equal(found, ask(settings, dataset, photos[::-1]).array[::-1])


def test_progress_ends_at_the_number_of_photos(settings, stored):
    dataset, photos = stored
    seen = []
    ask(settings, dataset, photos, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (28, 28)
    assert seen == sorted(seen)


def test_a_missing_photo_is_named(settings, stored):
    dataset, photos = stored
    lost = next(photo for photo in photos if photo.split == "test")
    (dataset_folder(settings, dataset.id).path / "photos" / f"{lost.digest}.jpg").unlink()
    with pytest.raises(NotFound, match=lost.file):
        ask(settings, dataset, photos, split="test")


def test_only_a_whole_split_has_features(settings, stored):
    dataset, photos = stored
    with pytest.raises(InvalidInput, match="all 28 train photos"):
        ask(settings, dataset, [photo for photo in photos if photo.split == "train"][1:])
    with pytest.raises(InvalidInput, match="stored per split"):
        features_of(photos, dataset=dataset, backbone=TINY, settings=settings)


def test_only_training_photos_are_augmented(settings, stored):
    dataset, photos = stored
    with pytest.raises(InvalidInput, match="Only training photos are augmented"):
        ask(settings, dataset, photos, split="validation", which=ViewSettings(1))


# --- several cuts ---

CUTS = "stem.pool+block1.pool+top"


class SideBySide(Counting):
    """Eight features a cut, which differ by cut, photo and column."""

    def __init__(self, cuts: str = CUTS):
        super().__init__()
        self.cuts = cuts.split("+")

    def __call__(self, views):
        means = super().__call__(views).mean(axis=1)
        scale = {"stem.pool": 1, "block1.pool": 100, "top": 10_000}
        return np.concatenate([scale[cut] * means[:, None] + np.arange(8) for cut in self.cuts], axis=1)


def test_several_cuts_are_computed_in_one_pass_and_stored_under_the_key_of_each(settings, stored):
    dataset, photos = stored
    engine = SideBySide()
    found = ask(settings, dataset, photos, engine=engine, cut=CUTS)
    passes = dataset.split_sizes["train"] + 1
    assert engine.seen == passes and found.array.shape == (dataset.split_sizes["train"], 24)
    for number, cut in enumerate(CUTS.split("+")):
        alone = ask(settings, dataset, photos, engine=None, cut=cut)
        assert np.array_equal(alone.array, found.array[:, 8 * number : 8 * number + 8])
    assert engine.seen == passes
    again = ask(settings, dataset, photos, engine=engine, cut=CUTS)
    assert engine.seen == passes and np.array_equal(again.array, found.array)


def test_what_is_stored_of_several_cuts_is_kept_and_only_the_others_are_written(settings, stored):
    dataset, photos = stored
    top = ask(settings, dataset, photos, engine=SideBySide("top"), cut="top")
    together = ask(settings, dataset, photos, engine=SideBySide(), cut=CUTS)
    assert np.array_equal(together.array[:, 16:], top.array)
    assert (features_folder(settings) / top.key.name).exists()


def test_a_cut_costs_what_a_pass_up_to_it_costs_and_all_together_what_the_longest_does(settings, stored):
    dataset, photos = stored
    together = ask(settings, dataset, photos, engine=SideBySide(), cut=CUTS)
    stem, block1, top = (ask(settings, dataset, photos, cut=cut).cost.wall_seconds for cut in CUTS.split("+"))
    assert 0 < stem < block1 < top == together.cost.wall_seconds
    assert stem == pytest.approx(top / 3) and block1 == pytest.approx(2 * top / 3), "by one reading of the clock"


def test_a_stopped_pass_over_several_cuts_goes_on_where_the_shortest_array_ends(settings, stored):
    dataset, photos = stored

    def stop(done, total):
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(settings, dataset, photos, engine=SideBySide(), cut=CUTS, progress=stop)
    engine = SideBySide()
    found = ask(settings, dataset, photos, engine=engine, cut=CUTS)
    assert engine.seen <= dataset.split_sizes["train"] - 8 + 1
    fresh = SideBySide()([View(jpeg_of(colour_of(0)))])
    assert found.array.shape[1] == fresh.shape[1]
    whole = ask(replace(settings, home=settings.home), dataset, photos, engine=SideBySide(), cut=CUTS)
    assert np.array_equal(found.array, whole.array)


def test_one_cut_that_another_run_computes_is_awaited_and_no_other_is_held_meanwhile(settings, stored):
    dataset, photos = stored
    wanted = [photo for photo in photos if photo.split == "train"]
    key = key_of(dataset, TINY, "train", cut="block1.pool")
    lock, waited = try_acquire(features_lock(settings, key.name)), []

    def waiting():
        waited.append(1)
        other = try_acquire(features_lock(settings, key_of(dataset, TINY, "train", cut="top").name))
        assert other is not None, "another run could compute the top meanwhile"
        other.release()
        if len(waited) == 3:
            lock.release()

    found = ask(settings, dataset, photos, engine=SideBySide(), cut=CUTS, waiting=waiting)
    assert len(waited) == 3 and len(found.array) == len(wanted)
