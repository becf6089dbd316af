"""The Keras head that gradient descent trains, and conversion of dense heads between Keras and arrays."""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from core.models.heads.dense import Layer
from core.recipes.hyperparameters import Hyperparameters


def build_head(features: int, classes: int, hp: Hyperparameters, seen: np.ndarray | None = None) -> keras.Model:
    """A head: (n, features) -> probabilities (n, classes). All randomness comes from the seed.

    Optionally normalization -> dropout -> optionally one hidden layer -> softmax. Normalization divides all features
    by one number: a number for each amplifies features of small variance (docs/decisions/0012-heads.md).

    Args:
        seen: (n, features) of the training photos, for ``hp.normalize``; None where a checkpoint will be read, or where
            there are none before training (the inputs then stay as they are).
    """
    inputs = keras.Input((features,), name="features")
    x = _normalization(features, seen)(inputs) if hp.normalize else inputs
    x = layers.Dropout(hp.dropout, seed=hp.seed, name="dropout")(x)
    if hp.hidden_units:
        x = layers.Dense(hp.hidden_units, "relu", kernel_initializer=_glorot(hp, 1), name="hidden")(x)
        x = layers.Dropout(hp.dropout, seed=hp.seed + 1, name="hidden_dropout")(x)
    # float32 also under mixed precision: in float16 a probability below 6e-8 would be 0.
    outputs = layers.Dense(
        classes, "softmax", kernel_initializer=_output_initializer(hp), dtype="float32", name="probabilities"
    )(x)
    return keras.Model(inputs, outputs, name="head")


def _normalization(features: int, seen: np.ndarray | None) -> layers.Layer:
    """(x - mean of each feature) / one spread, as a frozen batch normalisation: a stock layer whose statistics are
    variables, so that checkpoints and ``model.keras`` have them."""
    layer = layers.BatchNormalization(
        center=False, scale=False, epsilon=_EPSILON, trainable=False, dtype="float32", name="normalization"
    )
    layer.build((None, features))
    if seen is not None:
        mean = seen.mean(axis=0, dtype=np.float64)
        variance = float(np.square(seen - mean).mean()) or 1.0
        layer.set_weights([mean.astype(np.float32), np.full(features, variance, np.float32)])
    return layer


_EPSILON = 1e-12


def _output_initializer(hp: Hyperparameters) -> keras.Initializer:
    """Zeros: without weight decay a random start stays in all directions that the training features do not span."""
    return keras.initializers.Zeros() if hp.zero_head else _glorot(hp, 2)


def _glorot(hp: Hyperparameters, layer: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=hp.seed + layer)


def dense_layers(head: keras.Model) -> list[Layer]:
    """The dense layers of ``head`` as arrays: predicting needs no engine for them. Without dropout, and with the
    normalization folded into the first one."""
    dense = [
        Layer(np.asarray(layer.kernel), np.asarray(layer.bias), keras.activations.serialize(layer.activation))
        for layer in head.layers
        if isinstance(layer, layers.Dense)
    ]
    normalization = next((layer for layer in head.layers if isinstance(layer, layers.BatchNormalization)), None)
    return dense if normalization is None else [_folded(normalization, dense[0]), *dense[1:]]


def _folded(normalization: layers.BatchNormalization, first: Layer) -> Layer:
    mean, variance = (np.asarray(weights, np.float64) for weights in normalization.get_weights())
    kernel = first.kernel / np.sqrt(variance + _EPSILON)[:, None]
    return Layer(kernel.astype(np.float32), (first.bias - mean @ kernel).astype(np.float32), first.activation)


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


def _unit_rows(x: keras.KerasTensor) -> keras.KerasTensor:
    """As ``core.models.heads.dense.unit_rows``."""
    return keras.ops.divide(x, keras.ops.maximum(keras.ops.norm(x, axis=-1, keepdims=True), 1e-12))


_ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: keras.ops.relu(x),
    "softmax": lambda x: keras.ops.softmax(x),
    "share": _row_fractions,
    "unit": _unit_rows,
}
