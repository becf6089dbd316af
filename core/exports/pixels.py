"""Graft's rendering of a photo as TensorFlow operations, for a file that takes pixels of any size.

The same as ``core.datasets.decoding.fit`` after decoding: Pillow's bicubic filter (a = -0.5) with antialiasing, along
the rows and then along the columns, each rounded to whole values. ``tf.image.resize`` has another filter and is
not among the operations of LiteRT; two matrix products are.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from core.datasets.decoding.fit import PADDING, Fit
from core.exports.assembling import OUTPUT, Assembled, PhotoInput

PIXELS = "pixels"
"""Name of the input."""

_SUPPORT = 2.0
"""Of the bicubic filter, in pixels of the larger of both grids."""


def from_pixels(found: Assembled) -> Any:
    """A function: pixels uint8 (1, height, width, 3) -> {``OUTPUT``: (1, classes) float32}."""

    def predicted(pixels: tf.Tensor) -> dict[str, tf.Tensor]:
        photo = tf.cast(pixels[0], tf.float32)
        return {OUTPUT: called(found.model, [rendered(photo, one)[None] for one in found.inputs])}

    specification = tf.TensorSpec((1, None, None, 3), tf.uint8, name=PIXELS)
    return tf.function(predicted, input_signature=[specification], autograph=False)


def called(model: keras.Model, photos: Sequence[tf.Tensor]) -> tf.Tensor:
    return model(photos[0] if len(photos) == 1 else list(photos), training=False)


def rendered(photo: tf.Tensor, wanted: PhotoInput) -> tf.Tensor:
    """The square (size, size, 3) of a photo (height, width, 3), both float32 of whole values.

    As Pillow 13 does, the columns come first where the height shrinks by more than twice what the width does (found by
    trying all orders of both on random pictures). Of a square that is never so.
    """
    photo, size = _framed(photo, wanted.fit), wanted.size
    if wanted.fit is not Fit.SQUASH:
        return _resized(photo, size)
    height, width = tf.shape(photo)[0], tf.shape(photo)[1]
    return tf.cond(
        tf.logical_and(height > size, height - size > 2 * (width - size)),
        lambda: tf.transpose(_resized(tf.transpose(photo, (1, 0, 2)), size), (1, 0, 2)),
        lambda: _resized(photo, size),
    )


def _resized(photo: tf.Tensor, size: int) -> tf.Tensor:
    """Along the rows first."""
    height, width = tf.shape(photo)[0], tf.shape(photo)[1]
    columns = tf.reshape(tf.transpose(photo, (1, 0, 2)), (width, height * 3))
    narrow = _whole(tf.matmul(_weights(width, size), columns))
    rows = tf.reshape(tf.transpose(tf.reshape(narrow, (size, height, 3)), (1, 0, 2)), (height, size * 3))
    return tf.reshape(_whole(tf.matmul(_weights(height, size), rows)), (size, size, 3))


def _framed(photo: tf.Tensor, fit: Fit) -> tf.Tensor:
    """As ``core.datasets.decoding.fit.framed``."""
    height, width = tf.shape(photo)[0], tf.shape(photo)[1]
    if fit is Fit.CROP:
        side = tf.minimum(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return tf.slice(photo, tf.stack([top, left, 0]), tf.stack([side, side, 3]))
    if fit is Fit.PAD:
        side = tf.maximum(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        bars = tf.stack([tf.stack([top, side - height - top]), tf.stack([left, side - width - left]), [0, 0]])
        colour = tf.constant(PADDING, tf.float32)
        return tf.pad(photo - colour, bars) + colour
    return photo


def _weights(given: tf.Tensor, wanted: int) -> tf.Tensor:
    """(wanted, given) float32: the weight of every given pixel in every wanted one (Pillow's ``precompute_coeffs``)."""
    length = tf.cast(given, tf.float32)
    scale = length / float(wanted)
    blur = tf.maximum(scale, 1.0)
    centres = (tf.range(float(wanted)) + 0.5) * scale
    distance = tf.abs(tf.range(length)[None] + 0.5 - centres[:, None]) / blur
    weights = _bicubic(distance)
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def _bicubic(x: tf.Tensor) -> tf.Tensor:
    """Keys' filter with a = -0.5 at distances x >= 0."""
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return tf.where(x < 1.0, near, tf.where(x < _SUPPORT, far, 0.0))


def _whole(values: tf.Tensor) -> tf.Tensor:
    """Rounded to what a pixel can be."""
    return tf.clip_by_value(tf.floor(values + 0.5), 0.0, 255.0)
