"""The validation loss of a model whose confidence is corrected first."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.models.temperature import HIGHEST, LEAST, LOWEST

TEMPERATURES = np.geomspace(LOWEST, HIGHEST, 61, dtype=np.float32)
"""Neighbours differ by a tenth: between them the loss differs by less than 0.001 of itself near its minimum."""


class CalibratedLoss(keras.metrics.Metric):
    """The mean cross-entropy of softmax(log p / T) at the best of ``TEMPERATURES`` (temperature scaling, Guo et al.
    2017), in one pass.

    Training that goes on after most photos are right raises the confidence, and with it the cross-entropy of the few
    that are wrong, although no prediction got worse. One temperature for all photos takes that out, and leaves how well
    the classes are separated.
    """

    def __init__(self, name: str = "calibrated_loss") -> None:
        super().__init__(name=name)
        self._sums = self.add_weight(shape=TEMPERATURES.shape, initializer="zeros", name="sums")
        self._count = self.add_weight(shape=(), initializer="zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """One-hot labels and probabilities, both (n, classes); weights are ignored, as in ``accuracy``."""
        scores = tf.math.log(tf.maximum(tf.cast(y_pred, tf.float32), LEAST))
        scaled = scores[:, None, :] / TEMPERATURES[None, :, None]
        right = tf.reduce_sum(tf.cast(y_true, tf.float32)[:, None, :] * scaled, axis=-1)
        self._sums.assign_add(tf.reduce_sum(tf.reduce_logsumexp(scaled, axis=-1) - right, axis=0))
        self._count.assign_add(tf.cast(tf.shape(scores)[0], tf.float32))

    def result(self) -> Any:
        return tf.math.divide_no_nan(tf.reduce_min(tf.convert_to_tensor(self._sums)), tf.convert_to_tensor(self._count))
