"""The one decoding path: what becomes of every kind of picture, and what is said of those that are none."""

import random
import re
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding import photos
from core.datasets.decoding.fit import pixels
from core.datasets.decoding.photos import STORED_SIDE, StoredPhoto, decode
from core.errors import InvalidInput
from core.settings import REPOSITORY
from tests.photo_files import encoded, grey_tiff, jpeg, picture, tiff

HEICS = Path(__file__).parents[3] / "cases" / "photos"
JARGON = ("decoder", "stream", "truncated", "bytes not processed", "buffer", "chunk", "Errno", "error", "image file")
"""Words of Pillow's messages, which say nothing to the owner of a photo."""


def opened(stored: StoredPhoto) -> Image.Image:
    return Image.open(BytesIO(stored.jpeg))


def colours(stored: StoredPhoto) -> np.ndarray:
    return np.asarray(opened(stored), np.int16)


def refusal(data: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        decode(data)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_every_accepted_format_becomes_an_rgb_jpeg_of_the_same_picture(kind):
    image = picture(1, (64, 48))
    stored = decode(encoded(image, kind))
    assert (opened(stored).format, opened(stored).mode, stored.width, stored.height) == ("JPEG", "RGB", 64, 48)
    assert np.abs(colours(stored) - np.asarray(image, np.int16)).mean() < 12


@pytest.mark.parametrize("kind", ["PPM", "ICO", "TGA", "PCX", "SGI", "JPEG2000", "DDS"])
def test_other_formats_of_pillow_are_not_even_tried(kind):
    assert re.match("is (not )?an? ", refusal(encoded(picture(1, (32, 32)), kind)))


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "LA", "RGBA", "I;16"])
def test_every_colour_mode_becomes_rgb(mode):
    image = picture(2, (32, 32)).convert("L").convert(mode) if mode == "I;16" else picture(2, (32, 32)).convert(mode)
    kind = "TIFF" if mode == "CMYK" else "PNG"
    assert opened(decode(encoded(image, kind))).mode == "RGB"


def test_a_cmyk_jpeg_keeps_its_colours():
    red = Image.new("RGB", (32, 32), (200, 30, 40)).convert("CMYK")
    assert np.abs(colours(decode(encoded(red))).mean((0, 1)) - (200, 30, 40)).max() < 12


def test_sixteen_bit_grey_is_scaled_not_clipped():
    ramp = Image.fromarray(np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16))
    grey = colours(decode(encoded(ramp, "PNG")))[..., 0]
    assert grey[0].mean() < 8 and abs(grey[32].mean() - 128) < 8 and grey[-1].mean() > 247


RAMP = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_grey_of_any_depth_becomes_its_upper_eight_bits(bits, order):
    """Seen from the values themselves, not through Pillow."""
    values = RAMP >> (16 - bits)
    stored = decode(grey_tiff(values, order), grey_bits=bits)
    assert stored.grey_max == 2**bits - 1
    assert np.abs(colours(stored)[..., 0] - (values >> (bits - 8)).astype(np.int16)).max() <= 2


@pytest.mark.parametrize("order", "<>")
def test_in_some_scans_zero_is_white(order):
    values = RAMP >> 4
    stored = decode(grey_tiff(values, order, photometric=0), grey_bits=12)
    assert np.abs(colours(stored)[..., 0] - (255 - (values >> 4)).astype(np.int16)).max() <= 2


def test_without_a_given_depth_grey_uses_the_bits_it_needs_and_what_is_brighter_is_white():
    twelve = grey_tiff(RAMP >> 4)
    assert decode(twelve, grey_bits=None) == decode(twelve, grey_bits=12)
    assert colours(decode(grey_tiff(RAMP), grey_bits=12))[5:].min() > 250
    assert decode(jpeg(1)).grey_max is None


