"""Reads tensors from PyTorch's legacy weight files without PyTorch and without running anything from the file.

Format (``torch.save`` before 1.6): five pickles (magic number, protocol, system, the dictionary of tensors, the order
of the storages), then each storage as a little-endian int64 count followed by its raw elements. A tensor is a view
of a storage given by offset, size and stride; many are transposed views, so the strides must be honoured.
"""

import pickle
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from core.errors import InvalidInput

MAGIC = 0x1950A86A20F9469CFC6C


class _Storage(NamedTuple):
    dtype: str
    key: str
    length: int


@dataclass(frozen=True)
class _View:
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    def read(self, elements: np.ndarray) -> np.ndarray:
        """A contiguous copy of the view of ``elements`` (1-D)."""
        last = self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        if min((self.offset, *self.stride), default=0) < 0 or last >= len(elements):
            raise InvalidInput(f"A tensor of the weights file lies outside its storage. Received: {self}")
        strides = [step * elements.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(elements[self.offset :], self.size, strides).copy()


def _view(storage: Any, offset: int, size: Any, stride: Any, _requires_grad: bool, _hooks: Any) -> _View:
    return _View(storage, offset, tuple(size), tuple(stride))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _view,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Unpickler(pickle.Unpickler):
    """Allows four names only, so that a file cannot run code."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise InvalidInput(f"A weights file may not use {module}.{name}: it was refused.") from None

    def persistent_load(self, pid: tuple) -> _Storage:
        _, dtype, key, _device, count, _whole = pid
        return _Storage(dtype, key, count)


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """All tensors of the file by name, as contiguous arrays (float32 or int64) in PyTorch's axis order.

    Raises:
        InvalidInput: the file is not in this format, is cut off, or names anything but tensors.
    """
    with path.open("rb") as file:
        try:
            return _read(file, lambda: _Unpickler(file).load())
        except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise InvalidInput(f"{path.name} is not a PyTorch weights file that can be read: {error}") from error


def _read(file: BinaryIO, unpickle: Callable[[], Any]) -> dict[str, np.ndarray]:
    if unpickle() != MAGIC:
        raise ValueError("wrong magic number")
    unpickle()  # protocol
    unpickle()  # sizes and byte order of the system that wrote it
    views: dict[str, _View] = unpickle()
    order: list[str] = unpickle()
    kinds = {view.storage.key: view.storage for view in views.values()}
    storages = {key: _elements(file, kinds[key]) for key in order}
    return {name: view.read(storages[view.storage.key]) for name, view in views.items()}


def _elements(file: BinaryIO, storage: _Storage) -> np.ndarray:
    count = int.from_bytes(file.read(8), "little")
    data = file.read(count * np.dtype(storage.dtype).itemsize)
    elements = np.frombuffer(data, storage.dtype)
    if len(elements) != count or count != storage.length:
        raise ValueError("cut off")
    return elements
