"""All runs of a dataset, thousands of them, as columns of NumPy: what they are folded and sorted by."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from core.comparison.cost_axes import COSTS, MONEY, SCORES
from core.registry.search_text import normalised

T = TypeVar("T")

KEYS = (*SCORES, *COSTS, "best_epoch", "epochs_done", "created_at")
"""The numbers of a run."""

_KEPT = 16
"""Results that ``remembered`` keeps."""


class Board:
    """All runs of a dataset as columns, and what is derived from them; it never changes."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self.run_ids: list[str] = list(columns["run_id"])
        self._columns = columns
        self._memory: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self.numbers = {key: _numbers(columns[key]) for key in KEYS if key in columns}

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> "Board":
        """From ``registry.board``: lists of equal length, None for what is not known."""
        return cls(columns)

    def is_made_of(self, columns: Mapping[str, Sequence[Any]]) -> bool:
        """Whether these are its columns: most writes to a registry concern no run of the dataset."""
        return self._columns == columns

    def __len__(self) -> int:
        return len(self.run_ids)

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._row_of

    def cell(self, run_id: str, key: str) -> Any:
        """The value of a column of ``registry.board`` for a run of the board."""
        return self._columns[key][self._row_of[run_id]]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {run_id: row for row, run_id in enumerate(self.run_ids)}

    def number(self, key: str, rate_per_hour: float | None = None) -> np.ndarray:
        """(n,) values of a key of ``KEYS``, NaN where not measured; money at ``rate_per_hour``."""
        if key in MONEY:
            rate = np.nan if rate_per_hour is None else rate_per_hour
            return self.number(MONEY[key]) / 3600 * rate  # to the last bit as in ``costs.money``
        found = self.numbers.get(key)
        return np.full(len(self), np.nan) if found is None else found

    @cached_property
    def name_ranks(self) -> np.ndarray:
        """(n,) rank of each name in alphabetical order, regardless of case."""
        names = np.array([normalised(name) for name in self._columns["name"]])
        return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.float64)

    @cached_property
    def families(self) -> np.ndarray:
        """(n,) group numbers: measured repetitions of one recipe share one, every other run has its own."""
        alone = np.isnan(self.number("accuracy")) | np.array([not family for family in self._columns["family"]], bool)
        return np.where(alone, len(self) + np.arange(len(self)), _codes(self._columns["family"]))

    @cached_property
    def fingerprints(self) -> np.ndarray:
        """(n,) group numbers: runs with the same fingerprint and seed share one."""
        return _codes(self._columns["fingerprint"])

    @cached_property
    def bits(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, words) uint64 of which photos each run predicted correctly, and (n,) whether that is known.

        Runs evaluated on another number of photos than most are left out: they cannot be compared with the others.
        """
        rights = self._columns["right"]
        sizes = [(len(right), n) if right else None for right, n in zip(rights, self._columns["n"], strict=True)]
        usual = Counter(size for size in sizes if size).most_common(1)
        length = usual[0][0][0] if usual else 0
        known = np.array([bool(usual) and size == usual[0][0] for size in sizes], dtype=bool)
        packed = np.zeros((len(self), -(-length // 8) * 8), np.uint8)
        if length:
            data = b"".join(right for right, there in zip(rights, known.tolist(), strict=True) if there)
            packed[known, :length] = np.frombuffer(data, np.uint8).reshape(-1, length)
        return packed.view(np.uint64), known

    def rows_of(self, run_ids: Iterable[str]) -> np.ndarray:
        """(m,) row numbers of those of the runs that are on the board, ascending."""
        rows = sorted(self._row_of[run_id] for run_id in run_ids if run_id in self._row_of)
        return np.array(rows, dtype=np.int64)

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` returned when it was last asked for ``key``; a board never changes."""
        with self._lock:
            value: T = self._memory[key] if key in self._memory else compute()
            self._memory[key] = value
            self._memory.move_to_end(key)
            while len(self._memory) > _KEPT:
                self._memory.popitem(last=False)
            return value


def _codes(values: Sequence[str]) -> np.ndarray:
    """(n,) equal numbers for equal texts."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], dtype=np.int64)


def _numbers(values: Sequence[Any]) -> np.ndarray:
    return np.array(values, dtype=np.float64)  # None becomes NaN
