"""One epoch of a stage, a function of (seed, epoch) and the state: stopping and resuming changes nothing."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from core.errors import GraftError
from core.models.temperature import HIGHEST, LEAST, LOWEST
from core.recipes.hyperparameters import Hyperparameters
from core.runs.values import Epoch
from core.training.array_passes import ArrayPasses
from core.training.feeds import Feed, Vectors
from core.training.passes import TESTED_AT_ONCE, Passes, predicted

PREDICTED_AT_ONCE = {True: TESTED_AT_ONCE, False: 32}
"""Batch size of validation and prediction, by ``Feed.in_memory``: maps and photos are large."""


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


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The training and validation data of a stage.

    Args:
        views: ``{view: inputs of the training photos}``.
        labels: (n,) of the training photos.
        validation, validation_labels: m rows and (m,).
        classes: number of classes.
        teacher: ``{view: (n, classes)}``, of a distillation: the probabilities to learn besides the labels.
    """

    views: Mapping[int, Feed]
    labels: np.ndarray
    validation: Feed
    validation_labels: np.ndarray
    classes: int
    teacher: Mapping[int, np.ndarray] = field(default_factory=dict)


def view_of(hp: Hyperparameters, epoch: int) -> int:
    """The view of an epoch (1-based): view 0 first, then each in turn."""
    return (epoch - 1) % hp.views


def views_needed(hp: Hyperparameters, first_epoch: int, last_epoch: int) -> tuple[int, ...]:
    """Views that these epochs use."""
    return tuple(sorted({view_of(hp, epoch) for epoch in range(first_epoch, last_epoch + 1)}))


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """(classes,) float32: inverse class frequency, 1 on average over the photos (King and Zeng 2001, "balanced")."""
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / (classes * np.maximum(counts, 1))).astype(np.float32)


