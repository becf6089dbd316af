"""The engine of ONNX networks: onnxruntime in processes of their own, so that neither the web process nor a trainer
imports it, and a file that crashes it costs one sentence."""

import json
import math
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np

from core.datasets.decoding.sandbox import environment
from core.errors import Unavailable
from core.features.litert import MOST_WORKERS, cores
from core.runs.costs import unwatch, watch
from core.settings import REPOSITORY

SECONDS = 120.0
"""Longest wait for the process to open a file, or to compute one call."""


def workers_for_many() -> int:
    """Processes that compute the photos of a pass at the same time."""
    return min(cores(), MOST_WORKERS)


def onnx_process_bytes(weights: int) -> int:
    """Peak memory of one process with onnxruntime and a network whose weights have so many bytes.

    Measured: 94 to 104 MB with MobileNetV2 (9 MB), 414 MB with ResNet50 (94 MB), at 224 and 448 px.
    """
    return 70 * 10**6 + 4 * weights


class OnnxEngine:
    """One ``.onnx`` file of ``core.backbones.onnx.rewriting.up_to``, ready to run. Safe to call from several threads.

    Photos are run one by one, as ``LiteRTEngine`` does. The processes end with the engine.

    Args:
        path: the file. threads: of every worker; all cores by default. workers: photos at the same time.

    Raises:
        Unavailable: onnxruntime cannot run the file.
    """

    name = "ONNX Runtime"
    batch = 8

    def __init__(self, path: Path, threads: int | None = None, workers: int = 1) -> None:
        self.workers, self._path, self._threads = workers, path, threads or cores()
        self._free: SimpleQueue[_Process] = SimpleQueue()
        started = [_Process(path, self._threads) for _ in range(workers)]
        for process in started:
            process.wait_until_ready()
            self._free.put(process)

    @classmethod
    def for_many(cls, path: Path) -> "OnnxEngine":
        """An engine for throughput: one photo per core at a time."""
        workers = workers_for_many()
        return cls(path, threads=max(1, cores() // workers), workers=workers)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """(n, ...) of any dtype in the network's input shape -> (n, ...) float32 outputs.

        Raises:
            Unavailable: onnxruntime cannot compute them, or its process ended; the next call starts another one.
        """
        process = self._free.get()
        try:
            if process.has_ended:
                process = _Process(self._path, self._threads)
                process.wait_until_ready()
            return process(rows)
        finally:
            self._free.put(process)


class _Process:
    """One child process (``onnx_child``); not safe to use from several threads."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._child = subprocess.Popen(
            [sys.executable, "-m", "core.features.onnx_child", str(path.absolute()), str(threads)],
            cwd=REPOSITORY,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        watch(self._child.pid)
        weakref.finalize(self, _end, self._child)

    @property
    def has_ended(self) -> bool:
        return self._child.poll() is not None

    def wait_until_ready(self) -> None:
        self._header()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        rows = np.ascontiguousarray(rows if rows.dtype == np.uint8 else rows.astype(np.float32))
        header = json.dumps({"shape": rows.shape, "dtype": str(rows.dtype)}).encode() + b"\n"
        assert self._child.stdin is not None and self._child.stdout is not None
        with suppress(BrokenPipeError):  # it has ended; there will be no answer
            self._child.stdin.write(header)
            self._child.stdin.write(rows.data)
            self._child.stdin.flush()
        timer = self._timer()
        try:
            shape = self._header()["shape"]
            data = self._child.stdout.read(length := 4 * math.prod(shape))
            if len(data) < length:
                raise self._ended()
            return np.frombuffer(data, np.float32).reshape(shape)
        finally:
            timer.cancel()

    def _header(self) -> dict[str, Any]:
        assert self._child.stdout is not None
        timer = self._timer()
        try:
            line = self._child.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise self._ended()
        header: dict[str, Any] = json.loads(line)
        if "error" in header:
            raise Unavailable(f"onnxruntime cannot run {self._path.name} ({header['error']}).")
        return header

    def _timer(self) -> threading.Timer:
        """Ends the child where it does not answer."""
        timer = threading.Timer(SECONDS, self._child.kill)
        timer.daemon = True
        timer.start()
        return timer

    def _ended(self) -> Unavailable:
        code = self._child.wait()
        return Unavailable(
            f"The process that runs {self._path.name} ended (exit code {code}): onnxruntime is missing (run `make "
            "setup`), the file needs too much memory or time, or it was killed."
        )


def _end(child: subprocess.Popen) -> None:
    """Ends the child at once: it has nothing to lose."""
    child.kill()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    child.wait()
    unwatch(child.pid)
