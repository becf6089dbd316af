"""The table of a TIFF page is read in both byte orders and from BigTIFF."""

import struct

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.tiff import BITS, DNG, PHOTOMETRIC, REDUCED, SUB_PAGES, first_page
from tests.photo_files import encoded, grey_tiff, picture, tiff


def test_the_table_of_pillows_own_files_is_read():
    page = first_page(encoded(picture(1, (20, 10)), "TIFF"))
    assert page.first(BITS) == 8 and page.values[BITS] == (8, 8, 8) and page.first(PHOTOMETRIC) == 2
    assert page.first(99, 7) == 7


@pytest.mark.parametrize("order", "<>")
def test_both_byte_orders_and_the_end_of_the_data(order):
    data = grey_tiff(np.zeros((4, 5), np.uint16), order)
    page = first_page(data)
    assert page.first(BITS) == 16 and page.end == len(data)
    assert not page.is_raw


def test_a_bigtiff_is_read():
    rgb = Image.new("RGB", (8, 8))
    data = encoded(rgb, "TIFF", big_tiff=True)
    assert data[:4] == b"II+\0" and first_page(data).values[BITS] == (8, 8, 8)


@pytest.mark.parametrize(
    "tags",
    [{DNG: (1, bytes([1, 4, 0, 0]))}, {PHOTOMETRIC: (3, struct.pack("<H", 32803))}, {REDUCED: 1, SUB_PAGES: 8}],
)
def test_the_raw_file_of_a_camera_is_recognised(tags):
    plain = {key: value if isinstance(value, tuple) else (4, struct.pack("<L", value)) for key, value in tags.items()}
    assert first_page(tiff(b"\0" * 12, plain)).is_raw


@pytest.mark.parametrize("data", [b"II*\0", b"II*\0\xff\xff\xff\0", b"MM\0+\0\x08\0\0", b"II*\0\x08\0\0\0\xff\xff"])
def test_a_table_that_is_cut_off_has_no_values_and_ends_behind_the_file(data):
    page = first_page(data)
    assert page.values == {} and page.end > len(data)
