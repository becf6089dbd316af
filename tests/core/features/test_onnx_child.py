"""The process that runs an ONNX file: requests and answers, limits, and its end."""

import json
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from core.features.onnx_child import MEMORY_BYTES, MEMORY_PER_BYTE, first_line
from core.settings import REPOSITORY
from tests.onnx_files import computed, residual


@pytest.fixture
def child(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(residual(channels_last=True).SerializeToString())
    with subprocess.Popen(
        [sys.executable, "-m", "core.features.onnx_child", str(path), "1"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert json.loads(process.stdout.readline()) == {"ready": True}
        yield process
        process.kill()


def asked(child, rows: np.ndarray) -> np.ndarray | str:
    child.stdin.write(json.dumps({"shape": rows.shape, "dtype": str(rows.dtype)}).encode() + b"\n" + rows.tobytes())
    child.stdin.flush()
    header = json.loads(child.stdout.readline())
    if "error" in header:
        return str(header["error"])
    return np.frombuffer(child.stdout.read(4 * int(np.prod(header["shape"]))), np.float32).reshape(header["shape"])


def test_photos_are_computed_one_by_one(child):
    rows = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    expected = [computed(residual(channels_last=True), row[None].astype(np.float32))[0][0] for row in rows]
    np.testing.assert_allclose(asked(child, rows), expected, atol=1e-6)
    np.testing.assert_allclose(asked(child, rows[:1].astype(np.float32)), expected[:1], atol=1e-6)


def test_a_wrong_shape_is_an_error_and_the_next_request_is_answered(child):
    found = asked(child, np.zeros((1, 16, 16, 3), np.uint8))
    assert isinstance(found, str)
    assert "invalid dimensions" in found
    assert isinstance(asked(child, np.zeros((1, 32, 32, 3), np.uint8)), np.ndarray)


def test_memory_and_files_are_limited(child, tmp_path):
    size = (tmp_path / "net.onnx").stat().st_size
    assert resource.prlimit(child.pid, resource.RLIMIT_AS)[0] == MEMORY_BYTES + MEMORY_PER_BYTE * size
    assert resource.prlimit(child.pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(child.pid, resource.RLIMIT_CORE) == (0, 0)


def test_it_ends_with_its_input(child):
    child.stdin.close()
    assert child.wait(timeout=20) == 0


def test_a_damaged_file_is_one_line(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"nothing")
    done = subprocess.run(
        [sys.executable, "-m", "core.features.onnx_child", str(path), "1"],
        cwd=REPOSITORY,
        input=b"",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert list(json.loads(done.stdout)) == ["error"]
    assert done.returncode != -signal.SIGSEGV


def test_errors_are_cut_to_one_line():
    assert first_line(ValueError("a\nb")) == "a"
    assert first_line(ValueError()) == "ValueError"
    assert len(first_line(ValueError("x" * 999))) == 200
