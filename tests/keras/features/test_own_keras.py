"""A stored own network: rebuilt at any size, with its weights."""

from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput, Unavailable
from core.features import own_keras
from core.features.keras_file import STORED
from tests.core.registry.test_backbones import an_added
from tests.keras import own_models

pytestmark = pytest.mark.keras

ROW = replace(an_added("own").backbone, input_size=32, source="keras_file:own.keras")
PHOTOS = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)


@pytest.fixture
def saved(tmp_path):
    model = own_models.base()
    model.save(tmp_path / STORED)
    return model


def test_it_has_its_weights_at_its_own_and_another_size(tmp_path, saved):
    found = own_keras.network(ROW, tmp_path)
    own_keras.load(found, tmp_path)
    np.testing.assert_allclose(found(PHOTOS[:, :32, :32]), saved(PHOTOS[:, :32, :32]), rtol=1e-5)
    larger = own_keras.network(replace(ROW, input_size=64), tmp_path)
    own_keras.load(larger, tmp_path)
    assert larger.output.shape[1:3] == (32, 32)
    np.testing.assert_array_equal(larger.get_layer("block1a_conv").kernel, saved.get_layer("block1a_conv").kernel)


def test_it_has_no_imagenet_classes(tmp_path, saved):
    with pytest.raises(InvalidInput, match="has no ImageNet classifier"):
        own_keras.network(ROW, tmp_path, top=True)


def test_a_damaged_file_is_a_sentence(tmp_path):
    (tmp_path / STORED).write_bytes(b"nothing")
    with pytest.raises(Unavailable, match="cannot be read"):
        own_keras.network(ROW, tmp_path)
