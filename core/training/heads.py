"""The Keras head that gradient descent trains, and conversion of dense heads between Keras and arrays."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from core.models.heads.dense import Layer
from core.recipes.recipe import Hyperparameters


def build_head(features: int, classes: int, hp: Hyperparameters) -> keras.Model:
    """A head: (n, features) -> probabilities (n, classes). All randomness comes from the seed.

    Dropout -> optionally one hidden layer -> softmax. The features are not standardised: measured on both data sets of
    docs/decisions/0002-features-engine.md, that raised the validation loss (features of small variance are amplified).
    """
    inputs = keras.Input((features,), name="features")
    x = layers.Dropout(hp.dropout, seed=hp.seed, name="dropout")(inputs)
    if hp.hidden_units:
        x = layers.Dense(hp.hidden_units, "relu", kernel_initializer=_glorot(hp, 1), name="hidden")(x)
        x = layers.Dropout(hp.dropout, seed=hp.seed + 1, name="hidden_dropout")(x)
    # float32 also under mixed precision: in float16 a probability below 6e-8 would be 0.
    outputs = layers.Dense(
        classes, "softmax", kernel_initializer=_glorot(hp, 2), dtype="float32", name="probabilities"
    )(x)
    return keras.Model(inputs, outputs, name="head")


def _glorot(hp: Hyperparameters, layer: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=hp.seed + layer)


def dense_layers(head: keras.Model) -> list[Layer]:
    """The dense layers of ``head`` as arrays, without dropout: predicting needs no engine for them."""
    return [
        Layer(np.asarray(layer.kernel), np.asarray(layer.bias), keras.activations.serialize(layer.activation))
        for layer in head.layers
        if isinstance(layer, layers.Dense)
    ]


def keras_head(dense: Sequence[Layer]) -> keras.Model:
    """The inverse of ``dense_layers``, of stock layers and operations only."""
    inputs = keras.Input((dense[0].kernel.shape[0],), name="features")
    x = inputs
    for number, one in enumerate(dense):
        layer = layers.Dense(one.kernel.shape[1], name=f"dense_{number}")
        x = layer(x)
        layer.set_weights([one.kernel, one.bias])
        x = _ACTIVATIONS[one.activation](x)
    return keras.Model(inputs, x, name="head")


def _row_fractions(x: keras.KerasTensor) -> keras.KerasTensor:
    """As ``core.models.heads.dense.row_fractions``."""
    total = keras.ops.sum(x, axis=-1, keepdims=True)
    fractions = keras.ops.divide(x, keras.ops.maximum(total, 1e-30))
    return keras.ops.where(keras.ops.greater(total, 0), fractions, 1 / x.shape[-1])


_ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: keras.ops.relu(x),
    "softmax": lambda x: keras.ops.softmax(x),
    "share": _row_fractions,
}
