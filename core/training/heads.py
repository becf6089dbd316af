"""The head that gradient descent learns, in Keras; and dense heads between Keras and arrays."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from core.models.heads.dense import Layer
from core.recipes.recipe import Hyperparameters


def build_head(features: int, classes: int, numbers: Hyperparameters) -> keras.Model:
    """A head: ``features`` numbers (n, features) -> probabilities (n, classes). Everything random comes from the seed.

    Dropout -> perhaps one hidden layer -> softmax. The features are not standardised: measured on both data sets of
    docs/decisions/0003-head.md, that made the validation loss worse (it blows up what the backbone says faintly).
    """
    inputs = keras.Input((features,), name="features")
    x = layers.Dropout(numbers.dropout, seed=numbers.seed, name="dropout")(inputs)
    if numbers.hidden_units:
        x = layers.Dense(numbers.hidden_units, "relu", kernel_initializer=_glorot(numbers, 1), name="hidden")(x)
        x = layers.Dropout(numbers.dropout, seed=numbers.seed + 1, name="hidden_dropout")(x)
    # float32 also where the rest computes in float16: a probability below 6e-8 would be none.
    outputs = layers.Dense(
        classes, "softmax", kernel_initializer=_glorot(numbers, 2), dtype="float32", name="probabilities"
    )(x)
    return keras.Model(inputs, outputs, name="head")


def _glorot(numbers: Hyperparameters, layer: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=numbers.seed + layer)


def dense_layers(head: keras.Model) -> list[Layer]:
    """What ``head`` computes when nothing is dropped, as arrays: predictions then need no engine for it."""
    return [
        Layer(np.asarray(layer.kernel), np.asarray(layer.bias), keras.activations.serialize(layer.activation))
        for layer in head.layers
        if isinstance(layer, layers.Dense)
    ]


def keras_head(dense: Sequence[Layer]) -> keras.Model:
    """The same the other way round, of stock layers and operations only."""
    inputs = keras.Input((dense[0].kernel.shape[0],), name="features")
    x = inputs
    for number, one in enumerate(dense):
        layer = layers.Dense(one.kernel.shape[1], name=f"dense_{number}")
        x = layer(x)
        layer.set_weights([one.kernel, one.bias])
        x = _ACTIVATIONS[one.activation](x)
    return keras.Model(inputs, x, name="head")


def _share(x):
    """Each number's share of its row; all alike where a row has nothing to share."""
    total = keras.ops.sum(x, axis=-1, keepdims=True)
    shares = keras.ops.divide(x, keras.ops.maximum(total, 1e-30))
    return keras.ops.where(keras.ops.greater(total, 0), shares, 1 / x.shape[-1])


_ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: keras.ops.relu(x),
    "softmax": lambda x: keras.ops.softmax(x),
    "share": _share,
}
