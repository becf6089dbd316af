"""16-bit grey has one scale in a dataset, the bits that its brightest photo needs."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.manifest import dataset_digest, read_manifest
from core.files.home import dataset_folder
from tests.core.datasets.imports import imported, reasons
from tests.photo_files import classes, grey_tiff


def grey(number: int, highest: int) -> np.ndarray:
    ramp = np.linspace(0, highest, 40 * 30).round().astype(np.uint16).reshape(30, 40)
    return np.roll(ramp, number * 40)


def grey_files(highest: dict[str, int], **more) -> dict[str, bytes]:
    """Six photos of each of two classes; the first of "cell" reaches ``highest["cell"]``."""
    files = {}
    for kind, most in highest.items():
        for number in range(6):
            values = grey(number, most - 10 * number)
            files[f"{kind}/{number}.tif"] = grey_tiff(values, "<>"[number % 2], **more)
    return files


def stored(home, photo, dataset_id="d-1") -> np.ndarray:
    data = (dataset_folder(home, dataset_id).path / "photos" / f"{photo.digest}.jpg").read_bytes()
    return np.asarray(Image.open(BytesIO(data)).convert("L"), np.int16)


@pytest.mark.parametrize(("highest", "bits"), [(1023, 10), (3871, 12), (4095, 12), (16383, 14)])
def test_photos_of_fewer_bits_become_visible_and_stay_comparable(zipped, home, highest, bits):
    """One class is half as bright as the other, before and after."""
    dataset, photos = imported(zipped(grey_files({"cell": highest, "dust": highest // 2})), home)
    assert dataset.grey_bits == bits and not dataset.rejections
    assert f"values up to {highest:,}: as {bits}-bit grey, 0 is black and {2**bits - 1:,} is white" in dataset.notes[0]
    for photo in photos:
        number, most = int(photo.file[5]), highest if photo.class_name == "cell" else highest // 2
        expected = grey(number, most - 10 * number) >> (bits - 8)
        assert np.abs(stored(home, photo) - expected.astype(np.int16)).max() <= 8
    assert read_manifest(dataset_folder(home, "d-1").path)[0] == dataset


def test_photos_of_the_full_range_are_as_before(zipped, home):
    dataset, photos = imported(zipped(grey_files({"cell": 65535, "dust": 60000})), home)
    assert dataset.grey_bits == 16 and dataset.notes == ()
    assert dataset.digest == dataset_digest(photos)
    for photo in photos:
        expected = grey(int(photo.file[5]), (65535 if photo.class_name == "cell" else 60000) - 10 * int(photo.file[5]))
        assert np.abs(stored(home, photo) - (expected >> 8).astype(np.int16)).max() <= 8


def test_the_scale_belongs_to_the_digest_only_where_it_is_not_the_old_one(zipped, home):
    twelve, photos = imported(zipped(grey_files({"cell": 4095, "dust": 4000})), home)
    assert twelve.digest == dataset_digest(photos, grey_bits=12) != dataset_digest(photos)
    plain, photos = imported(zipped(classes(cat=4, dog=4)), home, dataset_id="d-2")
    assert plain.grey_bits is None and plain.digest == dataset_digest(photos) == dataset_digest(photos, grey_bits=16)


def test_one_photo_of_another_range_that_keeps_the_others_dark_is_told(zipped, home):
    files = grey_files({"cell": 4095, "dust": 4000}) | {"dust/bright.tif": grey_tiff(grey(9, 65535))}
    dataset, _ = imported(zipped(files), home)
    assert dataset.grey_bits == 16
    assert any("12 of these photos are dark beside the others" in note for note in dataset.notes)


def test_photos_that_differ_only_in_values_that_the_first_pass_drops_are_two(zipped, home):
    """Stored at 16 bits, all of these would be black and one photo."""
    files = {f"{'ab'[number % 2]}/{number}.tif": grey_tiff(grey(number, 255)) for number in range(8)}
    dataset, _ = imported(zipped(files), home)
    assert dataset.grey_bits == 8 and dataset.photo_count == 8 and not reasons(dataset)


def test_colour_photos_beside_them_are_not_changed(zipped, home):
    mixed, photos = imported(zipped(grey_files({"cell": 4095, "dust": 4000}) | classes(cell=3)), home)
    plain, alone = imported(zipped(classes(cell=3, dust=3)), home, dataset_id="d-2")
    pixels = {photo.digest: photo.pixels for photo in photos}
    shared = [photo for photo in alone if photo.digest in pixels]
    assert len(shared) == 3 and all(pixels[photo.digest] == photo.pixels for photo in shared)
    assert mixed.grey_bits == 12 and plain.grey_bits is None
