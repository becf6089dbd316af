"""Pictures that lie on each other."""

import numpy as np
import pytest
from PIL import Image

from core.curation.alignment import Aligner
from core.curation.pictures import SIDE


def noise(seed, side=400):
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)


def aligned(first, second):
    small = [np.asarray(one.resize((SIDE, SIDE), Image.Resampling.BOX)) for one in (first, second)]
    return Aligner(np.stack(small)).align(0, 1)


def test_the_same_brighter_and_darker():
    photo = noise(0)
    brighter = photo.point(lambda value: min(255, int(value * 1.2)))
    for other in (photo, brighter):
        found = aligned(photo, other)
        assert found.correlation > 0.97 and not found.mirrored and found.share == 1


def test_a_mirror_image():
    photo = noise(0)
    found = aligned(photo, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert found.correlation > 0.97 and found.mirrored


def grey(image):
    return image.convert("L").convert("RGB")


def test_a_grey_copy_of_a_colourful_picture_even_a_part_of_it():
    """In colour these two would hardly agree: each channel of the picture has a content of its own."""
    photo = noise(0)
    for other in (grey(photo), grey(photo.crop((0, 0, 360, 360)))):
        assert aligned(photo, other).correlation > 0.955 and aligned(other, photo).correlation > 0.955
    tinted = Image.merge("RGB", [band.point(lambda value: value // 2 + 60) for band in photo.split()])
    assert aligned(tinted, grey(photo)).correlation > 0.955
    assert aligned(noise(1), grey(photo)).correlation < 0.8


def test_two_pictures_with_colours_are_compared_in_colour():
    photo = noise(0)
    swapped = Image.merge("RGB", (photo.split()[1], photo.split()[2], photo.split()[0]))
    assert aligned(photo, swapped).correlation < 0.8


@pytest.mark.parametrize("box", [(0, 0, 360, 360), (40, 40, 400, 400), (13, 27, 373, 387)])
def test_a_crop_in_either_order_and_mirrored(box):
    photo = noise(0)
    crop = photo.crop(box)
    for found in (aligned(photo, crop), aligned(crop, photo)):
        assert found.correlation > 0.955 and found.share == pytest.approx(0.9, abs=0.03)
    found = aligned(photo, crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    assert found.correlation > 0.955 and found.mirrored


def fine(seed, side=400):
    """Texture of about two pixels of a picture that is compared."""
    pixels = np.random.default_rng(seed).integers(0, 256, (44, 44, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC)


def test_a_crop_of_fine_texture_needs_fractions_of_a_pixel():
    photo = fine(0)
    found = aligned(photo, photo.crop((13, 27, 373, 387)))
    assert 0.8 < found.correlation < 0.955, "by whole pixels it is open"
    assert found.fitted > 0.97


def test_other_pictures_are_not_fitted_or_fit_badly():
    for first, second in ((fine(0), fine(1)), (noise(0), noise(1)), (fine(0), noise(0))):
        assert (aligned(first, second).fitted or 0.0) < 0.9


def test_others_do_not():
    assert max(aligned(noise(0), noise(seed)).correlation for seed in range(1, 6)) < 0.8


def test_plain_pictures_have_nothing_in_common():
    plain = Image.new("RGB", (100, 100), (9, 9, 9))
    assert aligned(plain, plain).correlation == 0