class Trainer:
    """Trains a compiled ``model`` epoch by epoch. The order of an epoch's photos depends on (seed, epoch) only.

    Args:
        on_batch: called with the number of steps made, -1 in validation; may raise to stop.
        settle: called before validation (see ``TrainableModel.settle``).
        passes: of the model, where they are traced already.
    """

    def __init__(
        self,
        model: keras.Model,
        data: TrainingData,
        hp: Hyperparameters,
        on_batch: Callable[[int], None] = lambda step: None,
        settle: Callable[[], None] = lambda: None,
        passes: Passes | ArrayPasses | None = None,
    ):
        self._settle = settle
        self._model, self._data, self._hp, self._on_batch = model, data, hp, on_batch
        self._one_hot = np.eye(data.classes, dtype=np.float32)
        self._weights = class_weights(data.labels, data.classes) if hp.class_weights else None
        self._validation_targets = self._one_hot[data.validation_labels]
        self._replicas = model.distribute_strategy.num_replicas_in_sync
        self._passes = passes or (Passes(model, hp.batch_size) if self._replicas == 1 else None)

    def run_epoch(self, number: int, attempt: int) -> Epoch:
        """Trains and validates epoch ``number`` (1-based).

        Raises:
            GraftError: the loss is NaN or infinite, or the inputs cannot be read.
        """
        began = time.monotonic()
        feed = self._data.views[view_of(self._hp, number)]
        validation = self._data.validation
        if self._passes and isinstance(feed, Vectors) and isinstance(validation, Vectors):
            metrics = self._pass(self._passes, number, feed, validation)
        else:
            metrics = self._fit(number, feed)
        broken = next((name for name in ("loss", "val_loss") if not math.isfinite(metrics[name])), None)
        if broken:
            what = "loss" if broken == "loss" else "validation loss"
            raise GraftError(f"The {what} became NaN in epoch {number}; try a lower learning rate.")
        metrics.pop("calibrated_loss", None)  # of the training photos: nothing is chosen by it
        return Epoch(number=number, attempt=attempt, seconds=time.monotonic() - began, **metrics)

    def _pass(self, passes: Passes | ArrayPasses, number: int, feed: Vectors, validation: Vectors) -> dict[str, float]:
        """As ``_fit``, faster, for vectors in memory."""
        weights = () if self._weights is None else (self._weights[self._data.labels],)
        columns = (feed.array, self._targets(number), *weights)
        trained = passes.train(self._order(number), columns, self._on_batch)
        tested = passes.test((validation.array, self._validation_targets))
        self._on_batch(-1)
        return trained | {f"val_{name}": value for name, value in tested.items()}

    def _targets(self, number: int) -> np.ndarray:
        """(n, classes) float32 of an epoch: the labels, or a mixture of labels and the teacher's probabilities.

        The cross-entropy is linear in the targets, so that one loss with the mixture is the weighted sum of two (Hinton
        et al. 2015, section 2, at temperature 1).
        """
        labels: np.ndarray = self._one_hot[self._data.labels]
        teacher = self._data.teacher.get(view_of(self._hp, number))
        if teacher is None:
            return labels
        weight = np.float32(self._hp.teacher_weight)
        return np.asarray((1 - weight) * labels + weight * teacher, np.float32)

    def _fit(self, number: int, feed: Feed) -> dict[str, float]:
        stopping = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: self._on_batch(batch + 1),
            on_test_begin=lambda logs: self._settle(),
            on_test_batch_end=lambda batch, logs: self._on_batch(-1),
        )
        try:
            history = self._model.fit(
                self._batches(number, feed),
                validation_data=self._validation,
                shuffle=False,
                initial_epoch=number - 1,
                epochs=number,
                callbacks=[stopping],
                verbose=0,
            ).history
        except tf.errors.OpError:
            for source in (feed, self._data.validation):
                if source.problem is not None:
                    raise source.problem from None
            raise
        return {name: float(values[-1]) for name, values in history.items()}

    @cached_property
    def _validation(self) -> tf.data.Dataset:
        feed = self._data.validation
        size = evenly(len(feed), rows_at_once(feed), self._replicas)
        batches = feed.batches(np.arange(len(feed)), size, self._validation_targets)
        return batches.cache() if feed.in_memory else batches

    def _order(self, number: int) -> np.ndarray:
        return np.random.default_rng([self._hp.seed, number]).permutation(len(self._data.labels))

    def _batches(self, number: int, feed: Feed) -> tf.data.Dataset:
        """The training photos of an epoch in its order."""
        order, size = padded_to_devices(self._order(number), self._hp.batch_size, self._replicas)
        labels = self._data.labels[order]
        columns = [self._targets(number)[order]] + ([] if self._weights is None else [self._weights[labels]])
        return feed.batches(order, size, *columns)


def padded_to_devices(order: np.ndarray, size: int, devices: int) -> tuple[np.ndarray, int]:
    """Order and batch size of an epoch in which every device gets a photo of every batch, as TensorFlow requires. The
    last batch is filled up from the beginning of the order."""
    size = max(size, devices)
    rest = len(order) % size
    missing = devices - rest if 0 < rest < devices else 0
    return np.concatenate([order, order[:missing]]), size


def evenly(rows: int, size: int, devices: int) -> int:
    """The largest batch size up to ``size`` with which the last batch is empty or has a row for every device."""
    sizes = range(min(size, max(rows, 1)), devices - 1, -1)
    return next((one for one in sizes if rows % one == 0 or rows % one >= devices), size)


def probabilities_of(model: keras.Model, feed: Feed, on_batch: Callable[[int], None] = lambda step: None) -> np.ndarray:
    """(n, classes) float32 for all rows of ``feed``, in order.

    Raises:
        GraftError: the inputs cannot be read.
    """
    if isinstance(feed, Vectors):
        return predicted(model, feed.array, rows_at_once(feed))
    stopping = keras.callbacks.LambdaCallback(on_predict_batch_end=lambda batch, logs: on_batch(batch + 1))
    try:
        found = model.predict(feed.batches(np.arange(len(feed)), rows_at_once(feed)), callbacks=[stopping], verbose=0)
    except tf.errors.OpError:
        if feed.problem is not None:
            raise feed.problem from None
        raise
    return np.asarray(found, np.float32)


def rows_at_once(feed: Feed) -> int:
    return PREDICTED_AT_ONCE[feed.in_memory]
