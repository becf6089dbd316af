"""The deletion test on real photos: hiding the hottest fifth lowers the probability more than hiding another fifth."""

from zipfile import ZipFile

import numpy as np
import pytest
import tensorflow as tf

from core.backbones import get
from core.datasets import DEMO_ARCHIVE
from core.datasets.decoding.fit import Fit
from core.datasets.decoding.photos import decode
from core.explaining.framing import SeenPhoto, on_photo
from core.explaining.gradients import contributions
from core.explaining.occlusion import deletion_test
from core.explaining.values import HeatMap
from core.features import networks

pytestmark = pytest.mark.keras

PHOTOS = 8


def demo_photos() -> list[SeenPhoto]:
    with ZipFile(DEMO_ARCHIVE) as file:
        names = [name for name in sorted(file.namelist()) if name.startswith("animal/") and name.endswith(".jpg")]
        return [SeenPhoto.of(decode(file.read(name)).jpeg) for name in names[:PHOTOS]]


def test_hiding_the_hottest_fifth_lowers_the_probability_more_than_hiding_another(settings):
    backbone = get("mobilenet_v1")
    model = networks.classifier(backbone, settings)
    compiled = tf.function(model)  # a photo is seen seven times: half of the CPU that its layers take one by one
    tests = []
    for photo in demo_photos():
        square = photo.square(backbone.input_size, Fit.SQUASH)
        probabilities, (found,) = contributions(model, [square])
        label = int(np.argmax(probabilities))

        def predict(seen: SeenPhoto) -> np.ndarray:
            return np.asarray(compiled(seen.square(backbone.input_size, Fit.SQUASH)[None].astype(np.float32)))[0]

        above = np.maximum(found.values - found.values.mean(), 0)
        heat = on_photo(HeatMap(title="", values=above, fit=Fit.SQUASH), photo.size)
        tests.append(deletion_test(predict, photo, heat, label))
    whole, hottest, elsewhere = (
        np.mean([getattr(one, name) for one in tests]) for name in ("whole", "hottest", "elsewhere")
    )
    assert hottest < 0.75 * elsewhere < whole
    assert np.mean([one.holds for one in tests]) >= 0.75
