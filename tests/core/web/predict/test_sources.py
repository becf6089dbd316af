"""The photos to predict, from every source."""

from core.datasets.decoding.photos import StoredPhoto
from core.web.predict.sources import GivenPhoto
from tests.factories import tiny_jpeg

JPEG = tiny_jpeg(0, 1)


def test_a_stored_photo_is_another_one_than_an_upload_with_the_same_bytes():
    """It is not decoded again, so the predictions of one are not those of the other."""
    stored = GivenPhoto(name="a", content=StoredPhoto(jpeg=JPEG, width=1, height=1))
    assert stored.digest != GivenPhoto(name="a", content=JPEG).digest
    assert stored.digest == GivenPhoto(name="b", content=StoredPhoto(jpeg=JPEG, width=9, height=9)).digest
