"""Passes over vectors in memory in NumPy, for a head that trains alone on the CPU.

The state stays in the variables of the Keras model and its optimizer, so that checkpoints and the saved model know of
no other way of training.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache, cached_property

import keras
import numpy as np
from keras import layers
from threadpoolctl import ThreadpoolController

from core.recipes.hyperparameters import Hyperparameters
from core.training.array_head import AdamRates, ArrayHead, HeadShape, Sums
from core.training.passes import TESTED_AT_ONCE

LARGEST_HEAD = 400_000
"""Most parameters of a head in NumPy, which has one core; beyond, TensorFlow's larger operations are as fast."""

_STEPS_A_CALL = 64
"""Gradient steps between two looks at a stop: at most a second."""


class ArrayPasses:
    """Training and test passes of a head, as ``core.training.passes.Passes``.

    The state is read before the first pass, and written after every training pass. Dropout depends on the seed and on
    the number of steps that were made before a pass.

    Args:
        model: compiled with Adam, around a head of this ``shape``.
        further: metrics of a test pass besides loss and accuracy.
    """

    def __init__(
        self, model: keras.Model, shape: HeadShape, hp: Hyperparameters, further: Sequence[keras.metrics.Metric] = ()
    ) -> None:
        self._model, self._shape, self._hp, self._further = model, shape, hp, further

    def train(
        self, order: np.ndarray, columns: tuple[np.ndarray, ...], on_batch: Callable[[int], None]
    ) -> dict[str, float]:
        """As ``Passes.train``."""
        inputs, targets, weights = columns[0], self._smooth(columns[1]), columns[2] if len(columns) > 2 else None
        head, size = self._head, self._hp.batch_size
        rates, random = self._rates(), np.random.default_rng([self._hp.seed, head.steps, 1])
        sums = Sums()
        with _one_thread(), np.errstate(all="ignore"):
            for step, start in enumerate(range(0, len(order), size), start=1):
                rows = order[start : start + size]
                sums += head.step(inputs, targets, weights, rows, rates, random)
                if step % _STEPS_A_CALL == 0 or start + size >= len(order):
                    on_batch(step)
        self._write(head)
        return {"loss": sums.loss / len(order), "accuracy": sums.right / len(order)}

    def test(self, columns: tuple[np.ndarray, ...]) -> dict[str, float]:
        """The metrics on all rows."""
        inputs, labels = columns
        targets, head, sums = self._smooth(labels), self._head, Sums()
        for metric in self._further:
            metric.reset_state()
        with _one_thread(), np.errstate(all="ignore"):
            for start in range(0, len(inputs), TESTED_AT_ONCE):
                rows = slice(start, start + TESTED_AT_ONCE)
                found, probabilities = head.losses(inputs[rows], targets[rows])
                sums += found
                for metric in self._further:
                    metric.update_state(labels[rows], probabilities)
        further = {metric.name: float(metric.result()) for metric in self._further}
        return {"loss": sums.loss / len(inputs), "accuracy": sums.right / len(inputs)} | further

    def _smooth(self, targets: np.ndarray) -> np.ndarray:
        """Label smoothing (Szegedy et al. 2016), as Keras' loss."""
        smoothing = np.float32(self._hp.label_smoothing)
        return targets * (1 - smoothing) + smoothing / targets.shape[1] if smoothing else targets

    def _rates(self) -> AdamRates:
        adam = self._model.optimizer
        return AdamRates(
            learning_rate=float(adam.learning_rate), beta_1=adam.beta_1, beta_2=adam.beta_2, epsilon=adam.epsilon
        )

    def _variables(self) -> tuple[list, list, list]:
        """(weights, momentums, velocities), each in the order of ``HeadShape.shapes``."""
        adam = self._model.optimizer
        return self._model.trainable_variables, adam._momentums, adam._velocities  # no public names in Keras 3.15

    @cached_property
    def _head(self) -> ArrayHead:
        values, momentums, velocities = ([np.asarray(one) for one in group] for group in self._variables())
        return ArrayHead(self._shape, values, momentums, velocities, steps=int(self._model.optimizer.iterations))

    def _write(self, head: ArrayHead) -> None:
        for variables, arrays in zip(self._variables(), (head.values, head.momentums, head.velocities), strict=True):
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(array)
        self._model.optimizer.iterations.assign(head.steps)


def head_shape(head: keras.Model, hp: Hyperparameters) -> HeadShape | None:
    """Of a head that is small enough and has only layers that are known here; else None."""
    if sum(int(np.prod(one.shape)) for one in head.trainable_variables) > LARGEST_HEAD:
        return None
    dense, dropout, normalization = [], [0.0], None
    for layer in head.layers[1:]:
        if isinstance(layer, layers.Dense) and layer.use_bias:
            dense.append(layer)
            dropout.append(0.0)
        elif isinstance(layer, layers.Dropout):
            dropout[-1] = layer.rate
        elif isinstance(layer, layers.BatchNormalization) and not dense and not layer.trainable:
            normalization = layer
        else:
            return None
    activations = [keras.activations.serialize(one.activation) for one in dense]
    if not dense or activations != ["relu"] * (len(dense) - 1) + ["softmax"]:
        return None
    sizes = (dense[0].kernel.shape[0], *(one.kernel.shape[1] for one in dense))
    mean, factor = _normalization(normalization) if normalization else (None, None)
    return HeadShape(sizes=sizes, dropout=tuple(dropout[:-1]), mean=mean, factor=factor, clip_norm=hp.clip_norm)


def _normalization(layer: layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """(mean, factor) of a frozen one without scale and offset."""
    mean, variance = (np.asarray(one, np.float64) for one in layer.get_weights())
    return mean.astype(np.float32), (1 / np.sqrt(variance + layer.epsilon)).astype(np.float32)


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager:
    """Products of a step are too small to share: on a busy machine 128 hidden units took 14 times as long with two."""
    limit: AbstractContextManager = _blas().limit(limits=1, user_api="blas")
    return limit
