"""The devices of a slot: one, or several that share every step; and whether float16 is used there."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import keras
import tensorflow as tf

from core.recipes.hyperparameters import Hyperparameters


def gpus() -> list[str]:
    """The GPUs of the slot that TensorFlow can use."""
    return [device.name for device in tf.config.list_logical_devices("GPU")]


def strategy() -> tf.distribute.Strategy:
    """With several GPUs a copy of the model on each, with its part of every batch; else one device."""
    found = gpus()
    return _mirrored(tuple(found)) if len(found) > 1 else one_device()


@cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.Strategy:
    """Cached: a second strategy would number its collective operations from 0 again, and TensorFlow would mistake them
    for those of the first."""
    return tf.distribute.MirroredStrategy(list(names))


def one_device() -> tf.distribute.Strategy:
    """TensorFlow's default strategy."""
    return tf.distribute.get_strategy()


def uses_float16(hp: Hyperparameters) -> bool:
    """Whether mixed precision was chosen and there is a GPU: on a CPU float16 is slower."""
    return hp.mixed_precision and bool(gpus())


@contextmanager
def precision(float16: bool) -> Iterator[None]:
    """Layers made in the block compute in float16 (and keep their variables in float32), or all in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if float16 else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
