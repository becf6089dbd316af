"""Files of arrays: the same bytes for the same arrays, and one error for whatever happened to them on the disk."""

from contextlib import suppress

import numpy as np
import pytest

from core.files.arrays import Damaged, read_npz, write_npz

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(["x", "yz"]), "c": np.array(1.5)}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.npz"
    write_npz(path, ARRAYS)
    return path


def test_arrays_come_back_with_their_types_and_shapes(path):
    found = read_npz(path)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)


def test_the_same_arrays_give_the_same_bytes_and_no_draft_stays(path):
    before = path.read_bytes()
    write_npz(path, ARRAYS)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["some.npz"]


def test_a_missing_file_is_told_from_a_damaged_one(path):
    with pytest.raises(FileNotFoundError):
        read_npz(path.with_name("none.npz"))
    path.write_bytes(b"no archive")
    with pytest.raises(Damaged):
        read_npz(path)


def test_objects_are_not_unpickled(path):
    np.savez(path, a=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Damaged, match="allow_pickle"):
        read_npz(path)


def test_a_file_that_was_cut_or_changed_anywhere_is_damaged_or_whole_but_never_another_error(path):
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at])
        with pytest.raises(Damaged):
            read_npz(path)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with suppress(Damaged):
            read_npz(path)
