"""The process that runs one ONNX file: ``python -m core.features.onnx_child FILE THREADS``.

onnxruntime reads and runs a file that a stranger may have made, in C++; here it can harm this process only. The kernel
limits its memory, and it may write no file. On stdin come requests: a JSON line (``shape``, of uint8 or float32
``dtype``) and the array's bytes. Each is answered by a JSON line and the bytes of a float32 array, or by a line with
an ``error``. The process ends with stdin, so it never outlives its parent.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

MEMORY_BYTES, MEMORY_PER_BYTE = 3 * 2**30, 6
"""Address space of the process: a part for libraries and activations, and so much for every byte of the file."""


def main() -> None:
    path, threads = Path(sys.argv[1]), int(sys.argv[2])
    limit_memory(path.stat().st_size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        session = open_session(path.read_bytes(), threads)
    except onnx_errors() as error:
        _reply({"error": first_line(error)})
        return
    _reply({"ready": True})
    for line in sys.stdin.buffer:
        _answer(session, json.loads(line))


def limit_memory(file_bytes: int, base: int = MEMORY_BYTES) -> None:
    """Limits the address space of this process, and forbids core dumps."""
    most = base + MEMORY_PER_BYTE * file_bytes
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def open_session(model: bytes, threads: int) -> Any:
    """onnxruntime's session of a model, on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle workers must not keep cores busy
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def onnx_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its own errors have no common class."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [value for value in vars(state).values() if isinstance(value, type) and issubclass(value, Exception)]
    return (*own, RuntimeError, ValueError, TypeError, MemoryError)


def first_line(error: BaseException) -> str:
    """The first line of an error, shortened."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _answer(session: Any, request: dict) -> None:
    dtype = np.dtype(request["dtype"])
    rows = np.frombuffer(_read(int(np.prod(request["shape"])) * dtype.itemsize), dtype).reshape(request["shape"])
    name = session.get_inputs()[0].name
    try:  # one photo at a time, so that its features never depend on the others of a batch
        found = [session.run(None, {name: row[None].astype(np.float32)})[0] for row in rows]
        output = np.concatenate(found).astype(np.float32, copy=False)
    except onnx_errors() as error:
        _reply({"error": first_line(error)})
        return
    _reply({"shape": output.shape}, np.ascontiguousarray(output))


def _read(length: int) -> bytes:
    data = sys.stdin.buffer.read(length)
    if len(data) < length:
        sys.exit(0)  # the parent has ended
    return data


def _reply(header: dict, values: np.ndarray | None = None) -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n")
    if values is not None:
        sys.stdout.buffer.write(values.data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    main()
