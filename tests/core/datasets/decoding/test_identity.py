"""Equal pixels are one photo, whatever file they came in; different pixels are two, however alike they look."""

import hashlib
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.identity import StoredPicture, copies_in, shared_pictures, with_pixels
from core.datasets.values import Photo
from core.files.home import dataset_folder
from tests.core.datasets.imports import given_split, imported, reasons, splits
from tests.photo_files import classes, encoded, jpeg, picture


def detailed(number: int, size: tuple[int, int]) -> Image.Image:
    """A picture with fine structure, which scaling and saving change."""
    noise = np.random.default_rng(number).integers(0, 60, (size[1], size[0], 3))
    ground = np.asarray(picture(number, size), np.int64)
    return Image.fromarray(np.clip(ground // 2 + noise, 0, 255).astype(np.uint8))


def decoded(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def with_orientation(image: Image.Image, orientation: int, kind: str = "PNG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    return encoded(image.transpose(undo[orientation]) if orientation in undo else image, kind, exif=exif)


def other_files(data: bytes) -> dict[str, bytes]:
    """Other files with the pixels of a JPEG."""
    image = decoded(data)
    plain = Image.frombytes(image.mode, image.size, image.tobytes())
    opaque = plain.convert("RGBA")
    return {
        "comment": data[:2] + b"\xff\xfe\x00\x07hello" + data[2:],
        "trailer": data + b"\0\0camera data",
        "png": encoded(plain, "PNG"),
        "png-profile": encoded(plain, "PNG", icc_profile=b"profile" * 20, dpi=(300, 300)),
        "bmp": encoded(plain, "BMP"),
        "tiff": encoded(plain, "TIFF"),
        "tiff-lzw": encoded(plain, "TIFF", compression="tiff_lzw"),
        "webp": encoded(plain, "WEBP", lossless=True, exact=True),
        "opaque": encoded(opaque, "PNG"),
        "turned": with_orientation(plain, 6),
        "mirrored": with_orientation(plain, 2, "TIFF"),
    }


@pytest.mark.parametrize("size", [(120, 90), (1000, 700), (3200, 240)])
def test_a_picture_in_other_files_is_one_photo(zipped, home, size):
    """The widest is decoded at a quarter of its size from the JPEG and at full size from all others."""
    photo = encoded(detailed(1, size), quality=95)
    files = classes(dog=4, cat=4) | {"cat/photo.jpg": photo}
    files |= {f"cat/photo-copy-{name}": data for name, data in other_files(photo).items()}
    dataset, photos = imported(zipped(files), home)
    assert dataset.class_sizes == {"cat": 5, "dog": 4}, reasons(dataset)
    assert set(reasons(dataset).values()) == {"shows exactly the same pixels as cat/photo.jpg, which is kept"}
    assert len(reasons(dataset)) == len(other_files(photo))
    for one in photos:
        stored = (dataset_folder(home, "d-1").path / "photos" / f"{one.digest}.jpg").read_bytes()
        assert one.pixels == hashlib.sha256(stored).hexdigest()


@pytest.mark.parametrize("size", [(120, 90), (3200, 240)])
def test_pictures_that_differ_in_a_few_pixels_are_two(zipped, home, size):
    photo = encoded(detailed(1, size), quality=95)
    other = decoded(photo).copy()
    other.paste((255, 0, 0), (40, 40, 60, 60))
    files = classes(dog=4, cat=4) | {"cat/a.jpg": photo, "cat/b.png": encoded(other, "PNG")}
    dataset, _ = imported(zipped(files), home)
    assert dataset.class_sizes["cat"] == 6 and not dataset.rejections


@pytest.mark.parametrize("size", [(24, 16), (2000, 150)])
def test_across_classes_it_is_a_conflict_and_across_a_given_split_a_leak(zipped, home, size):
    photo = encoded(detailed(2, size))
    png = encoded(decoded(photo), "PNG")
    files = given_split(validation=3, test=3) | {"test/cat/a.jpg": photo, "train/cat/b.png": png}
    dataset, photos = imported(zipped(files), home)
    reason = "shows exactly the same pixels as test/cat/a.jpg of the test split, which is kept"
    assert reasons(dataset) == {"train/cat/b.png": reason}
    assert any("1 photo was in several splits" in note for note in dataset.notes)
    files = classes(dog=4, cat=4) | {"cat/a.jpg": photo, "dog/b.png": png}
    dataset, _ = imported(zipped(files), home, dataset_id="d-2")
    assert set(reasons(dataset)) == {"cat/a.jpg", "dog/b.png"} and dataset.photo_count == 8
    assert any("1 photo is in more than one class" in note for note in dataset.notes)


def test_a_photo_that_was_saved_again_keeps_the_split_of_the_version_before(zipped, home):
    files = classes(dog=20, cat=20)
    _, photos = imported(zipped(files), home)
    before = {photo.pixels: photo.split for photo in photos}
    again = {name[:-3] + "png": encoded(decoded(data), "PNG") for name, data in files.items()} | classes("", 900, cat=5)
    dataset, photos = imported(zipped(again), home, dataset_id="d-2", version=2, previous=before)
    after = {photo.pixels: photo.split for photo in photos}
    assert len(after) == 45 and all(after[pixels] == split for pixels, split in before.items())
    assert any(note.startswith("40 photos of the version before keep their split") for note in dataset.notes)


def test_of_two_files_the_one_of_the_version_before_is_kept(zipped, home):
    files = classes(dog=4, cat=4)
    first, photos = imported(zipped(files), home)
    files |= {"cat/-first.png": encoded(decoded(files["cat/0.jpg"]), "PNG")}
    second, _ = imported(zipped(files), home, dataset_id="d-2", previous=splits(photos))
    assert second.digest == first.digest and set(reasons(second)) == {"cat/-first.png"}


def old_photos(tmp_path, names: dict[str, tuple[str, str, bytes]]) -> list[Photo]:
    """Photos as 0.4.0 stored them: ``{digest: (class, split, stored JPEG)}``."""
    found = []
    for digest, (class_name, split, data) in names.items():
        (tmp_path / digest).write_bytes(data)
        about = {"file": f"{class_name}/{digest}", "class_name": class_name, "split": split, "stored_bytes": len(data)}
        found.append(Photo(digest=digest, width=24, height=16, **about))
    return found


def test_the_photos_of_an_earlier_dataset_that_are_one(tmp_path, monkeypatch):
    one, other = jpeg(1), jpeg(2)
    same_size = bytes(len(one))
    photos = old_photos(
        tmp_path,
        {
            "a": ("cat", "train", one),
            "b": ("cat", "train", other),
            "c": ("cat", "test", one),
            "d": ("dog", "test", other),
            "e": ("cat", "train", same_size),
            "f": ("cat", "train", b"alone"),
        },
    )
    (tmp_path / "f").unlink()  # no other photo has its size, so it is not read
    groups = copies_in(photos, lambda digest: tmp_path / digest)
    assert [[photo.digest for photo in group.photos] for group in groups] == [["a", "c"], ["b", "d"]]
    assert [group.is_leak for group in groups] == [True, True]
    assert [group.is_conflict for group in groups] == [False, True]


def test_recorded_pixels_are_not_read_again_and_missing_files_are_no_copies(tmp_path):
    photos = old_photos(tmp_path, {"a": ("cat", "train", jpeg(1)), "b": ("cat", "train", jpeg(1))})
    known = with_pixels(photos, lambda digest: tmp_path / digest)
    assert known[0].pixels == hashlib.sha256(jpeg(1)).hexdigest() == known[1].pixels
    for name in "ab":
        (tmp_path / name).unlink()
    assert len(copies_in(known, lambda digest: tmp_path / digest)) == 1
    assert copies_in(photos, lambda digest: tmp_path / digest) == ()
    assert copies_in([known[0], replace(known[1], pixels="other")], lambda digest: tmp_path / digest) == ()


def test_photos_of_one_dataset_that_another_has_too(tmp_path):
    names = {"a": jpeg(1), "b": jpeg(2), "c": jpeg(3)}
    old = old_photos(tmp_path, {name: ("cat", "test", data) for name, data in names.items()})
    (tmp_path / "other").mkdir()
    new = old_photos(tmp_path / "other", {"x": ("cat", "train", jpeg(1)), "b": ("cat", "train", jpeg(2))})
    first = [StoredPicture(photo=photo, path=tmp_path / photo.digest) for photo in old]
    second = [StoredPicture(photo=photo, path=tmp_path / "other" / photo.digest) for photo in new]
    assert shared_pictures(first, second) == 2 and shared_pictures(second, first) == 2
    assert shared_pictures(first, []) == 0 and shared_pictures(first[2:], second) == 0
