"""Network inputs, batch by batch in a given order: from memory, from a file of features, or from the photos."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import tensorflow as tf

from core.errors import GraftError

BATCHES_AHEAD = 2
"""Per worker."""


class Feed(Protocol):
    """The inputs of one split in one view, row by row.

    Args:
        in_memory: whether an epoch may be one call of TensorFlow; else the trainer can be stopped between batches.
        problem: the error that reading raised; TensorFlow would hide it in one of its own.
    """

    in_memory: bool
    problem: GraftError | None
    shape: tuple[int, ...]

    def __len__(self) -> int: ...

    def batches(self, order: np.ndarray, size: int, *columns: np.ndarray) -> tf.data.Dataset:
        """(inputs, *columns) of the rows ``order``; ``columns`` are already in that order."""
        ...


class Vectors:
    """Features in memory (n, d). Built from arrays: three times faster than a ``PyDataset``."""

    in_memory = True
    problem: GraftError | None = None

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape = array.shape[1:]

    def __len__(self) -> int:
        return len(self.array)

    def batches(self, order: np.ndarray, size: int, *columns: np.ndarray) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices((self.array[order], *columns)).batch(size)


class Streamed:
    """Inputs that do not fit into memory or are computed when needed: read by threads, a few batches ahead.

    Own threads, because with deterministic operations ``tf.data`` calls Python for one batch at a time.

    Args:
        read: row numbers -> float32 (n, *shape); safe to call from ``workers`` threads.
    """

    in_memory = False

    def __init__(self, read: Callable[[np.ndarray], np.ndarray], rows: int, shape: Sequence[int], workers: int) -> None:
        self._read, self._rows, self._workers = read, rows, workers
        self.shape = tuple(shape)
        self.problem: GraftError | None = None

    def __len__(self) -> int:
        return self._rows

    def batches(self, order: np.ndarray, size: int, *columns: np.ndarray) -> tf.data.Dataset:
        starts = range(0, len(order), size)

        def generate() -> Iterator[tuple]:
            wanted = (order[start : start + size] for start in starts)
            for start, inputs in zip(starts, self._in_order(wanted), strict=True):
                yield inputs, *(column[start : start + size] for column in columns)

        signature = (
            tf.TensorSpec((None, *self.shape), tf.float32),
            *(tf.TensorSpec((None, *column.shape[1:]), column.dtype) for column in columns),
        )
        batches = tf.data.Dataset.from_generator(generate, output_signature=signature)
        return batches.apply(tf.data.experimental.assert_cardinality(len(starts))).prefetch(1)

    def _in_order(self, wanted: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        pending: deque = deque()
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                for rows in wanted:
                    pending.append(pool.submit(self._read_or_remember, rows))
                    if len(pending) > BATCHES_AHEAD * self._workers:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _read_or_remember(self, rows: np.ndarray) -> np.ndarray:
        try:
            return self._read(rows)
        except GraftError as error:
            self.problem = error
            raise
