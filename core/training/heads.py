"""The head: what is learned. Stock Keras layers with fixed names; everything random comes from the run's seed."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from core.recipes import Hyperparameters


def build_head(features: np.ndarray, classes: int, numbers: Hyperparameters) -> keras.Model:
    """A compiled head on features (n, d) -> probabilities (n, classes).

    Standardised features -> dropout -> perhaps one hidden layer -> softmax. Mean and variance are those of
    ``features`` (training photos, view 0) and part of the head, so that the saved model needs nothing else.
    """
    keras.utils.set_random_seed(numbers.seed)
    inputs = keras.Input((features.shape[1],), name="features")
    x = layers.Normalization(name="standardise")(inputs)
    x = layers.Dropout(numbers.dropout, seed=numbers.seed, name="dropout")(x)
    if numbers.hidden_units:
        x = layers.Dense(numbers.hidden_units, "relu", kernel_initializer=_glorot(numbers, 1), name="hidden")(x)
        x = layers.Dropout(numbers.dropout, seed=numbers.seed + 1, name="hidden_dropout")(x)
    outputs = layers.Dense(classes, "softmax", kernel_initializer=_glorot(numbers, 2), name="probabilities")(x)
    head = keras.Model(inputs, outputs, name="head")
    standardise(head, features)
    head.compile(
        optimizer=keras.optimizers.Adam(numbers.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=numbers.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    head.optimizer.build(head.trainable_variables)  # else a restored optimizer silently loses its momentum
    return head


def _glorot(numbers: Hyperparameters, layer: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=numbers.seed + layer)


def standardise(head: keras.Model, features: np.ndarray) -> None:
    """Puts mean and variance of ``features`` into the head; computed in float64 and in pieces."""
    pieces = [np.asarray(features[start : start + 4096], np.float64) for start in range(0, len(features), 4096)]
    mean = sum(piece.sum(axis=0) for piece in pieces) / len(features)
    variance = sum(((piece - mean) ** 2).sum(axis=0) for piece in pieces) / len(features)
    layer = head.get_layer("standardise")
    layer.load_own_variables({"0": mean, "1": np.maximum(variance, variance.mean() * 1e-3 + 1e-12), "2": len(features)})


def all_variables(model: keras.Model) -> list:
    """Everything that decides how training goes on: weights, statistics, random states, optimizer."""
    return [*model.variables, *model.optimizer.variables]


def write_state(model: keras.Model, path: Path) -> None:
    """Every variable, bit by bit; Keras' own weight files leave out the random states of dropout."""
    with path.open("wb") as file:
        np.savez(file, *(np.asarray(variable) for variable in all_variables(model)))


def read_state(model: keras.Model, path: Path) -> None:
    """The state ``write_state`` wrote, into a model built the same way."""
    with np.load(path, allow_pickle=False) as state:
        variables = all_variables(model)
        if len(state.files) != len(variables):
            raise ValueError(f"{path} holds {len(state.files)} variables, the model has {len(variables)}.")
        for number, variable in enumerate(variables):
            variable.assign(state[f"arr_{number}"])
    model.get_layer("standardise").finalize_state()  # it computes with constants made from its variables
