"""Pooling of maps and of tokens."""

from dataclasses import replace

import numpy as np
import pytest

from core.backbones import get
from core.backbones.inputs import with_input
from core.backbones.token_network import Pooling
from tests import tiny_tokens

pytestmark = pytest.mark.keras


def pooled(values, backbone, block):
    import keras

    from core.features.cuts import POOL, below_pool
    from core.features.pooling import pooled_features

    inputs = keras.Input(values.shape[1:])
    model = keras.Model(inputs, pooled_features(inputs, backbone, block))
    assert model.layers[-1].name == POOL
    assert below_pool(model).shape == inputs.shape
    return np.asarray(model(values))


def test_maps_are_averaged():
    values = np.random.default_rng(0).normal(size=(2, 3, 3, 4)).astype(np.float32)
    assert np.allclose(pooled(values, get("squeezenet"), "fire9"), values.mean((1, 2)), atol=1e-6)


def test_tokens_are_chosen_as_the_network_or_the_recipe_wants(settings):
    deit = tiny_tokens.added(settings, "deit")
    values = np.random.default_rng(0).normal(size=(2, 18, 32)).astype(np.float32)
    assert np.allclose(pooled(values, deit, "block3"), values[:, 0], atol=1e-6)
    assert np.allclose(pooled(values, deit, "stem"), values[:, 2:].mean(1), atol=1e-6)
    mean = with_input(deit, pooling=Pooling.MEAN)
    assert np.allclose(pooled(values, mean, "block3"), values[:, 2:].mean(1), atol=1e-6)


def test_all_tokens_of_a_network_that_is_not_ours_are_averaged(settings):
    values = np.random.default_rng(0).normal(size=(2, 18, 32)).astype(np.float32)
    other = replace(tiny_tokens.added(settings, "deit"), tokens=None)
    assert np.allclose(pooled(values, other, "block3"), values.mean(1), atol=1e-6)