@pytest.mark.parametrize("kind", [np.uint32, np.int32, np.int16])
def test_wider_and_signed_grey_is_read_while_its_values_are_those_of_sixteen_bits(kind):
    stored = decode(grey_tiff((RAMP >> 4).astype(kind)), grey_bits=12)
    assert np.abs(colours(stored)[..., 0] - (RAMP >> 8).astype(np.int16)).max() <= 2


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ((RAMP >> 4).astype(np.int16) - 1024, "grey values from -1,024 to 3,071"),
        (RAMP.astype(np.int32) * 3, "to 196,605"),
        (RAMP.astype(np.float32), "floating-point"),
        (RAMP.astype(np.float64), "of a kind that Graft does not read"),
    ],
)
def test_grey_that_is_no_brightness_is_refused_with_its_figures_and_the_way_out(values, why):
    assert why in refusal(grey_tiff(values)) and "save it" in refusal(grey_tiff(values))


def sixteen_bit_png(values: np.ndarray) -> bytes:
    """A colour PNG with 16 bits per colour, which Pillow cannot write."""
    height, width, _ = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">2L5B", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def test_sixteen_bits_per_colour_are_read_unless_they_would_be_almost_black():
    values = np.stack([RAMP, RAMP[::-1], RAMP.T], -1)
    assert np.abs(colours(decode(sixteen_bit_png(values))) - (values >> 8).astype(np.int16)).mean() < 8
    assert "uses the lowest 12 of them" in refusal(sixteen_bit_png(values >> 4))
    assert colours(decode(sixteen_bit_png(values * 0))).max() == 0


@pytest.mark.parametrize("bits", [8, 16])
def test_colours_in_planes_are_read_and_those_of_sixteen_bits_which_pillow_mixes_up_refused(bits):
    size = 8 * 8 * bits // 8
    tags = {256: [8], 257: [8], 258: [bits] * 3, 259: [1], 262: [2], 277: [3], 278: [8], 284: [2]}
    page = {tag: (3, struct.pack(f"<{len(values)}H", *values)) for tag, values in tags.items()}
    strips = {273: (4, struct.pack("<3L", 8, 8 + size, 8 + 2 * size)), 279: (4, struct.pack("<3L", size, size, size))}
    data = tiff(b"".join(bytes([level]) * size for level in (200, 100, 50)), page | strips)
    if bits == 8:
        assert np.abs(colours(decode(data)) - (200, 100, 50)).max() < 6
    else:
        assert "separate planes" in refusal(data)


def test_a_lab_tiff_has_the_colours_of_its_formula():
    grey = Image.frombytes("LAB", (16, 16), bytes([128, 0, 0]) * 256)
    assert np.abs(colours(decode(encoded(grey, "TIFF"))) - 119).max() <= 4  # L* = 50.2 is sRGB 119


HEIC_NAMES = ["plain.heic", "tenbit.heic", "turned_irot.heic", "transparent.heic", "two.heic"]


@pytest.mark.parametrize("name", HEIC_NAMES)
def test_heic_photos_are_read_and_put_upright_once(name):
    stored = decode((HEICS / name).read_bytes())
    seen = colours(stored)
    assert (stored.width, stored.height) == opened(stored).size == (64, 48)
    for place, colour in (((4, 4), (210, 30, 30)), ((-4, -4), (30, 60, 200)), ((4, -4), (250,) * 3)):
        assert np.abs(seen[place] - colour).max() < 8
    assert seen[24, 30].min() > 240  # transparent there, or white


def test_a_grey_heic_is_grey():
    seen = colours(decode((HEICS / "grey.heic").read_bytes()))
    assert np.ptp(seen, axis=2).max() <= 1 and abs(seen[4, 4, 0] - 84) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_avif_is_put_upright_once(orientation):
    seen = Image.new("RGB", (60, 40), "white")
    seen.paste("red", (0, 0, 20, 20))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    raw = seen.transpose(undo[orientation]) if orientation in undo else seen
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = decode(encoded(raw, "AVIF", exif=exif))
    assert (stored.width, stored.height) == (60, 40) and colours(stored)[10, 10, 1] < 60


