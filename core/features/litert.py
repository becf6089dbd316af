"""The engine of a CPU: LiteRT runs an exported network exactly and several times faster than TensorFlow.

No TensorFlow here: the web process predicts with it too. See docs/decisions/0002-features-engine.md.
"""

import os
from pathlib import Path
from queue import SimpleQueue

import numpy as np

MOST_WORKERS = 8
"""Every worker keeps its own copy of the weights; beyond this, workers get several threads each instead."""


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


class LiteRTEngine:
    """One ``.tflite`` file, ready to run. Safe to call from several threads.

    Photos are run one by one, so that a photo's features never depend on its neighbours; batches are not faster
    here. Many photos want many workers of one thread each, one photo wants one worker of many threads.

    Args:
        path: the file. threads: of every worker; all cores by default. workers: photos at the same time.
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
        """Set up for throughput: the cores shared out among single photos."""
        workers = min(cores(), MOST_WORKERS)
        return cls(path, threads=max(1, cores() // workers), workers=workers)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, ...) numbers of any type in the network's input shape -> (n, ...) float32 outputs."""
        network = self._free.get()
        try:
            outputs = [network(row) for row in rows]
        finally:
            self._free.put(network)
        return np.stack(outputs) if outputs else np.zeros((0, *network.output_shape), np.float32)


class _Network:
    """One interpreter; not safe to share while it runs."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        output = self._interpreter.get_output_details()[0]
        self._output = output["index"]
        self.output_shape = tuple(int(side) for side in output["shape"][1:])

    def __call__(self, row: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input, row[None].astype(np.float32))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[0]
