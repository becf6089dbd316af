"""Heads of dense layers: ``activation(x @ kernel + bias)``, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import InvalidInput
from core.models.heads.head_file import write_arrays


def softmax(x: np.ndarray) -> np.ndarray:
    """Softmax of the last axis, with the largest input subtracted so that nothing overflows."""
    exponents = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))


def row_fractions(x: np.ndarray) -> np.ndarray:
    """Rows divided by their sum; uniform where the sum is 0. Its name in head files is ``share``."""
    total = x.sum(axis=-1, keepdims=True)
    return np.where(total > 0, x / np.where(total > 0, total, 1), np.float32(1 / x.shape[-1]))


def unit_rows(x: np.ndarray) -> np.ndarray:
    """Rows divided by their Euclidean norm. Its name in head files is ``unit``."""
    return np.asarray(x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), _LEAST_NORM))


_LEAST_NORM = np.float32(1e-12)


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "softmax": softmax,
    "share": row_fractions,
    "unit": unit_rows,
}


@dataclass(frozen=True)
class Layer:
    """One dense layer.

    Args:
        kernel: (inputs, outputs). bias: (outputs,).
        activation: a name of ``ACTIVATIONS``.

    Raises:
        InvalidInput: the shapes do not fit, or there is no such activation.
    """

    kernel: np.ndarray
    bias: np.ndarray
    activation: str = "linear"

    def __post_init__(self) -> None:
        if self.kernel.ndim != 2 or self.bias.shape != self.kernel.shape[1:]:
            raise InvalidInput(
                f"A dense layer needs a kernel (inputs, outputs) and a bias (outputs,). "
                f"Received: {self.kernel.shape} and {self.bias.shape}"
            )
        if self.activation not in ACTIVATIONS:
            raise InvalidInput(f"There is no activation {self.activation!r}. Choose from: {', '.join(ACTIVATIONS)}")


class DenseHead:
    """Layers in order: (n, inputs) -> (n, outputs) float32. Safe to use from several threads."""

    KIND = "dense"

    def __init__(self, layers: Sequence[Layer]) -> None:
        if not layers:
            raise InvalidInput("A dense head needs at least one layer. Received: none")
        for before, after in zip(layers, layers[1:], strict=False):
            if before.kernel.shape[1] != after.kernel.shape[0]:
                raise InvalidInput(
                    "Every layer must take what the one before it gives. "
                    f"Received: {before.kernel.shape} before {after.kernel.shape}"
                )
        self.layers = tuple(
            Layer(layer.kernel.astype(np.float32), layer.bias.astype(np.float32), layer.activation) for layer in layers
        )

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        x = np.asarray(rows, np.float32)
        for layer in self.layers:
            x = ACTIVATIONS[layer.activation](x @ layer.kernel + layer.bias)
        return x

    def arrays(self) -> dict[str, np.ndarray]:
        found = {"activations": np.array([layer.activation for layer in self.layers])}
        for number, layer in enumerate(self.layers):
            found |= {f"kernel_{number}": layer.kernel, f"bias_{number}": layer.bias}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "DenseHead":
        names = enumerate(map(str, arrays["activations"]))
        return cls([Layer(arrays[f"kernel_{number}"], arrays[f"bias_{number}"], name) for number, name in names])


def write_dense(path: Path, layers: Sequence[Layer]) -> Path:
    """Writes a head of ``layers`` in float32; ``load.load_head`` reads it."""
    return write_arrays(path, DenseHead.KIND, DenseHead(layers).arrays())
