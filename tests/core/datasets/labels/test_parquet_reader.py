"""The child process that reads the labels in a Parquet file."""

import json
import subprocess
import sys

from core.datasets.decoding.sandbox import Task, environment
from core.settings import REPOSITORY
from tests.core.datasets.parquet_uploads import parquet_of


def answer(path) -> dict:
    process = subprocess.run(
        [sys.executable, "-m", "core.datasets.labels.parquet_reader"],
        cwd=REPOSITORY,
        env=environment(),
        input=Task(index=0, path=path).line(),
        capture_output=True,
        timeout=60,
    )
    assert process.returncode == 0, process.stderr.decode()
    return json.loads(process.stdout)


def test_it_answers_with_columns_and_rows(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet_of(0, [1, 0], names=["cat", "dog"]))
    assert answer(path) == {"image": "image", "columns": ["label"], "rows": [["dog"], ["cat"]]}


def test_it_answers_with_a_reason(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no")
    assert answer(path) == {"reason": "is damaged or no Parquet file"}
