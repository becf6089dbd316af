"""All runs of a dataset, thousands of them, as columns of NumPy: what they are filtered, folded and sorted by."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from core.comparison.cost_axes import COSTS

T = TypeVar("T")

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece")
MONEY = {"money": "wall_seconds", "alone_money": "alone_wall_seconds"}
KEYS = (*SCORES, *COSTS, "best_epoch", "epochs_done", "created_at")
"""The numbers of a run."""

_TEXTS = ("pattern", "backbone", "status")
_KEPT = 16
"""Selections whose lines are remembered."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which runs are listed.

    Args:
        text: words that must all occur in name, notes, tags, pattern, backbone or id, whatever their case.
        patterns, backbones, statuses: one of them; () for any. tags: all of them.
        starred: only starred runs. archived: archived ones too.
    """

    text: str = ""
    patterns: tuple[str, ...] = ()
    backbones: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ("FINISHED",)
    starred: bool = False
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What there is to filter by, with the number of runs: most common first."""

    patterns: Mapping[str, int]
    backbones: Mapping[str, int]
    tags: Mapping[str, int]
    statuses: Mapping[str, int]


class Board:
    """All runs of a dataset as columns, and what does not change while one looks at them."""

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

    def says(self, columns: Mapping[str, Sequence[Any]]) -> bool:
        """Whether it is made of just this: most of what is written to a registry concerns no run of the dataset."""
        return self._columns == columns

    def __len__(self) -> int:
        return len(self.run_ids)

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._row_of

    def cell(self, run_id: str, key: str) -> Any:
        """What a column of ``registry.board`` says of a run that is there."""
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
    def texts(self) -> list[str]:
        """What is searched, one text a run."""
        parts = [self._columns[key] for key in ("name", "notes", "pattern", "backbone", "run_id")]
        tags = [" ".join(tags) for tags in self._columns["tags"]]
        return ["\n".join(map(str, row)).casefold() for row in zip(*parts, tags, strict=True)]

    @cached_property
    def name_ranks(self) -> np.ndarray:
        """(n,) place of each name in the alphabet."""
        names = np.array([name.casefold() for name in self._columns["name"]])
        return np.unique(names, return_inverse=True)[1].reshape(-1).astype(np.float64)

    @cached_property
    def families(self) -> np.ndarray:
        """(n,) equal numbers for measured repetitions of one recipe; every other run has a number of its own."""
        alone = np.isnan(self.number("accuracy")) | np.array([not family for family in self._columns["family"]], bool)
        return np.where(alone, len(self) + np.arange(len(self)), _codes(self._columns["family"]))

    @cached_property
    def fingerprints(self) -> np.ndarray:
        """(n,) equal numbers for runs that did the same with the same seed."""
        return _codes(self._columns["fingerprint"])

    @cached_property
    def tagged(self) -> dict[str, np.ndarray]:
        """Row numbers of the runs with each tag."""
        found: dict[str, list[int]] = {}
        for row, tags in enumerate(self._columns["tags"]):
            for tag in tags:
                found.setdefault(tag, []).append(row)
        return {tag: np.array(rows) for tag, rows in found.items()}

    @cached_property
    def bits(self) -> tuple[np.ndarray, np.ndarray]:
        """(n, words) uint64 of which photos each run got right, and (n,) whether that is known.

        Runs that answered another number of photos than most are left out: they cannot be laid upon the others.
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

    def choices(self) -> Choices:
        """What there is to filter by among all runs."""
        counts = {key: dict(Counter(self._columns[key]).most_common()) for key in _TEXTS}
        tags = {tag: len(rows) for tag, rows in self.tagged.items()}
        return Choices(
            patterns=counts["pattern"],
            backbones={name: runs for name, runs in counts["backbone"].items() if name},
            tags=dict(sorted(tags.items(), key=lambda item: -item[1])),
            statuses=counts["status"],
        )

    def matching(self, filters: Filters) -> np.ndarray:
        """(m,) row numbers of the runs that pass."""
        keep = np.ones(len(self), dtype=bool)
        for key, wanted in (
            ("pattern", filters.patterns), ("backbone", filters.backbones), ("status", filters.statuses)
        ):  # fmt: skip
            if wanted:
                keep &= np.fromiter((value in wanted for value in self._columns[key]), bool, len(self))
        if filters.starred:
            keep &= np.array(self._columns["starred"], dtype=bool)
        if not filters.archived:
            keep &= ~np.array(self._columns["archived"], dtype=bool)
        for tag in filters.tags:
            having = np.zeros(len(self), dtype=bool)
            having[self.tagged.get(tag, [])] = True
            keep &= having
        for word in filters.text.casefold().split():
            keep &= np.fromiter((word in text for text in self.texts), bool, len(self))
        return np.flatnonzero(keep)

    def remembered(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` returned when it was last asked for ``key``; a board never changes."""
        with self._lock:
            if key not in self._memory:
                self._memory[key] = compute()
            self._memory.move_to_end(key)
            while len(self._memory) > _KEPT:
                self._memory.popitem(last=False)
            return self._memory[key]


def _codes(values: Sequence[str]) -> np.ndarray:
    """(n,) equal numbers for equal texts."""
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers[value] for value in values], dtype=np.int64)


def _numbers(values: Sequence[Any]) -> np.ndarray:
    return np.array(values, dtype=np.float64)  # None becomes NaN
