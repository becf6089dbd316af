"""A head of dense layers in NumPy: the steps of its training, and the loss of rows.

A step of a head is little arithmetic (a linear one: two products of 32 x 1,280 x 10) in about 200 operations of
TensorFlow, each of which costs more than the arithmetic (docs/decisions/0042-heads-in-numpy.md). The formulas are
Keras': inverted dropout, cross-entropy of the softmax, one gradient clipped by its norm, Adam.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LEVELS = 1 << 16
"""Of the random numbers that dropout compares: a rate is met to 1 / 131,072."""

_BLOCK = 1 << 15
"""Numbers that Adam changes at once, or dropout draws: a few arrays of them stay in the cache of a core."""


@dataclass(frozen=True, kw_only=True)
class HeadShape:
    """What does not change in training.

    Args:
        sizes: features, hidden units (where there are any), classes.
        dropout: the rate before every dense layer.
        mean, factor: (features,): the inputs are (x - mean) * factor; None where they stay as they are.
        clip_norm: largest norm of a gradient; 0 for no limit.
    """

    sizes: tuple[int, ...]
    dropout: tuple[float, ...]
    mean: np.ndarray | None = None
    factor: np.ndarray | None = None
    clip_norm: float = 0.0

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Kernel and bias of every layer, from input to output."""
        pairs = zip(self.sizes, self.sizes[1:], strict=False)
        return [shape for rows, columns in pairs for shape in ((rows, columns), (columns,))]


@dataclass(frozen=True, kw_only=True)
class AdamRates:
    """The hyperparameters of Adam (Kingma and Ba 2015), as Keras names them."""

    learning_rate: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True)
class Sums:
    """Over rows: their losses, and how many are predicted right."""

    loss: float = 0.0
    right: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.loss + other.loss, self.right + other.right)


class _Buffers:
    """Arrays that every step uses again. The kernel would map new ones of this size page by page, which took 270 of the
    320 microseconds of a linear head's step."""

    def __init__(self) -> None:
        self._arrays: dict[str, np.ndarray] = {}

    def get(self, name: str, shape: tuple[int, ...], dtype: type = np.float32) -> np.ndarray:
        """With any content."""
        count = math.prod(shape)
        if name not in self._arrays or self._arrays[name].size < count:
            self._arrays[name] = np.empty(count, dtype)
        return self._arrays[name][:count].reshape(shape)


