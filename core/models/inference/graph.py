"""Runs an inference graph on one photo at a time, without TensorFlow."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakValueDictionary

import numpy as np

from core.datasets.decoding.fit import Fit
from core.errors import Unavailable
from core.features.engines import PixelEngine, memory_of, open_engine
from core.files.atomic import digest_of
from core.models.heads.load import HeadFunction, load_head
from core.models.inference.nodes import Confidence, Head, Mean, Network, Node, below, every_node, files_of


class PhotoViews(Protocol):
    """One photo at any size and fit (``core.features.views.View``)."""

    def square(self, size: int, fit: Fit, /) -> np.ndarray:
        """uint8 (size, size, 3)."""


@dataclass(frozen=True)
class NodeOutput:
    """A node's output for one photo, the milliseconds of this node alone, and the keys of all nodes it needed."""

    value: np.ndarray
    milliseconds: float
    needed: frozenset


Memo = dict[Any, NodeOutput]
"""Outputs of nodes for one photo, shared by all models that predict it, so that nothing is computed twice."""


@dataclass(frozen=True, kw_only=True)
class TimedPrediction:
    """A model's probabilities for one photo, and the time they took.

    Args:
        probabilities: (classes,) float32. milliseconds: from pixels to probabilities, as this model alone would take.
        passed_on: of a confidence cascade, whether the costly model was used; None for every other model.
        outputs: of every network that was used, for this photo alone (without the axis of a batch).
    """

    probabilities: np.ndarray
    milliseconds: float
    passed_on: bool | None = None
    outputs: Mapping[Network, np.ndarray] = field(default_factory=dict)


_NETWORKS = (".tflite", ".onnx")

_engines: WeakValueDictionary[tuple[str, int | None], PixelEngine] = WeakValueDictionary()


