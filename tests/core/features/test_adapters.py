"""Which layers of a block parameter-efficient fine-tuning trains a part of."""

import numpy as np
import pytest

from core.backbones.values import Adaptable
from core.recipes.hyperparameters import Adapter

pytestmark = pytest.mark.keras


def a_block(*made) -> list:
    for layer in made:
        layer.build((None, 4, 4, 6))
    return list(made)


def test_lora_adapts_dense_layers_and_convolutions_but_depthwise_ones():
    import keras

    from core.features import adapters

    block = a_block(
        keras.layers.Conv2D(5, 3),
        keras.layers.DepthwiseConv2D(3),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(7),
    )
    assert adapters.adapted_layers(block, Adapter.LORA) == [block[0], block[3]]
    found = adapters.adaptable(block)
    assert found == Adaptable(lora=(2, 9 * 6 + 5 + 6 + 7), norm=(1, 12), bias=(4, 5 + 6 + 6 + 7))
    adapters.enable_lora(block, rank=3, seed=0)
    assert sum(int(np.prod(one.shape)) for one in adapters.variables(block, Adapter.LORA)) == 3 * found.lora[1]


def test_in_attention_lora_adapts_queries_and_values_only():
    import keras

    from core.features import adapters

    names = ("block1_query", "block1_key", "block1_value", "block1_output", "block1_mlp_1")
    block = a_block(*(keras.layers.Dense(6, name=name) for name in names))
    assert [one.name for one in adapters.adapted_layers(block, Adapter.LORA)] == ["block1_query", "block1_value"]
