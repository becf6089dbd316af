"""Heat maps lie on the photo where the network saw what they show."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.fit import Fit
from core.explaining.framing import SeenPhoto, box_of, coloured, hottest_place, on_photo, overlay, together
from core.explaining.values import HeatMap

WIDE, TALL = (400, 200), (100, 300)


def with_spot(size: tuple[int, int], at: tuple[int, int], side: int = 20) -> SeenPhoto:
    """A black photo with a white square whose middle is ``at`` (x, y)."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[at[1] - side // 2 : at[1] + side // 2, at[0] - side // 2 : at[0] + side // 2] = 255
    return SeenPhoto(pixels)


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize(("size", "at"), [(WIDE, (130, 60)), (WIDE, (270, 150)), (TALL, (30, 120)), (TALL, (70, 190))])
def test_what_a_network_saw_lies_where_it_is_in_the_photo(fit, size, at):
    """The bars of a padded photo are grey; the spot is brighter."""
    seen = with_spot(size, at).square(56, fit).astype(np.float32).mean(axis=-1) / 255
    values = np.where(seen > 0.6, seen, 0).reshape(14, 4, 14, 4).mean(axis=(1, 3))
    found = np.nan_to_num(on_photo(HeatMap(title="", values=values, fit=fit), size))
    weights = found**2
    x = (weights.sum(axis=0) * np.arange(size[0])).sum() / weights.sum()
    y = (weights.sum(axis=1) * np.arange(size[1])).sum() / weights.sum()
    assert abs(x - at[0]) < 8 and abs(y - at[1]) < 8


def test_a_map_covers_what_the_fit_shows():
    assert box_of(WIDE, Fit.SQUASH) == (0, 0, 400, 200)
    assert box_of(WIDE, Fit.CROP) == (100, 0, 300, 200)
    assert box_of(TALL, Fit.CROP) == (0, 100, 100, 200)
    assert box_of(WIDE, Fit.PAD) == (0, -100, 400, 300)
    assert box_of(WIDE, Fit.SQUASH, covered=0.75) == (0, 0, 300, 150)


def test_what_was_not_seen_is_nan_and_dark():
    heat = HeatMap(title="", values=np.ones((4, 4), np.float32), fit=Fit.CROP)
    found = on_photo(heat, WIDE)
    assert np.isnan(found[:, :100]).all() and np.isnan(found[:, 300:]).all() and (found[:, 100:300] == 1).all()
    picture = np.asarray(Image.open(BytesIO(overlay(grey(WIDE), heat, opacity=1.0))))
    assert picture[100, 50].max() < 40 and picture[100, 200].min() > 150
    part = on_photo(HeatMap(title="", values=np.ones((4, 4), np.float32), fit=Fit.SQUASH, covered=0.5), WIDE)
    assert (part[:100, :200] == 1).all() and np.isnan(part[100:]).all() and np.isnan(part[:, 200:]).all()


def grey(size: tuple[int, int]) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, (128, 128, 128)).save(buffer, "JPEG")
    return buffer.getvalue()


def test_cold_places_stay_as_they_are_and_opacity_decides_how_much_is_covered():
    values = np.zeros((2, 2), np.float32)
    values[0, 0] = 1
    heat = HeatMap(title="", values=values, fit=Fit.SQUASH)
    none, half, full = (np.asarray(Image.open(BytesIO(overlay(grey(WIDE), heat, one)))) for one in (0.0, 0.5, 1.0))
    assert (none == 128).all()
    assert (full[-1, -1] == 128).all() and np.abs(full[0, 0] - coloured(np.array(1.0))).max() <= 1
    assert (np.abs(half[0, 0].astype(int) - (128 + full[0, 0].astype(int)) / 2) <= 1).all()


def test_several_maps_are_averaged():
    one = HeatMap(title="", values=np.ones((2, 2), np.float32), fit=Fit.SQUASH)
    middle = HeatMap(title="", values=np.ones((2, 2), np.float32), fit=Fit.CROP)
    found = together([one, middle], WIDE)
    assert found[0, 0] == 0.5 and found[100, 200] == 1.0


@pytest.mark.parametrize("fit", Fit)
@pytest.mark.parametrize("size", [WIDE, TALL, (100, 100)])
def test_hidden_parts_have_the_mean_colour_wherever_the_network_sees_them(fit, size):
    """As if the part were painted over in the photo, but for the pixels on its border."""
    photo = with_spot(size, (size[0] // 2, size[1] // 2), side=60)
    pixels = photo.square(50, Fit.SQUASH)
    hidden = np.zeros(size[::-1], bool)
    hidden[: size[1] // 2, size[0] // 3 :] = True
    found = photo.without(hidden)
    colour = round(255 * 3600 / (size[0] * size[1]))
    painted = with_spot(size, (size[0] // 2, size[1] // 2), side=60)._pixels.copy()
    painted[hidden] = colour
    expected = SeenPhoto(painted).square(50, fit).astype(int)
    difference = np.abs(found.square(50, fit).astype(int) - expected).max(axis=-1)
    assert (difference > 2).mean() < 0.08 and (found.square(50, fit) == colour).any()
    assert found.size == size and (photo.square(50, Fit.SQUASH) == pixels).all()


def test_the_hottest_place_is_said_in_words():
    def at(row: int, column: int) -> HeatMap:
        values = np.zeros((7, 7), np.float32)
        values[row, column] = 1
        return HeatMap(title="", values=values, fit=Fit.SQUASH)

    assert [hottest_place(at(*one)) for one in ((0, 0), (3, 3), (6, 3), (3, 6))] == [
        "upper left", "middle", "lower middle", "middle right",
    ]  # fmt: skip
    assert hottest_place(HeatMap(title="", values=np.diag([0, 1]).astype(np.float32), fit=Fit.SQUASH)) == "lower right"
    assert hottest_place(HeatMap(title="", values=np.zeros((7, 7), np.float32), fit=Fit.SQUASH)) == ""
