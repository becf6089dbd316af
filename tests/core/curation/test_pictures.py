"""What is measured on one photo."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.curation import pictures
from core.curation.pictures import SIDE, PixelFile, picture_of, read_pictures
from core.errors import NotFound
from tests.photo_files import jpeg


def noise(seed=0, size=(300, 200)):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


def flat(value):
    return Image.new("RGB", (200, 100), (value,) * 3)


def test_brightness_and_information():
    dark, bright, rich = picture_of(flat(5)), picture_of(flat(252)), picture_of(noise())
    assert dark.dark < 0.1 and bright.bright > 0.95
    assert dark.information == 0 and rich.information > 0.7
    assert rich.dark > 0.5 and rich.bright < 0.5


def test_a_blurred_photo_is_more_blurred_and_one_without_edges_is_not():
    photo = noise()
    assert picture_of(photo.filter(ImageFilter.GaussianBlur(12))).blur > picture_of(photo).blur + 0.2
    assert picture_of(flat(100)).blur == 0


def test_contrast_is_no_blur():
    photo = noise()
    pale = photo.point(lambda value: 100 + value // 4)
    assert picture_of(pale).blur == pytest.approx(picture_of(photo).blur, abs=0.05)


def test_the_mirrored_hash_is_the_hash_of_the_mirror_image():
    photo = noise()
    assert picture_of(photo).mirrored_hash == picture_of(photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)).hash


def test_files_are_read_in_order_with_progress(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    seen = []
    paths = [tmp_path / f"{number}.jpg" for number in range(3)]
    found = read_pictures(paths, lambda *progress: seen.append(progress))
    assert [one.pixels.shape for one in found] == [(SIDE, SIDE, 3)] * 3 and seen == [(3, 3)]
    assert np.array_equal(found[1].pixels, read_pictures(paths[1:2])[0].pixels)


def test_a_photo_that_is_gone_is_named(tmp_path):
    with pytest.raises(NotFound, match="gone.jpg cannot be read"):
        read_pictures([tmp_path / "gone.jpg"])


def test_the_pixels_of_very_many_photos_are_kept_in_a_file_and_are_the_same(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    paths = [tmp_path / f"{number}.jpg" for number in range(3)]
    expected = read_pictures(paths)
    monkeypatch.setattr(pictures, "MOST_IN_MEMORY", 2)
    found = read_pictures(paths)
    assert not any(isinstance(one.pixels, np.ndarray) for one in found)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(np.asarray(one.pixels), other.pixels) and one.hash == other.hash
    assert sorted(tmp_path.iterdir()) == paths, "the file has no name"


def test_where_the_disk_is_full_the_pixels_stay_in_memory(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pictures.os, "pwrite", full)
    pixels = np.full((SIDE, SIDE, 3), 7, np.uint8)
    assert PixelFile(tmp_path).add(pixels) is pixels
