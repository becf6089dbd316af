"""The layers that Google's mobile networks consist of: convolution, batch normalisation, ReLU6; TensorFlow's padding.

A layer named ``x`` becomes ``x_conv``, ``x_bn`` and ``x_relu``.
"""

import keras
from keras import layers

BN_EPSILON = 1e-3


def convolution(
    x: keras.KerasTensor, name: str, *, filters: int, kernel: int, stride: int = 1, activation: bool = True
) -> keras.KerasTensor:
    """A convolution without bias, normalised; ReLU6 where there is an ``activation``."""
    x = layers.Conv2D(filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return _normalised(x, name, activation=activation)


def depthwise(x: keras.KerasTensor, name: str, *, kernel: int, stride: int) -> keras.KerasTensor:
    """A convolution of every channel by itself, normalised, with ReLU6."""
    x = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return _normalised(x, name, activation=True)


def _normalised(x: keras.KerasTensor, name: str, *, activation: bool) -> keras.KerasTensor:
    x = layers.BatchNormalization(epsilon=BN_EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x) if activation else x
