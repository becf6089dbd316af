"""The photos of a prediction, at the scale of grey of each model."""

import numpy as np
import pytest

from core.datasets.decoding.photos import StoredPhoto, decode
from core.datasets.decoding.warm import decoders
from core.datasets.values import Rejection
from core.serving.photos import decode_scaled, out_of_range
from tests.photo_files import grey_tiff, jpeg


@pytest.fixture
def decoded(monkeypatch):
    """The scales at which photos were decoded."""
    scales, honest = [], decoders.decode
    monkeypatch.setattr(
        decoders,
        "decode",
        lambda name, data, grey_bits: scales.append(grey_bits) or honest(name, data, grey_bits=grey_bits),
    )
    return scales


def test_a_photo_of_eight_bits_is_decoded_once_for_all_scales(decoded):
    found = decode_scaled(("a.jpg", jpeg(1)), [12, 16, None])
    assert found == dict.fromkeys([12, 16, None], decode(jpeg(1))) and decoded == [12]


def test_sixteen_bit_grey_is_decoded_at_every_scale(decoded):
    photo = grey_tiff(np.full((30, 40), 2048, np.uint16))
    found = decode_scaled(("x.tif", photo), [12, 16])
    assert found == {bits: decode(photo, grey_bits=bits) for bits in (12, 16)} and decoded == [12, 16]
    assert found[12].jpeg != found[16].jpeg


def test_a_stored_photo_is_not_decoded(decoded):
    stored = StoredPhoto(jpeg=b"as it is", width=4, height=3)
    assert decode_scaled(("a.jpg", stored), [12, None]) == {12: stored, None: stored} and not decoded


def test_what_is_no_photo_is_refused_once(decoded):
    assert decode_scaled(("a.jpg", b"text"), [12, 16]) == Rejection(file="a.jpg", reason="is a text file, not a photo")
    assert decoded == [12]


def test_grey_beyond_white_is_out_of_range():
    photo = StoredPhoto(jpeg=b"", width=1, height=1, grey_max=4096)
    assert "up to 4,096; white is 4,095" in out_of_range(photo, 12)
    assert out_of_range(photo, 16) == out_of_range(photo, None) == ""
    assert out_of_range(StoredPhoto(jpeg=b"", width=1, height=1), 12) == ""
