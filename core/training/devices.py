"""What a slot offers: one device or several that share every step, and whether float16 is worth it there."""

from contextlib import contextmanager
from functools import cache

import keras
import tensorflow as tf

from core.recipes.recipe import Hyperparameters


def gpus() -> list[str]:
    """The GPUs TensorFlow can use, all of them the slot's."""
    return [device.name for device in tf.config.list_logical_devices("GPU")]


def strategy() -> tf.distribute.Strategy:
    """One copy of the model on every GPU of the slot, each with its part of every batch; else just one device."""
    found = gpus()
    return _mirrored(tuple(found)) if len(found) > 1 else one_device()


@cache
def _mirrored(names: tuple[str, ...]) -> tf.distribute.Strategy:
    """One for the whole process: a second one would number its reductions from the start again, and TensorFlow takes
    those for the first one's."""
    return tf.distribute.MirroredStrategy(list(names))


def one_device() -> tf.distribute.Strategy:
    """No strategy at all."""
    return tf.distribute.get_strategy()


def uses_float16(numbers: Hyperparameters) -> bool:
    """Asked for, and there is a GPU: a CPU is slower with float16, not faster."""
    return numbers.mixed_precision and bool(gpus())


@contextmanager
def precision(float16: bool):
    """Layers made in the block compute in float16 (and keep their variables in float32), or all in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if float16 else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
