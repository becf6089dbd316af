"""A view of a stored photo is a pure function of seed, digest and view."""

from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.features import views
from core.features.views import View, crop_box, render
from core.recipes.hyperparameters import Augmentation, ViewSettings


@pytest.fixture
def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(pixels).resize((160, 120), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_an_old_view_is_rendered_as_before(photo):
    squares = [render(photo, 32, ViewSettings(view, 5), digest="a") for view in (1, 2)]
    digests = [sha256(square.tobytes()).hexdigest()[:12] for square in squares]
    assert digests == ["079ce817d4ac", "0fe0a040b890"]


def test_without_crops_the_whole_photo_is_seen_as_it_is_or_mirrored(photo, monkeypatch):
    monkeypatch.setattr(views, "jittered", lambda square, rng: square)
    flips = [ViewSettings(view, augmentation=Augmentation.FLIPS) for view in range(1, 13)]
    found = [render(photo, 32, which, digest="a") for which in flips]
    whole = render(photo, 32)
    mirrored = [np.array_equal(one, whole[:, ::-1]) for one in found]
    assert all(flipped or np.array_equal(one, whole) for one, flipped in zip(found, mirrored, strict=True))
    assert 0 < sum(mirrored) < 12


def test_several_networks_may_ask_one_view_for_the_sizes_they_want(photo, monkeypatch):
    view = View(photo, ViewSettings(2, 5), digest="a")
    small, large = view.square(16), view.square(32)
    assert np.array_equal(small, render(photo, 16, ViewSettings(2, 5), digest="a")) and large.shape == (32, 32, 3)
    monkeypatch.setattr(views, "render", None)
    assert view.square(16) is small and view.square(32) is large  # rendered once


def test_a_view_looks_the_same_in_every_run(photo):
    found = [render(photo, 32, ViewSettings(2, 5), digest="a") for _ in range(2)]
    assert np.array_equal(*found)


@pytest.mark.parametrize(("which", "digest"), [((1, 5), "a"), ((2, 6), "a"), ((2, 5), "b")])
def test_another_view_seed_or_photo_is_augmented_otherwise(photo, which, digest):
    before = render(photo, 32, ViewSettings(2, 5), digest="a")
    assert not np.array_equal(before, render(photo, 32, ViewSettings(*which), digest=digest))


def test_view_zero_is_the_photo_itself_whatever_the_seed(photo):
    flips = ViewSettings(0, 2, Augmentation.FLIPS)
    assert np.array_equal(render(photo, 32, ViewSettings(0, 1), digest="a"), render(photo, 32, flips, digest="b"))


def test_an_augmented_photo_is_still_recognisably_the_photo(photo):
    original = render(photo, 32).astype(float)
    for view in range(1, 9):
        found = render(photo, 32, ViewSettings(view), digest="a")
        assert found.shape == (32, 32, 3) and found.dtype == np.uint8
        assert abs(found.mean() - original.mean()) < 60


def test_crops_stay_inside_and_show_most_of_the_photo():
    rng = np.random.default_rng(0)
    for _ in range(300):
        left, upper, right, lower = crop_box((400, 300), rng)
        assert 0 <= left < right <= 400 + 1e-9 and 0 <= upper < lower <= 300 + 1e-9
        assert 0.6 <= (right - left) * (lower - upper) / (400 * 300) <= 1 + 1e-9
