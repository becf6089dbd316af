"""Predictions of a run: the file is read back, and a missing or damaged one is named."""

import io
import zipfile
from random import Random

import numpy as np
import pytest

from core.comparison.paired import paired
from core.errors import InvalidInput, NotFound
from core.files.arrays import Damaged, read_npz
from core.files.home import run_folder
from core.runs.predictions import read_predictions
from core.settings import Settings
from tests.comparison_values import answers


def test_stored_answers_are_read_back(tmp_path):
    settings, kept = Settings(home=tmp_path), answers("r-1", "++-")
    folder = run_folder(settings, "r-1").path
    folder.mkdir(parents=True)
    np.savez(
        folder / "test.npz",
        digests=np.array(kept.digests),
        labels=kept.labels,
        probabilities=kept.probabilities.astype(np.float32),
    )
    read = read_predictions("r-1", "test", settings)
    assert read.digests == kept.digests
    assert read.accuracy == pytest.approx(2 / 3)
    assert paired(read, kept).difference == 0


def test_missing_and_damaged_answers_are_told_apart(tmp_path):
    settings = Settings(home=tmp_path)
    with pytest.raises(NotFound, match="Run r-1 has no predictions"):
        read_predictions("r-1", "test", settings)
    path = run_folder(settings, "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, digests=np.array(["p0"]), labels=np.array([0]), probabilities=np.ones((2, 2)))
    with pytest.raises(InvalidInput, match="do not fit together"):
        read_predictions("r-1", "test", settings)
    for damage in (b"", b"no npz", path.read_bytes()[:200]):
        path.write_bytes(damage)
        with pytest.raises(InvalidInput, match="damaged"):
            read_predictions("r-1", "test", settings)


def stored_answers(**changed) -> bytes:
    arrays = {
        "digests": np.array(["p0", "p1"]),
        "labels": np.array([0, 1]),
        "probabilities": np.array([[0.9, 0.1], [0.2, 0.8]], np.float32),
    }
    file = io.BytesIO()
    np.savez(file, **arrays | changed)
    return file.getvalue()


@pytest.mark.parametrize(
    "changed",
    [
        {"labels": np.array([0.0, 1.0])},
        {"labels": np.array(["0", "1"])},
        {"labels": np.array([0, 2])},
        {"labels": np.zeros((2, 1), int)},
        {"digests": np.array("p0")},
        {"digests": np.array([["p0"], ["p1"]])},
        {"digests": np.array(["p0", "p0"])},
        {"probabilities": np.array([["x", "y"], ["y", "x"]])},
        {"probabilities": np.zeros((2, 2), complex)},
        {"probabilities": np.full((2, 2), np.nan)},
        {"probabilities": np.full((2, 2), 7.0)},
        {"probabilities": np.array(0.5)},
        {"digests": np.array([], str), "labels": np.array([], int), "probabilities": np.zeros((0, 2))},
    ],
    ids=lambda changed: " ".join(f"{name} {one.dtype} {one.shape}" for name, one in changed.items()),
)
def test_arrays_that_are_no_answers_are_refused(tmp_path, changed):
    path = run_folder(Settings(home=tmp_path), "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(stored_answers(**changed))
    with pytest.raises(InvalidInput, match="Run r-1 has .* damaged"):
        read_predictions("r-1", "test", Settings(home=tmp_path))


def test_whatever_bytes_were_changed_a_file_is_read_or_called_damaged(tmp_path):
    path, random, whole = tmp_path / "test.npz", Random(1), stored_answers()
    refused = 0
    for _ in range(600):
        changed = bytearray(whole)
        for _ in range(random.choice([1, 3, 20])):
            changed[random.randrange(len(changed))] = random.randrange(256)
        path.write_bytes(changed)
        try:
            read_npz(path)
        except Damaged:
            refused += 1
    assert refused > 300


def test_a_file_that_lies_about_its_size_is_called_damaged(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10)})
    with zipfile.ZipFile(tmp_path / "test.npz", "w") as file:
        file.writestr("labels.npy", header.getvalue())
    with pytest.raises(Damaged, match="MemoryError"):
        read_npz(tmp_path / "test.npz")


def test_answers_are_never_unpickled(tmp_path):
    settings = Settings(home=tmp_path)
    path = run_folder(settings, "r-1").path / "test.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, digests=np.array(["p0"], dtype=object), labels=np.array([0]), probabilities=np.ones((1, 2)))
    with pytest.raises(InvalidInput, match="damaged"):
        read_predictions("r-1", "test", settings)


def test_what_comparisons_keep_of_a_run_is_small_and_shared():
    """Up to 500 runs are compared; a second copy of their probabilities would double the memory of that."""
    runs = [answers(f"r-{number}", "+-+-", reverse=True) for number in range(2)]
    kept = [run.sorted for run in runs]
    assert kept[0].digests == ("p0", "p1", "p2", "p3")
    assert kept[0].correct.tolist() == [True, False, True, False]
    assert kept[0].digests is kept[1].digests
    assert not hasattr(kept[0], "probabilities")
