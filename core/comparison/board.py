"""All runs of a dataset, thousands of them, as columns of NumPy: what they are folded and sorted by."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from core.comparison.board_columns import Columns, columns_of, gathered, hashes, updated
from core.comparison.cost_axes import MONEY
from core.registry.board import BoardChanges, BoardRevision
from core.registry.search import RunQuery

T = TypeVar("T")

_RESULTS = (
    "number", "run_id", "accuracy", "alone_wall_seconds", "created_at", "family", "fingerprint", "right", "known",
    "photos",
)  # fmt: skip
_NAMES = ("number", "name")
_MOST_WORDS = 4
_MOST_KEPT, _LARGEST_KEPT = 16, 400_000
"""Results that a board remembers, and the sum of their runs."""
_words_lock = threading.Lock()


class Board:
    """All runs of a dataset as columns, and what is derived from them; it never changes."""

    def __init__(self, columns: Columns, revision: BoardRevision, former: "Board | None" = None) -> None:
        self._columns = columns
        self.revision = revision
        self._memory = _Memory(len(self))
        self._results: _Memory = former._results if former and former._shares(columns, _RESULTS) else _Memory(len(self))
        self._names: _Memory = former._names if former and former._shares(columns, _NAMES) else _Memory(len(self))
        self._words: dict[Hashable, tuple[int, np.ndarray]] = former._words if former else {}

    def _shares(self, columns: Columns, names: Iterable[str]) -> bool:
        """Whether what this board remembers of some of its columns is true of ``columns``."""
        return all(self._columns[name] is columns[name] for name in names)

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> "Board":
        """From lists of equal length with the names of ``registry.board_changes``, None for what is not known."""
        return cls(columns_of(columns), BoardRevision())

    @classmethod
    def read(cls, changes: BoardChanges) -> "Board":
        """From all runs of a dataset."""
        return cls(gathered(map(columns_of, changes.parts), changes.count), changes.revision)

    def brought_up_to_date(self, changes: BoardChanges) -> "Board":
        """The board after ``changes`` since its revision."""
        changed = gathered(map(columns_of, changes.parts), changes.count)
        return Board(updated(self._columns, changed, changes.numbers), changes.revision, self)

    def with_columns(self, columns: Mapping[str, np.ndarray]) -> "Board":
        """The same runs with other values in some columns."""
        return Board({**self._columns, **columns}, self.revision)

    def __len__(self) -> int:
        return len(self._columns["number"])

    def __contains__(self, run_id: object) -> bool:
        return isinstance(run_id, str) and self.row_of(run_id) is not None

    @property
    def run_ids(self) -> np.ndarray:
        """(n,) ids, whose elements are ``str``."""
        return self._columns["run_id"]

    def number(self, key: str, rate_per_hour: float | None = None) -> np.ndarray:
        """(n,) values of a key of ``KEYS``, NaN where not measured; money at ``rate_per_hour``."""
        if key in MONEY:
            rate = np.nan if rate_per_hour is None else rate_per_hour
            return self.number(MONEY[key]) / 3600 * rate  # to the last bit as in ``costs.money``
        return self._columns[key].astype(np.float64, copy=False)

    def mark(self, name: str) -> np.ndarray:
        """(n,) booleans: ``starred``, ``archived`` or ``has_weights``."""
        return self._columns[name]

    @property
    def name_ranks(self) -> np.ndarray:
        """(n,) rank of each name in alphabetical order, regardless of case."""
        return self._names.remembered("ranks", self._name_ranks)

    def _name_ranks(self) -> np.ndarray:
        names = self._columns["name"]
        order = np.argsort(names, kind="stable")
        ordered = names[order]
        ranks = np.empty(len(names))
        ranks[order] = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]])[: len(names)])
        return ranks

    @property
    def families(self) -> np.ndarray:
        """(n,) group numbers: measured repetitions of one recipe share one, every other run has its own."""
        return self._results.remembered("families", self._families)

    def _families(self) -> np.ndarray:
        alone = np.isnan(self.number("accuracy")) | (self._columns["family"] == 0)
        codes = _codes(self._columns["family"])
        return np.where(alone, len(self) + np.arange(len(self)), codes).astype(np.int32)

    @property
    def fingerprints(self) -> np.ndarray:
        """(n,) group numbers: runs with the same fingerprint and seed share one."""
        return self._results.remembered("fingerprints", lambda: _codes(self._columns["fingerprint"]))

    @property
    def bits(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, words) uint64 of which photos each run predicted correctly, and (n,) whether that is known.

        Runs evaluated on another number of photos than most are left out: they cannot be compared with the others.
        """
        known = self._columns["known"]
        usual = self._results.remembered("photos", lambda: _most_common(self.photos[known]))
        return self._columns["right"].view(np.uint64), known & (self.photos == usual)

    @property
    def photos(self) -> np.ndarray:
        """(n,) number of test photos each run was evaluated on, 0 where it was not."""
        return self._columns["photos"]

    def row_of(self, run_id: str) -> int | None:
        """The row number of a run; None when it is not on the board."""
        order, ordered = self._results.remembered("ids", self._ids_in_order)
        (wanted,) = hashes([run_id])
        for place in range(int(np.searchsorted(ordered, wanted)), int(np.searchsorted(ordered, wanted, "right"))):
            if self.run_ids[order[place]] == run_id:
                return int(order[place])
        return None

    def _ids_in_order(self) -> tuple[np.ndarray, np.ndarray]:
        """(n,) row numbers in the order of the hashes of the ids, and these hashes."""
        known = self._columns["id_hash"]
        order = np.argsort(known).astype(np.int32)
        return order, known[order]

    def with_words(self, key: Hashable, find: Callable[[int], Sequence[int]]) -> np.ndarray:
        """(n,) whether runs match a search in their texts; only those are searched that changed since the last time.

        Args:
            key: what is searched for.
            find: the numbers of the matching runs among those that changed after a revision; -1: among all.
        """
        with _words_lock:
            since, before = self._words.get(key, (-1, np.zeros(0, dtype=np.int64)))
        found = np.array(find(since), dtype=np.int64)
        numbers = self._columns["number"]
        there = np.isin(numbers, found) | (np.isin(numbers, before) & (self._columns["revision"] <= since))
        with _words_lock:
            self._words.pop(key, None)
            self._words[key] = self.revision.number, numbers[there]
            while len(self._words) > _MOST_WORDS:
                del self._words[next(iter(self._words))]
        return there

    def matching(self, query: RunQuery) -> np.ndarray:
        """(n,) whether runs match all conditions of a query but its text and its tags."""
        there = np.ones(len(self), dtype=bool)
        for name, values in (("status", query.statuses), ("pattern", query.patterns), ("backbone", query.backbones)):
            if values:
                there &= np.isin(self._columns[name], hashes(map(str, values)).astype(np.int32))
        for name, wanted in (("starred", query.starred), ("has_weights", query.with_model)):
            if wanted:
                there &= self._columns[name]
        return there if query.archived else there & ~self._columns["archived"]

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` returned when it was last asked for ``key``; a board never changes."""
        return self._memory.remembered(key, compute)

    def remembered_results(self, key: Hashable, rows: np.ndarray, compute: Callable[[], T]) -> T:
        """As ``remembered``, and kept by later boards until the results of a run change, or runs come or go.

        Args:
            rows: (m,) row numbers that the result is about, a part of its key.
            compute: may read ids, times of creation, families, fingerprints, bits, accuracy and training time.
        """
        chosen = np.zeros(len(self), dtype=bool)
        chosen[rows] = True
        return self._results.remembered((key, np.packbits(chosen).tobytes()), compute)


class _Memory:
    """The results that were asked for last."""

    def __init__(self, runs: int) -> None:
        self._most = min(_MOST_KEPT, max(6, _LARGEST_KEPT // max(1, runs)))
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.RLock()

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        with self._lock:
            value: T = self._kept[key] if key in self._kept else compute()
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            return value


def _codes(values: np.ndarray) -> np.ndarray:
    """(n,) equal numbers below n for equal values."""
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int32)


def _most_common(sizes: np.ndarray) -> int:
    """Of equally common ones the largest; 0 without any."""
    counts = np.bincount(sizes) if len(sizes) else np.zeros(1)
    return len(counts) - 1 - int(np.argmax(counts[::-1]))
