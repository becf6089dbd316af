"""The input of a network's last layer, read from a ``.tflite`` file without TensorFlow."""

import warnings
from pathlib import Path

import numpy as np

from core.errors import Unavailable
from core.features.litert import cores, open_interpreter

_TOLERANCE = 1e-3
_PROBES = (1.0, 255.0)
"""Largest value of the random inputs it is tested with: a network may expect photos, or a map of small values."""


class InnerEngine:
    """The input of the last dense layer of a network that ends in probabilities. Not safe to share between threads.

    The layer is found by its values, not by its name: among the tensors of the file there must be features f, weights
    W and, unless it is zero, a bias b with softmax(W f + b) equal to the network's output.

    Args:
        path: the file. classes: number of its outputs.

    Raises:
        Unavailable: LiteRT cannot run it, or it has no such layer.
    """

    def __init__(self, path: Path, classes: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # LiteRT warns of the memory this takes: some 50 MB
            self._interpreter = open_interpreter(path, cores(), experimental_preserve_all_tensors=True)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._features = self._find(path, classes)

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """One photo (or map) in the network's input shape -> (d,) float32."""
        self._run(row[None])
        return np.array(self._interpreter.get_tensor(self._features)[0], np.float32)

    def _run(self, rows: np.ndarray) -> None:
        self._interpreter.set_tensor(self._input["index"], rows.astype(np.float32))
        self._interpreter.invoke()

    def _find(self, path: Path, classes: int) -> int:
        """The tensors that can be (f, W, b) by their shapes, and give the output for each test input."""
        found = self._candidates(classes)
        for brightest in _PROBES:
            self._run(np.random.default_rng(0).uniform(0, brightest, self._input["shape"]))
            output = self._interpreter.get_tensor(self._output)[0]
            found = [candidate for candidate in found if self._fits(*candidate, output)]
        if not found:
            raise Unavailable(f"{path.name} does not end in a layer whose input could be read.")
        return found[0][0]

    def _candidates(self, classes: int) -> list[tuple[int, int, int | None]]:
        shapes = {one["index"]: tuple(one["shape"]) for one in self._interpreter.get_tensor_details()}
        matrices = [index for index, shape in shapes.items() if len(shape) == 2 and shape[0] == classes]
        biases = [None, *(index for index, shape in shapes.items() if shape == (classes,))]
        return [
            (features, weights, bias)
            for weights in matrices
            for features, shape in shapes.items()
            if shape == (1, shapes[weights][1])
            for bias in biases
        ]

    def _fits(self, features: int, weights: int, bias: int | None, output: np.ndarray) -> bool:
        row, matrix = self._tensor(features), self._tensor(weights)
        offset = np.zeros(len(output)) if bias is None else self._tensor(bias)
        if row is None or matrix is None or offset is None:
            return False
        logits = matrix @ row[0] + offset
        exponents = np.exp(logits - logits.max())
        return bool(np.abs(exponents / exponents.sum() - output).max() < _TOLERANCE)

    def _tensor(self, index: int) -> np.ndarray | None:
        """None where LiteRT stores no values for it."""
        try:
            found = np.array(self._interpreter.get_tensor(index), np.float64)
        except ValueError:
            return None
        return found if np.isfinite(found).all() else None
