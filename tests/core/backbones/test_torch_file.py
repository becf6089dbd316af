"""Reading PyTorch's legacy weight files without PyTorch."""

import pickle
import struct
from collections import OrderedDict

import numpy as np
import pytest

from core.backbones.torch_file import MAGIC, read_tensors
from core.errors import InvalidInput


def _function(module: str, name: str):
    def stand_in(*_args):
        raise AssertionError("only ever named")

    stand_in.__module__, stand_in.__qualname__, stand_in.__name__ = module, name, name
    return stand_in


class _Pickler(pickle._Pickler):
    """Writes names of modules that are not there, as PyTorch would, and storages as persistent ids."""

    def persistent_id(self, obj):
        return obj if isinstance(obj, tuple) and obj and obj[0] == "storage" else None

    def save_global(self, obj, name=None):
        self.write(f"c{obj.__module__}\n{obj.__qualname__}\n".encode())
        self.memoize(obj)

    dispatch = dict(pickle._Pickler.dispatch)
    dispatch[type(_function)] = save_global


class _Tensor:
    def __init__(self, key, count, offset, size, stride, rebuild):
        storage = ("storage", _function("torch", "FloatStorage"), key, "cpu", count, None)
        self.reduced = (rebuild, (storage, offset, size, stride, False, OrderedDict()))

    def __reduce__(self):
        return self.reduced


def write(path, elements, *, size, stride, offset=0, rebuild=("torch._utils", "_rebuild_tensor_v2"), cut=None):
    """A legacy file with one tensor ``w``, a view of ``elements``."""
    rebuild = rebuild if callable(rebuild) else _function(*rebuild)
    tensor = _Tensor("1", len(elements), offset, size, stride, rebuild)
    with path.open("wb") as file:
        for value in (MAGIC, 1001, {}, {"w": tensor}, ["1"]):
            _Pickler(file, protocol=2).dump(value)
        file.write(struct.pack("<q", len(elements)) + np.asarray(elements, "<f4").tobytes()[:cut])
    return path


def test_a_plain_tensor_is_read_as_it_was_written(tmp_path):
    path = write(tmp_path / "w.pth", range(6), size=(2, 3), stride=(3, 1))
    assert read_tensors(path)["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_transposed_view_keeps_its_strides(tmp_path):
    path = write(tmp_path / "w.pth", range(6), size=(2, 3), stride=(1, 2))
    assert read_tensors(path)["w"].tolist() == [[0, 2, 4], [1, 3, 5]]


def test_an_offset_is_honoured(tmp_path):
    path = write(tmp_path / "w.pth", range(6), size=(2,), stride=(1,), offset=4)
    assert read_tensors(path)["w"].tolist() == [4, 5]


@pytest.mark.parametrize(
    "view",
    [
        {"size": (7,), "stride": (1,)},
        {"size": (2, 3), "stride": (3, 2)},
        {"size": (2,), "stride": (1,), "offset": 5},
        {"size": (2,), "stride": (-1,), "offset": 1},
    ],
    ids=["too long", "strides too wide", "offset too far", "backwards"],
)
def test_a_view_outside_its_storage_is_refused(tmp_path, view):
    with pytest.raises(InvalidInput, match="outside its storage"):
        read_tensors(write(tmp_path / "w.pth", range(6), **view))


def test_a_file_that_names_anything_else_is_refused_and_nothing_is_called(tmp_path):
    victim = tmp_path / "victim"
    path = tmp_path / "evil.pth"
    path.write_bytes(f"cos\nmkdir\n(V{victim}\ntR.".encode())
    with pytest.raises(InvalidInput, match="may not use os.mkdir"):
        read_tensors(path)
    assert not victim.exists()


def test_a_tensor_rebuilt_by_another_function_is_refused(tmp_path):
    path = write(tmp_path / "w.pth", range(6), size=(6,), stride=(1,), rebuild=("builtins", "eval"))
    with pytest.raises(InvalidInput, match="may not use builtins.eval"):
        read_tensors(path)


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"PK\x03\x04 a zip"])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="x.pth is not a PyTorch weights file"):
        read_tensors(path)


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    path = write(tmp_path / "w.pth", range(6), size=(6,), stride=(1,), cut=-4)
    with pytest.raises(InvalidInput, match="cut off"):
        read_tensors(path)
