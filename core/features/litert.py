"""The engine of a CPU: LiteRT runs an exported network exactly, and several times faster than TensorFlow.

No TensorFlow here, because the web process predicts with it too. See docs/decisions/0002-features-engine.md.
"""

import os
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from core.errors import Unavailable

MOST_WORKERS = 8
"""Every worker has its own copy of the weights; with more cores, workers get several threads each."""


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


def open_interpreter(path: Path, threads: int, **options: Any) -> Any:
    """LiteRT's interpreter of a file, its tensors allocated.

    Raises:
        Unavailable: LiteRT cannot run the file.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(str(path), num_threads=threads, **options)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise Unavailable(f"{path.name} is no engine that can be run ({error}).") from None
    return interpreter


class LiteRTEngine:
    """One ``.tflite`` file, ready to run. Safe to call from several threads.

    Photos are run one by one, so that a photo's features never depend on its batch; batches are not faster here. For
    many photos use many workers of one thread each, for one photo one worker of many threads.

    Args:
        path: the file. threads: of every worker; all cores by default. workers: photos at the same time.

    Raises:
        Unavailable: LiteRT cannot run the file.
    """

    name = "LiteRT"
    batch = 8

    def __init__(self, path: Path, threads: int | None = None, workers: int = 1) -> None:
        self.workers = workers
        self._free: SimpleQueue = SimpleQueue()
        for _ in range(workers):
            self._free.put(_Network(path, threads or cores()))

    @classmethod
    def for_many(cls, path: Path) -> "LiteRTEngine":
        """An engine for throughput: one photo per core at a time."""
        workers = min(cores(), MOST_WORKERS)
        return cls(path, threads=max(1, cores() // workers), workers=workers)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, ...) of any dtype in the network's input shape -> (n, ...) float32 outputs."""
        network = self._free.get()
        try:
            outputs = [network(row) for row in rows]
        finally:
            self._free.put(network)
        return np.stack(outputs) if outputs else np.zeros((0, *network.output_shape), np.float32)


class _Network:
    """One interpreter; not safe to use from several threads."""

    def __init__(self, path: Path, threads: int) -> None:
        self._interpreter = open_interpreter(path, threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.output_shape = tuple(int(side) for side in output["shape"][1:])

    def __call__(self, row: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, row[None].astype(np.float32))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0])
