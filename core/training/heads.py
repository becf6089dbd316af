"""The head: what is learned. Stock Keras layers with fixed names; everything random comes from the run's seed."""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from core.recipes import Hyperparameters


def build_head(features: int, classes: int, numbers: Hyperparameters) -> keras.Model:
    """A compiled head: ``features`` numbers (n, features) -> probabilities (n, classes).

    Dropout -> perhaps one hidden layer -> softmax. The features are not standardised: measured on both data sets of
    docs/decisions/0003-head.md, that made the validation loss worse (it blows up what the backbone says faintly).
    """
    keras.utils.set_random_seed(numbers.seed)
    inputs = keras.Input((features,), name="features")
    x = layers.Dropout(numbers.dropout, seed=numbers.seed, name="dropout")(inputs)
    if numbers.hidden_units:
        x = layers.Dense(numbers.hidden_units, "relu", kernel_initializer=_glorot(numbers, 1), name="hidden")(x)
        x = layers.Dropout(numbers.dropout, seed=numbers.seed + 1, name="hidden_dropout")(x)
    outputs = layers.Dense(classes, "softmax", kernel_initializer=_glorot(numbers, 2), name="probabilities")(x)
    head = keras.Model(inputs, outputs, name="head")
    head.compile(
        optimizer=keras.optimizers.Adam(numbers.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=numbers.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    head.optimizer.build(head.trainable_variables)  # else a restored optimizer silently loses its momentum
    return head


def _glorot(numbers: Hyperparameters, layer: int) -> keras.Initializer:
    return keras.initializers.GlorotUniform(seed=numbers.seed + layer)


def all_variables(model: keras.Model) -> list:
    """Everything that decides how training goes on: weights, random states of dropout, optimizer."""
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