def test_the_pixel_limit_is_checked_before_heic_and_avif_are_decoded(monkeypatch):
    monkeypatch.setattr(photos, "PIXEL_LIMIT", 1000)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    assert "64 x 48 pixels" in refusal((HEICS / "plain.heic").read_bytes())
    assert "64 x 48 pixels" in refusal(encoded(Image.new("RGB", (64, 48)), "AVIF"))


def test_the_decoders_of_heic_and_avif_are_loaded_for_the_first_such_photo_only():
    code = (
        "import sys; from core.datasets.decoding.photos import decode\n"
        "decode(sys.stdin.buffer.read()); assert not {'pi_heif', 'PIL.AvifImagePlugin', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY, input=jpeg(1))


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_transparency_is_laid_over_white(mode):
    image = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    image.paste((200, 0, 0, 255), (20, 0, 40, 20))
    stored = decode(encoded(image.convert(mode) if mode == "P" else image, "PNG"))
    seen = colours(stored)
    assert seen[:, 2:10].min() > 235 and np.abs(seen[:, 30:38].mean((0, 1)) - (200, 0, 0)).max() < 20


def test_of_an_animation_the_first_picture_counts():
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        assert colours(decode(data))[16, 16, 0] > 200


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_photo_taken_with_a_turned_camera_is_stored_upright(orientation, kind):
    """A red corner at the top left of what the photographer saw, wherever the sensor put it."""
    seen = Image.new("RGB", (60, 40), "white")
    seen.paste("red", (0, 0, 20, 20))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that puts the picture as the sensor saw it
    raw = seen.transpose(undo[orientation]) if orientation in undo else seen
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = decode(encoded(raw, kind, exif=exif))
    assert (stored.width, stored.height) == opened(stored).size == (60, 40)
    corner = colours(stored)[4:16, 4:16].mean((0, 1))
    assert corner[0] > 200 and corner[1] < 60


def test_nothing_of_the_metadata_is_kept():
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    data = encoded(picture(3), exif=exif, comment=b"SecretComment", icc_profile=b"SecretProfile" * 20, dpi=(301, 301))
    assert data.count(b"Secret") >= 3
    stored = decode(data)
    assert b"Secret" not in stored.jpeg and b"Exif" not in stored.jpeg
    assert set(opened(stored).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_broken_exif_block_does_not_cost_the_photo():
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(picture(3), exif=exif)
    start = data.index(b"Exif\0\0") + 6
    broken = data[:start] + b"\xff" * 20 + data[start + 20 :]
    assert decode(broken).width == 24


@pytest.mark.parametrize(
    ("size", "stored_size"), [((3000, 2000), (768, 512)), ((500, 2000), (192, 768)), ((768, 10), (768, 10))]
)
def test_large_photos_are_made_smaller_and_small_ones_left(size, stored_size):
    for kind in ("JPEG", "PNG"):
        stored = decode(encoded(picture(4, size), kind))
        assert opened(stored).size == stored_size and (stored.width, stored.height) == size
    assert max(stored_size) == STORED_SIDE


def test_extreme_shapes_keep_at_least_one_pixel():
    assert opened(decode(encoded(Image.new("RGB", (1, 1)), "PNG"))).size == (1, 1)
    assert opened(decode(encoded(Image.new("RGB", (9000, 1)), "PNG"))).size == (768, 1)


def test_the_same_bytes_always_become_the_same_photo():
    data = jpeg(5, (1000, 700))
    assert decode(data) == decode(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"just a text\nin a file named .jpg", "text file"),
        ("Grüße, ein Text".encode(), "text file"),
        (b"<html><body>not found</body></html>", "web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"%PDF-1.7 ...\0", "PDF"),
        (b"PK\x03\x04rest\0", "archive inside"),
        (b"\0\0\0\x18ftyphevc\0\0", "cut off: the end of the HEIC file"),
        (b"\0\0\0\x18ftypmp42\0\0", "video"),
        (b"\0\x01\x02\x03" * 50, "not a photo"),
        (b"\xff\xd8\xff", "cut off: the end of the JPEG file"),
    ],
)
def test_what_is_no_photo_is_named_for_what_it_is(data, why):
    assert why in refusal(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF"])
def test_a_photo_cut_off_is_refused_not_filled_with_grey(kind):
    data = encoded(picture(6, (200, 150)), kind)
    for length in (len(data) // 2, len(data) // 3, 40):
        assert refusal(data[:length]).startswith("is cut off: the end of the ")


def test_an_error_in_graft_is_not_called_damage(monkeypatch):
    def broken(*_, **__):
        raise TypeError("unsupported operand")

    monkeypatch.setattr(photos, "plain", broken)
    reason = refusal(jpeg(1))
    assert "because of an error in Graft (TypeError: unsupported operand)" in reason and "damaged" not in reason


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">2L5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(10_000, 10_000), (30_000, 30_000), (2**31 - 1, 2**31 - 1)])
def test_a_pixel_bomb_is_refused_before_a_pixel_is_decoded(size, monkeypatch):
    def never(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", never)
    assert "pixels" in refusal(png_header(*size))


def test_a_photo_within_the_limit_is_not_taken_for_a_bomb(monkeypatch):
    monkeypatch.setattr(photos, "PIXEL_LIMIT", 100)
    assert decode(encoded(Image.new("RGB", (10, 10)))).width == 10
    assert "pixels" in refusal(encoded(Image.new("RGB", (10, 11))))


def whole_files() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[0x0112] = 3
    kinds = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
    files = {
        kind: encoded(picture(8, (40, 30)), kind, **({"exif": exif} if kind[0] in "JPWT" else {})) for kind in kinds
    }
    files |= {"palette": encoded(picture(8, (40, 30)).convert("P"), "PNG", transparency=3)}
    files |= {"bit": encoded(picture(8, (40, 30)).convert("1"), "PNG"), "grey16": grey_tiff(RAMP[:20, :30], ">")}
    files |= {"cmyk": encoded(picture(8, (40, 30)).convert("CMYK")), "la": encoded(picture(8).convert("LA"), "PNG")}
    return files


@pytest.mark.parametrize("name", list(whole_files()))
def test_damaged_photos_are_decoded_or_refused_in_plain_words(name):
    """Nothing else is raised, no fault is blamed on Graft, and no message of a decoder is passed on.

    3,000 files in all: two thirds with other bytes in places, one third cut off as well.
    """
    chance = random.Random(name)
    whole = whole_files()[name]
    for number in range(250):
        data = bytearray(whole[: chance.randrange(1, len(whole)) if number % 3 == 0 else len(whole)])
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            decode(bytes(data))
        except InvalidInput as refused:
            reason = str(refused)
            assert "\n" not in reason and not any(word in reason for word in JARGON), reason


def test_network_input_is_the_whole_photo_as_a_square():
    left_red = Image.new("RGB", (300, 100), "blue")
    left_red.paste("red", (0, 0, 150, 100))
    square = pixels(decode(encoded(left_red)).jpeg, 64)
    assert square.shape == (64, 64, 3) and square.dtype == np.uint8
    assert square[:, :28, 0].min() > 200 and square[:, 36:, 2].min() > 200


def test_network_input_is_antialiased():
    """A fine checkerboard becomes even grey; picking single pixels would give black and white."""
    board = np.indices((600, 600)).sum(0) % 2 * 255
    square = pixels(decode(encoded(Image.fromarray(board.astype(np.uint8)), "PNG")).jpeg, 50)
    assert square.std() < 6 and abs(square.mean() - 127.5) < 6


def test_small_photos_are_enlarged_for_the_network():
    assert pixels(decode(jpeg(9, (8, 6))).jpeg, 224).shape == (224, 224, 3)
