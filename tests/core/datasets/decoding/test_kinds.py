"""Files are named by their bytes: pictures by their kind, everything else by what it is."""

import pytest

from core.datasets.decoding.kinds import SUFFIXES, is_cut_off, kind_of, not_a_photo, unreadable
from tests.photo_files import encoded, picture

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_every_kind_is_known_by_its_first_bytes_and_whole_files_are_not_cut_off(kind):
    data = encoded(picture(1, (60, 40)), kind)
    assert kind_of(data) == kind and not is_cut_off(data, kind)
    for part in (0.95, 0.5):
        cut = data[: int(len(data) * part)]
        assert is_cut_off(cut, kind) and unreadable(cut, kind).startswith("is cut off: the end of the ")


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (HEIC, "HEIF"),
        (b"\0\0\0\x18ftyphevc\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypheim\0\0\0\0", "HEIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heicmiaf", "HEIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0avifmiaf", "AVIF"),
        (b"\0\0\0\x18ftypavis\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", ""),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", ""),
        (b"BMW is a car maker", ""),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"II*\0\x10\0\0\0CR\x02\0", ""),
    ],
)
def test_containers_that_share_a_beginning_are_told_apart(start, kind):
    assert kind_of(start) == kind


def test_a_preview_in_a_jpeg_does_not_hide_that_its_end_is_missing():
    preview = encoded(picture(2))
    data = encoded(picture(1, (60, 40)), exif=b"Exif\0\0" + preview)
    assert preview in data and not is_cut_off(data, "JPEG") and is_cut_off(data[:-40], "JPEG")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty (0 bytes)"),
        (b"\0" * 5000, "zero bytes"),
        (b"%PDF-1.7\n", "PDF document"),
        (b'<?xml version="1.0"?>\n<!-- a -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"8BPS\0\1" + b"\0" * 20, "Photoshop"),
        (b"gimp xcf v011\0", "GIMP"),
        (b"\0\0\0\x18ftypcrx \0\0\0\0", "raw file of a camera"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw file of a camera"),
        (b"FUJIFILMCCD-RAW 0201", "raw file of a camera"),
        (b"IIU\0\x18\0\0\0", "raw file of a camera"),
        (b"IIRO\x08\0\0\0", "raw file of a camera"),
        (b"\0\0\0\x18ftypisom\0\0\2\0", "video"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
        (b"RIFF\x24\0\0\0AVI LIST", "video"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81", "video"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "sound"),
        (b"ID3\4\0\0", "sound"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a\xfa\x7f", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0" * 128 + b"DICM\2\0", "DICOM"),
        (b"PK\3\4\x14\0\6\0[Content_Types].xml", "Office document"),
        (b"PK\3\4\x14\0\0\0photo.jpg", "archive inside the upload"),
        (b"Rar!\x1a\7\1\0", "archive inside the upload"),
        (b"\x1f\x8b\x08\0", "archive inside the upload"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "git lfs pull"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "macOS"),
        ("Grüße, ein Text".encode(), "text file"),
        (b"\0\1\2\3" * 40, "is not a photo that Graft can read (JPEG, PNG, WebP, HEIC"),
    ],
)
def test_what_is_no_photo_is_named_for_what_it_is(data, words):
    assert kind_of(data) == ""
    assert words in not_a_photo(data) and "\n" not in not_a_photo(data)


def test_upload_boxes_offer_every_kind():
    assert {"jpg", "png", "webp", "heic", "avif", "tif", "gif", "bmp"} <= set(SUFFIXES)
