"""The features of the check photo say whether a network still computes the same."""

import json
from io import BytesIO

import pytest
from PIL import Image

from core.errors import InvalidInput
from core.features.check_photo import CheckedPhoto, check_photo, checked, difference
from tests.added import MeanColour, use_file_preparer
from tests.core.registry.test_backbones import an_added


def test_the_check_photo_is_a_photo():
    with Image.open(BytesIO(check_photo())) as image:
        assert image.format == "JPEG" and min(image.size) > 100


def test_the_same_engine_computes_the_same_features(settings, monkeypatch):
    use_file_preparer(monkeypatch)
    backbone = an_added().backbone
    first, second = checked(backbone, settings), checked(backbone, settings)
    assert first == second and difference(first, second) == 0
    assert CheckedPhoto.from_json(json.loads(json.dumps(first.to_json()))) == first


def test_the_difference_is_relative_to_the_largest_feature():
    def photo(*features):
        return CheckedPhoto(photo="x", engine="LiteRT", features=features)

    assert difference(photo(0.0, 2.0), photo(0.0, 1.0)) == pytest.approx(0.5)
    assert difference(photo(1.0), photo(1.0, 2.0)) == float("inf")


def test_small_features_that_differ_are_no_constant_ones(settings, monkeypatch):
    class Scaled(MeanColour):
        factor = 1e-9

        def __call__(self, views):
            return super().__call__(views) * self.factor

    use_file_preparer(monkeypatch, engine=Scaled)
    assert max(checked(an_added().backbone, settings).features) < 1e-6
    Scaled.factor = 0.0
    with pytest.raises(InvalidInput, match="the same features for two different photos"):
        checked(an_added().backbone, settings)
