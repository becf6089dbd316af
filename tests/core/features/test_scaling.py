"""Pixels as the network wants them."""

import numpy as np
import pytest

from core.backbones.values import Scaling


@pytest.mark.keras
@pytest.mark.parametrize("bgr", [False, True])
def test_pixels_are_scaled_channel_by_channel(bgr):
    import keras

    from core.features.scaling import scaled

    scaling = Scaling(mean=(0.5, 0.4, 0.3), deviation=(0.2, 0.25, 0.5), bgr=bgr)
    photo = np.random.default_rng(0).uniform(0, 255, (1, 4, 4, 3)).astype(np.float32)
    inputs = keras.Input((4, 4, 3))
    found = np.asarray(keras.Model(inputs, scaled(inputs, scaling))(photo))
    expected = (photo / 255 - np.array(scaling.mean)) / np.array(scaling.deviation)
    assert np.abs(found - (expected[..., ::-1] if bgr else expected)).max() < 1e-5
