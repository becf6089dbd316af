"""Stock Keras layers with the weights of PyTorch's tensors.

PyTorch's kernels are (out, in / groups, height, width) and (out, in); Keras' (height, width, in / groups, out) and
(in, out).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from core.errors import Unavailable
from core.text.units import count

BN_MOMENTUM = 0.9
"""PyTorch's 0.1, which is the part of the new value."""


def named(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Gives the operation that made the tensor a name: names of operations are unique in a network, and the usual ones
    depend on what was built before."""
    tensor._keras_history.operation.name = name
    return tensor


class TensorLayers:
    """Makes layers, each with its weights at once, and knows which tensors were read.

    Args:
        tensors: of the file, in any float type. prefixes: of which the file may have one before every name but those
            of the classifier.
    """

    def __init__(self, tensors: Mapping[str, np.ndarray], prefixes: Sequence[str] = ()) -> None:
        self._tensors = tensors
        self._prefix = next((one for one in prefixes if any(name.startswith(one) for name in tensors)), "")
        self._read: set[str] = set()

    def conv(
        self, x: keras.KerasTensor, tensor: str, name: str, *, stride: int = 1, padding: str | int = 0,
        groups: int = 1, bias: bool = False, filters: int | None = None,
    ) -> keras.KerasTensor:  # fmt: skip
        """A convolution; ``padding``: pixels on every side, or ``same`` as TensorFlow pads. ``filters``: as many as
        ``config.json`` says; None where it does not.
        """
        kernel = self._take(f"{tensor}.weight", rank=4)
        self._fits(tensor, len(kernel), filters or len(kernel))
        outputs, of_group, height, width = (int(side) for side in kernel.shape)
        if isinstance(padding, int) and padding:
            same = stride == 1 and height == width == 2 * padding + 1
            x = x if same else layers.ZeroPadding2D(padding, name=f"{name}_padding")(x)
            padding = "same" if same else 0
        how = {"strides": stride, "padding": padding or "valid", "use_bias": bias, "name": name}
        channels = x.shape[-1]
        if groups == channels == outputs and of_group == 1:
            layer: Any = layers.DepthwiseConv2D((height, width), **how)
            weights = [kernel.transpose(2, 3, 0, 1)]
        else:
            self._fits(tensor, of_group * groups, channels)
            layer = layers.Conv2D(outputs, (height, width), groups=groups, **how)
            weights = [kernel.transpose(2, 3, 1, 0)]
        return self._with(layer, x, weights + self._bias(tensor, bias))

    def has(self, name: str) -> bool:
        """Whether the file has a tensor, with or without the prefix."""
        return name in self._tensors or f"{self._prefix}{name}" in self._tensors

    def dense(
        self, x: keras.KerasTensor, tensor: str, name: str, *, bias: bool = True, units: int | None = None,
        rows: tuple[int, int] = (0, 1), order: np.ndarray | None = None,
    ) -> keras.KerasTensor:  # fmt: skip
        """A dense layer of the last axis; a convolution of one position where ``x`` is a map.

        Args:
            units: as many as ``config.json`` says; None where it does not. rows: which part of how many equal ones of
                the tensor's outputs is meant. order: of the tensor's inputs.
        """
        kernel = self._take(f"{tensor}.weight")
        kernel = kernel.reshape(len(kernel), -1)  # (out, in, 1, 1) where it is stored as a convolution
        biases = self._bias(tensor, bias)
        part = slice(len(kernel) // rows[1] * rows[0], len(kernel) // rows[1] * (rows[0] + 1))
        kernel, biases = kernel[part], [one[part] for one in biases]
        self._fits(tensor, len(kernel), units or len(kernel))
        kernel = kernel if order is None or len(order) != kernel.shape[1] else kernel[:, order]
        self._fits(tensor, kernel.shape[1], x.shape[-1])
        if len(x.shape) == 4:
            layer: Any = layers.Conv2D(len(kernel), 1, use_bias=bias, name=name)
            return self._with(layer, x, [kernel.T[None, None], *biases])
        if len(x.shape) == 3:
            shape = (x.shape[1], len(kernel))  # not Dense, see ``core.features.tokens``
            layer = layers.EinsumDense("abc,cd->abd", shape, bias_axes="d" if bias else None, name=name)
        else:
            layer = layers.Dense(len(kernel), use_bias=bias, name=name)
        return self._with(layer, x, [kernel.T, *biases])

    def batch_norm(self, x: keras.KerasTensor, tensor: str, name: str, epsilon: float = 1e-5) -> keras.KerasTensor:
        layer = layers.BatchNormalization(epsilon=epsilon, momentum=BN_MOMENTUM, name=name)
        parts = ("weight", "bias", "running_mean", "running_var")
        return self._with(layer, x, [self._take(f"{tensor}.{part}", rank=1) for part in parts])

    def layer_norm(
        self, x: keras.KerasTensor, tensor: str, name: str, epsilon: float, order: np.ndarray | None = None
    ) -> keras.KerasTensor:
        """``order``: of the tensor's channels."""
        layer = layers.LayerNormalization(epsilon=epsilon, name=name)
        weights = [self._take(f"{tensor}.{part}", rank=1) for part in ("weight", "bias")]
        fits = order is not None and len(order) == len(weights[0]) == len(weights[1])
        return self._with(layer, x, [one[order] for one in weights] if fits else weights)

    def embedding(self, x: keras.KerasTensor, tensor: str, name: str, shape: tuple[int, int]) -> keras.KerasTensor:
        """Rows of a table by their numbers."""
        return self._with(layers.Embedding(*shape, name=name), x, [self._take(tensor, rank=2)])

    def channel_scale(self, x: keras.KerasTensor, scale: str, name: str, bias: str = "") -> keras.KerasTensor:
        """Every channel of a map times a number, and plus another one where ``bias`` names it; a convolution of one
        position does this. ``scale``, ``bias``: names of tensors, whose axes of length 1 do not matter."""
        layer = layers.DepthwiseConv2D(1, use_bias=bool(bias), name=name)
        numbers = [self._take(tensor).reshape(-1) for tensor in (scale, bias) if tensor]
        return self._with(layer, x, [numbers[0].reshape(1, 1, -1, 1), *numbers[1:]])

    def check_all_read(self, ignored: Sequence[str] = ()) -> None:
        """Raises:
        Unavailable: tensors were not read, so the network is of another kind than was built.

        Args:
            ignored: endings of the names of tensors that no layer needs.
        """
        endings = ("num_batches_tracked", *ignored)
        left = sorted(name for name in self._tensors if name not in self._read and not name.endswith(endings))
        if left:
            raise Unavailable(
                f"Graft does not know {count(len(left), 'tensor')} of its weights, for example {left[0][:100]}: the "
                "network is of another kind than its config.json says."
            )

    # --- tensors ---

    def _take(self, name: str, rank: int = 0) -> np.ndarray:
        whole = f"{self._prefix}{name}"
        whole = whole if whole in self._tensors else name
        if whole not in self._tensors:
            raise Unavailable(f"The weights have no tensor {whole[:100]}, which a network of this kind needs.")
        self._read.add(whole)
        found = np.asarray(self._tensors[whole], np.float32)
        if rank and found.ndim != rank:
            raise Unavailable(
                f"The tensor {whole[:100]} does not fit the network that config.json describes. Received: "
                f"{' x '.join(map(str, found.shape))}"
            )
        return found

    def _bias(self, tensor: str, wanted: bool) -> list[np.ndarray]:
        return [self._take(f"{tensor}.bias", rank=1)] if wanted else []

    def _fits(self, tensor: str, found: int, wanted: Any) -> None:
        if found != wanted:
            raise Unavailable(
                f"The tensor {tensor[:100]} does not fit the network that config.json describes: expected {wanted} "
                f"channels. Received: {found}"
            )

    def _with(self, layer: layers.Layer, x: keras.KerasTensor, weights: Sequence[np.ndarray]) -> keras.KerasTensor:
        y = layer(x)
        try:
            layer.set_weights(list(weights))
        except ValueError as error:
            raise Unavailable(
                f"The weights of {layer.name} do not fit the network that config.json describes ({error})."
            ) from error
        return y
