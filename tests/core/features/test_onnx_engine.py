"""The engine of ONNX networks: it computes in processes of its own, which end with it and are counted."""

import gc
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import Unavailable
from core.features import onnx_engine
from core.features.onnx_engine import OnnxEngine
from core.runs.costs import spent_now
from core.settings import REPOSITORY
from tests.onnx_files import computed, residual

ROWS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "net.onnx"
    found.write_bytes(residual(channels_last=True).SerializeToString())
    return found


def expected() -> np.ndarray:
    made = residual(channels_last=True)
    return np.stack([computed(made, row[None].astype(np.float32))[0][0] for row in ROWS])


def children_of(engine: OnnxEngine) -> list[int]:
    found = [engine._free.get() for _ in range(engine.workers)]
    for one in found:
        engine._free.put(one)
    return [one._child.pid for one in found]


def test_it_computes_what_onnxruntime_does_in_several_threads(path):
    engine = OnnxEngine(path, threads=1, workers=2)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda start: engine(ROWS[start : start + 2]), (0, 2, 4)))
    np.testing.assert_allclose(np.concatenate(found), expected(), atol=1e-6)
    assert (engine.name, engine.workers) == ("ONNX Runtime", 2)


def test_its_processes_end_with_it(path):
    engine = OnnxEngine(path, threads=1)
    (pid,) = children_of(engine)
    del engine
    gc.collect()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_time_of_its_processes_is_counted_while_they_run_and_afterwards(path):
    before = spent_now()
    engine = OnnxEngine(path, threads=1)
    for _ in range(40):
        engine(ROWS)
    running = spent_now().minus(before).cpu_seconds
    assert running > 0.05
    del engine
    gc.collect()
    assert spent_now().minus(before).cpu_seconds >= running - 0.02


def test_a_process_that_is_killed_costs_at_most_one_call(path):
    """None where its end is seen before the call."""
    engine = OnnxEngine(path, threads=1)
    (pid,) = children_of(engine)
    os.kill(pid, signal.SIGKILL)
    try:
        engine(ROWS)
    except Unavailable as error:
        assert "The process that runs net.onnx ended" in str(error)
    np.testing.assert_allclose(engine(ROWS), expected(), atol=1e-6)
    assert children_of(engine) != [pid]


def test_a_file_that_takes_too_long_is_ended(path, monkeypatch):
    engine = OnnxEngine(path, threads=1)
    (pid,) = children_of(engine)
    monkeypatch.setattr(onnx_engine, "SECONDS", 0.3)
    os.kill(pid, signal.SIGSTOP)
    begin = time.monotonic()
    with pytest.raises(Unavailable, match="too much memory or time"):
        engine(ROWS)
    assert time.monotonic() - begin < 20


def test_a_damaged_file_is_one_sentence(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"nothing at all")
    with pytest.raises(Unavailable, match=r"onnxruntime cannot run broken\.onnx"):
        OnnxEngine(path)


def test_neither_the_engine_nor_what_it_imports_loads_onnxruntime(path):
    code = (
        "import sys; from pathlib import Path; import numpy as np; from core.features.engines import open_engine; "
        "import core.features.own_network; "
        f"open_engine(Path({str(path)!r}))(np.zeros((1, 32, 32, 3), np.uint8)); "
        "print('onnxruntime' in sys.modules, 'tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
