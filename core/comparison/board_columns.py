"""The columns of a board as compact arrays, about 350 bytes a run: made from values, joined, and brought up to date."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from core.comparison.cost_axes import COSTS, MONEY, SCORES
from core.registry.search_text import normalised

KEYS = (*SCORES, *COSTS, "best_epoch", "epochs_done", "created_at")
"""The numbers of a run."""
MEASURED = tuple(key for key in KEYS if key not in MONEY)
HASHED = ("status", "fingerprint", "family", "pattern", "backbone")
MARKS = ("starred", "archived", "has_weights")
TEXT = np.dtypes.StringDType()
"""Short texts lie in the array itself, long ones in one block behind it: a third of the memory of Python's."""

Columns = dict[str, np.ndarray]
"""(n,) arrays by name, in descending order of ``number``. Arrays are never written to once they are in a board.

``number`` and ``revision`` int64; ``run_id`` text; ``name`` normalised text; hashes of ``HASHED`` and of the id
(``id_hash``), int64 (``FEW``: int32), 0 for an empty text; ``MARKS`` as booleans; ``MEASURED`` as float64, NaN where
not measured; float32 and int32 in place of 64 bits where no value is changed by it;
``right`` (n, width) uint8, which test photos a run predicted correctly, width a multiple of 8; ``known`` boolean,
whether that is so; ``photos`` int32, of how many test photos, 0 where not measured.
"""


FEW = ("status", "pattern", "backbone")
"""Hashed with 32 bits: two of 100 different texts have the same with a probability of 1e-6."""


def hashes(texts: Iterable[str]) -> np.ndarray:
    """(n,) int64; two of 100,000 different texts have the same hash with a probability of 3e-10."""
    return np.array([hash(text) if text else 0 for text in texts], dtype=np.int64)


def columns_of(values: Mapping[str, Sequence[Any]]) -> Columns:
    """From lists of equal length with the names of ``registry.board_changes``; all but ``run_id`` may be missing.

    Without ``number`` the runs are in the order of the lists, the last added first.
    """
    count = len(values["run_id"])
    found: Columns = {"number": np.array(values.get("number", range(count, 0, -1)), dtype=np.int64)}
    found["revision"] = np.array(values.get("revision", [0] * count), dtype=np.int64)
    found["run_id"] = np.array(values["run_id"], dtype=TEXT)
    found["name"] = np.array([normalised(name) for name in values.get("name", [""] * count)], dtype=TEXT)
    found |= {key: hashes(values.get(key, [""] * count)) for key in HASHED}
    found |= {key: found[key].astype(np.int32) for key in FEW}
    found["id_hash"] = hashes(values["run_id"])
    found |= {key: np.array(values.get(key, [False] * count), dtype=bool) for key in MARKS}
    found |= {key: np.array(values.get(key, [None] * count), dtype=np.float64) for key in MEASURED}  # None becomes NaN
    rights, photos = values.get("right", [None] * count), [n or 0 for n in values.get("n", [None] * count)]
    found["photos"], found["right"] = np.array(photos, dtype=np.int32), _packed(rights)
    known = [right is not None and 8 * len(right) >= n > 0 for right, n in zip(rights, photos, strict=True)]
    found["known"] = np.array(known, dtype=bool)
    return _sorted(found)


def _packed(rights: Sequence[bytes | None]) -> np.ndarray:
    width = max((-(-len(right) // 8) * 8 for right in rights if right), default=0)
    data = b"".join((right or b"").ljust(width, b"\0") for right in rights)
    return np.frombuffer(data, np.uint8).reshape(len(rights), width)


def gathered(parts: Iterable[Columns], count: int) -> Columns:
    """The columns of all parts, which have ``count`` runs; room is made once, so that no part is left on the heap."""
    found: Columns = {}
    start = 0
    for part in parts:
        found = found or {key: np.empty((count, *column.shape[1:]), column.dtype) for key, column in part.items()}
        width = max(found["right"].shape[1], part["right"].shape[1])
        found["right"], part["right"] = _widened(found["right"], width), _widened(part["right"], width)
        end = start + len(part["number"])
        for key, column in part.items():
            found[key][start:end] = column
        start = end
    return narrowed(_sorted(found)) if found else columns_of({"run_id": ()})


def narrowed(columns: Columns) -> Columns:
    """With half the bytes a number in the columns where that changes no value: not measured, counts, whole pages."""
    return {key: _narrowed(column) for key, column in columns.items()}


def _narrowed(column: np.ndarray) -> np.ndarray:
    half = {"f8": np.float32, "i8": np.int32}.get(column.dtype.str[1:])
    if half is None:
        return column
    with np.errstate(over="ignore"):
        small = column.astype(half)
    return small if np.array_equal(small, column, equal_nan=column.dtype.kind == "f") else column


def updated(old: Columns, changed: Columns, numbers: Sequence[int] | None = None) -> Columns:
    """``old`` with changed and added runs, without deleted ones. A column that is the same is the same array.

    Args:
        numbers: of all runs that are still there; None when none was deleted.
    """
    width = max(old["right"].shape[1], changed["right"].shape[1])
    changed = changed | {"right": _widened(changed["right"], width)}
    old = old if old["right"].shape[1] == width else old | {"right": _widened(old["right"], width)}
    place = np.searchsorted(-old["number"], -changed["number"])
    known = np.zeros(len(place), dtype=bool)
    inside = place < len(old["number"])
    known[inside] = old["number"][place[inside]] == changed["number"][inside]
    found = {key: _replaced(column, place[known], changed[key][known]) for key, column in old.items()}
    if numbers is not None:
        there = np.isin(found["number"], np.array(numbers, dtype=np.int64))
        found = found if there.all() else {key: column[there] for key, column in found.items()}
    if known.all():
        return found
    return _sorted({key: np.concatenate([changed[key][~known], column]) for key, column in found.items()})


def _replaced(column: np.ndarray, rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    if np.array_equal(column[rows], values, equal_nan=column.dtype.kind == "f"):
        return column
    copy = column.copy() if column.dtype == values.dtype else column.astype(np.result_type(column, values))
    copy[rows] = values
    return copy


def _widened(right: np.ndarray, width: int) -> np.ndarray:
    return right if right.shape[1] == width else np.pad(right, ((0, 0), (0, width - right.shape[1])))


def _sorted(columns: Columns) -> Columns:
    """In descending order of ``number``: the last added first, as most often they are already."""
    numbers = columns["number"]
    if (numbers[1:] < numbers[:-1]).all():
        return columns
    order = np.argsort(-numbers)
    return {key: column[order] for key, column in columns.items()}