class ArrayHead:
    """Weights of a head and the state of its optimizer, float32. Results depend on nothing else.

    Args:
        values, momentums, velocities: by ``HeadShape.shapes``; they are copied.
        steps: made before.
    """

    def __init__(
        self,
        shape: HeadShape,
        values: Sequence[np.ndarray],
        momentums: Sequence[np.ndarray],
        velocities: Sequence[np.ndarray],
        *,
        steps: int = 0,
    ) -> None:
        self._shape, self.steps, self._buffers = shape, steps, _Buffers()
        self._values, self._momentums, self._velocities = (
            np.concatenate([np.ravel(one) for one in each]).astype(np.float32)
            for each in (values, momentums, velocities)
        )
        self._gradient = np.zeros_like(self._values)
        self._weights, self._gradients = self._parts(self._values), self._parts(self._gradient)

    def _parts(self, flat: np.ndarray) -> list[np.ndarray]:
        """Views of all variables together, one a variable."""
        ends = np.cumsum([math.prod(shape) for shape in self._shape.shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), self._shape.shapes, strict=True)]

    @property
    def values(self) -> list[np.ndarray]:
        return self._weights

    @property
    def momentums(self) -> list[np.ndarray]:
        return self._parts(self._momentums)

    @property
    def velocities(self) -> list[np.ndarray]:
        return self._parts(self._velocities)

    def step(
        self,
        inputs: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None,
        rows: np.ndarray,
        rates: AdamRates,
        random: np.random.Generator,
    ) -> Sums:
        """One gradient step on some ``rows``; the sums are those of the weights before it, with dropout.

        Args:
            inputs: (n, features). targets: (n, classes) probabilities. weights: (n,) of the losses, or None.
            random: of dropout.
        """
        targets = targets[rows]
        layers = self._forward(self._normalized(inputs, rows), random)
        gradient, losses, right = _softmax(layers.pop(), targets)
        gradient -= targets
        gradient *= np.float32(1 / len(rows))
        if weights is not None:
            losses *= weights[rows]
            gradient *= weights[rows, None]
        self._backward(layers, gradient)
        self._clip()
        self._adam(rates)
        return Sums(float(np.sum(losses, dtype=np.float64)), right)

    def losses(self, inputs: np.ndarray, targets: np.ndarray) -> tuple[Sums, np.ndarray]:
        """Of rows without dropout, and their probabilities."""
        scores = self._forward(self._normalized(inputs, np.arange(len(inputs))), None)[-1]
        probabilities, losses, right = _softmax(scores, targets)
        return Sums(float(np.sum(losses, dtype=np.float64)), right), probabilities

    def _normalized(self, inputs: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """A copy of some rows."""
        x = self._buffers.get("inputs", (len(rows), self._shape.sizes[0]))
        np.take(inputs, rows, axis=0, out=x, mode="clip")  # the mode that writes into ``out`` directly
        if self._shape.mean is not None:
            x -= self._shape.mean
            x *= self._shape.factor
        return x

    def _forward(self, x: np.ndarray, random: np.random.Generator | None) -> list[np.ndarray]:
        """The inputs of every dense layer as it gets them (after dropout), and the outputs of the last."""
        found = [x]
        for number, rate in enumerate(self._shape.dropout):
            if random is not None and rate:
                x *= self._kept(x.shape, rate, random)
                x *= np.float32(1 / (1 - rate))
            outputs = self._buffers.get(f"outputs {number}", (len(x), self._shape.sizes[number + 1]))
            x = np.matmul(x, self._weights[2 * number], out=outputs)
            x += self._weights[2 * number + 1]
            found.append(x)
            if number < len(self._shape.dropout) - 1:
                np.maximum(x, 0, out=x)
        return found

    def _kept(self, shape: tuple[int, ...], rate: float, random: np.random.Generator) -> np.ndarray:
        """Which units dropout keeps. 16 random bits for each: drawing them is a fifth of a linear head's step."""
        kept = self._buffers.get("kept", shape, np.bool_)
        flat, dropped = kept.reshape(-1), round(rate * _LEVELS)
        for start in range(0, flat.size, _BLOCK):
            piece = flat[start : start + _BLOCK]
            bits = random.integers(0, 2**64, -(-piece.size // 4), dtype=np.uint64).view(np.uint16)
            np.greater_equal(bits[: piece.size], dropped, out=piece)
        return kept

    def _backward(self, layers: list[np.ndarray], gradient: np.ndarray) -> None:
        """The gradients of all variables from that of the last layer's outputs."""
        for number, inputs in reversed(list(enumerate(layers))):
            np.matmul(inputs.T, gradient, out=self._gradients[2 * number])
            np.sum(gradient, axis=0, out=self._gradients[2 * number + 1])
            if number:
                inside = self._buffers.get(f"gradient {number}", inputs.shape)
                gradient = np.matmul(gradient, self._weights[2 * number].T, out=inside)
                gradient *= inputs > 0  # neither cut off by relu nor dropped
                gradient *= np.float32(1 / (1 - self._shape.dropout[number]))

    def _clip(self) -> None:
        limit = self._shape.clip_norm
        norm = math.sqrt(float(self._gradient @ self._gradient)) if limit else 0.0
        if norm > limit:
            self._gradient *= np.float32(limit / norm)

    def _adam(self, rates: AdamRates) -> None:
        self.steps += 1
        corrected = math.sqrt(1 - rates.beta_2**self.steps) / (1 - rates.beta_1**self.steps)
        rate, epsilon = np.float32(rates.learning_rate * corrected), np.float32(rates.epsilon)
        new, new_square = np.float32(1 - rates.beta_1), np.float32(1 - rates.beta_2)
        for start in range(0, len(self._values), _BLOCK):
            block = slice(start, start + _BLOCK)
            gradient, momentum, velocity = self._gradient[block], self._momentums[block], self._velocities[block]
            change = np.subtract(gradient, momentum, out=self._buffers.get("change", gradient.shape))
            change *= new
            momentum += change
            np.multiply(gradient, gradient, out=change)
            change -= velocity
            change *= new_square
            velocity += change
            np.sqrt(velocity, out=change)
            change += epsilon
            np.divide(momentum, change, out=change)
            change *= rate
            self._values[block] -= change


def _softmax(scores: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """(probabilities, cross-entropy of every row, rows whose largest probability is at their largest target);
    ``scores`` are overwritten."""
    scores -= scores.max(axis=1, keepdims=True)
    right = int(np.count_nonzero(scores.argmax(axis=1) == targets.argmax(axis=1)))
    exponentials = np.exp(scores)
    total = exponentials.sum(axis=1, keepdims=True)
    losses = np.sum(targets * (np.log(total) - scores), axis=1)
    exponentials /= total
    return exponentials, losses, right