class InferenceGraph:
    """A loaded inference graph. Safe to use from several threads at the same time.

    Args:
        folder: of the files. classes: number of probabilities.
        digests: SHA-256 by file, as checked by ``ModelFiles.verify``; computed now by default. Files of the same digest
            are loaded once, and their outputs are shared in a memo.
        workers: photos at the same time, each on one core; by default see ``core.features.engines.AdaptiveEngine``.

    Attributes:
        memory: bytes of memory by the SHA-256 of a file, as an estimate.

    Raises:
        Unavailable: a file cannot be run, or they do not fit together.
    """

    def __init__(
        self,
        folder: Path,
        node: Node,
        *,
        classes: int,
        digests: Mapping[str, str] | None = None,
        workers: int | None = None,
    ):
        self.node, self.classes = node, classes
        self._digests = digests or {name: digest_of(folder / name) for name in files_of(node)}
        self._files: dict[str, HeadFunction] = {}
        for one in every_node(node):
            if isinstance(one, Network | Head) and one.file not in self._files:
                self._files[one.file] = _open(folder / one.file, self._digests[one.file], workers)
        self.memory = {self._digests[name]: _bytes_of(folder / name) for name in self._files}
        self._keys = {one: self._key(one) for one in every_node(node)}
        self._networks = {one: key for one, key in self._keys.items() if isinstance(one, Network)}
        self._warm_up()

    def predict(self, photo: PhotoViews, memo: Memo | None = None) -> TimedPrediction:
        """Probabilities of ``photo``; ``memo`` holds outputs of other models for the same photo."""
        memo = {} if memo is None else memo
        done = self._done(self.node, photo, memo)
        passed_on = self._keys[self.node.costly] in done.needed if isinstance(self.node, Confidence) else None
        milliseconds = sum(memo[key].milliseconds for key in done.needed)
        outputs = {node: memo[key].value[0] for node, key in self._networks.items() if key in done.needed}
        return TimedPrediction(
            probabilities=done.value[0], milliseconds=milliseconds, passed_on=passed_on, outputs=outputs
        )

    def run_networks(self, photo: PhotoViews) -> Memo:
        """The outputs of all networks for ``photo``, with their times: a memo for ``predict``."""
        memo: Memo = {}
        for node in self._networks:
            self._done(node, photo, memo)
        return memo

    @property
    def network_keys(self) -> tuple[tuple, ...]:
        """Of the entries of ``run_networks``: graphs with the same keys have the same networks."""
        return tuple(sorted(set(self._networks.values())))

    def __call__(self, photo: PhotoViews) -> np.ndarray:
        """Probabilities (classes,) float32."""
        return self.predict(photo).probabilities

    def _key(self, node: Node) -> tuple:
        """Identifies a node's output by the digests of its files, not their names."""
        match node:
            case Network():
                return "network", self._digests[node.file], node.input_size, node.fit
            case Head():
                return "head", self._digests[node.file], *map(self._key, node.inputs)
            case Mean():
                return "mean", *map(self._key, node.inputs)
            case Confidence():
                return "confidence", node.threshold, self._key(node.cheap), self._key(node.costly)

    def _done(self, node: Node, photo: PhotoViews, memo: Memo) -> NodeOutput:
        key = self._keys[node]
        if key not in memo:
            inputs = self._inputs(node, photo, memo)
            compute = self._computation(node, photo)
            begin = time.perf_counter()
            value = compute([one.value for one in inputs])
            milliseconds = 1000 * (time.perf_counter() - begin)
            memo[key] = NodeOutput(value, milliseconds, frozenset([key]).union(*(one.needed for one in inputs)))
        return memo[key]

    def _inputs(self, node: Node, photo: PhotoViews, memo: Memo) -> list[NodeOutput]:
        """The outputs a node uses; the costly one of a confidence cascade only below the threshold."""
        if isinstance(node, Confidence):
            cheap = self._done(node.cheap, photo, memo)
            confident = cheap.value.max() >= node.threshold
            return [cheap] if confident else [cheap, self._done(node.costly, photo, memo)]
        return [self._done(one, photo, memo) for one in below(node)]

    def _computation(self, node: Node, photo: PhotoViews) -> Callable[[list[np.ndarray]], np.ndarray]:
        match node:
            case Network():
                square = photo.square(node.input_size, node.fit)[None]  # rendering is not part of the measured time
                return lambda _: self._files[node.file](square)
            case Head():
                return lambda values: self._files[node.file](_side_by_side(values))
            case Mean():
                return lambda values: np.asarray(np.mean(values, axis=0), np.float32)
            case Confidence():
                return lambda values: values[-1]

    def _warm_up(self) -> None:
        """Predicts one black photo: files that do not fit are found now, and the first prediction is not slower."""
        memo: Memo = {}
        try:
            for node in every_node(self.node):
                self._done(node, _Black(), memo)
            for node in self._probability_nodes(self.node):
                shape = memo[self._keys[node]].value.shape
                if shape != (1, self.classes):
                    raise ValueError(f"{shape[-1]} outputs, {self.classes} classes")
        except (ValueError, RuntimeError, IndexError) as error:
            raise Unavailable(f"The files of this model do not fit together: {error}") from None

    def _probability_nodes(self, node: Node) -> list[Node]:
        """The nodes whose outputs must be probabilities of the model's classes."""
        lower = below(node) if isinstance(node, Mean | Confidence) else ()
        return [node, *(one for child in lower for one in self._probability_nodes(child))]


class _Black:
    def square(self, size: int, _fit: Fit, /) -> np.ndarray:
        return np.zeros((size, size, 3), np.uint8)


def _side_by_side(values: list[np.ndarray]) -> np.ndarray:
    return values[0] if len(values) == 1 else np.concatenate(values, axis=1)


def _bytes_of(path: Path) -> int:
    return memory_of(path) if path.suffix in _NETWORKS else path.stat().st_size


def _open(path: Path, digest: str, workers: int | None) -> HeadFunction:
    """Loads a file; engines of the same digest are shared."""
    if path.suffix not in _NETWORKS:
        return load_head(path)
    key = digest, workers
    engine = _engines.get(key)
    if engine is None:  # two threads may open it at once; the later one is shared
        engine = _engines[key] = open_engine(path, workers=workers)
    return engine
