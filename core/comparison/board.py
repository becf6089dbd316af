"""The leaderboard of one dataset with thousands of runs: filtered, folded, sorted and cut into pages in NumPy."""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.comparison.kinds import COSTS
from core.comparison.statistics import SIGNIFICANCE, holm, mcnemar_many
from core.errors import InvalidInput

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece")
MONEY = {"money": "wall_seconds", "alone_money": "alone_wall_seconds"}
KEYS = (*SCORES, *COSTS, "best_epoch", "epochs_done", "created_at")
"""The numbers of a run; repetitions have their mean."""

SORTS = (*KEYS, "name")
_HIGH_IS_GOOD = frozenset({"accuracy", "balanced_accuracy", "macro_f1", "created_at", "best_epoch", "epochs_done"})
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
class Entry:
    """One line: a run, or the repetitions of one recipe.

    Args:
        run_id: the run shown: of repetitions the one whose accuracy is nearest their mean. run_ids: all of them.
        place: by accuracy among the lines, from 1; None without accuracy.
        values: by key of ``KEYS`` the mean of the repetitions in which it was measured, None if in none.
        spread: their sample standard deviation, None for fewer than two.
        tie: whether the difference of the run shown to the best could be chance (True for the best); None where it
            cannot be tested. p_value: McNemar's exact, corrected for all lines (Holm); None for the best.
    """

    run_id: str
    run_ids: tuple[str, ...]
    place: int | None
    values: Mapping[str, float | None]
    spread: Mapping[str, float | None]
    tie: bool | None
    p_value: float | None


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """A page of the leaderboard.

    Args:
        lines: in all, of which ``entries`` begins at ``start``; runs: that match, which are more where they are folded.
        best: the run every other line is tested against: the first by place whose answers are known.
    """

    entries: tuple[Entry, ...]
    lines: int
    runs: int
    best: str | None
    start: int


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What there is to filter by, with the number of runs: most common first."""

    patterns: Mapping[str, int]
    backbones: Mapping[str, int]
    tags: Mapping[str, int]
    statuses: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """The lines of one selection, in no order.

    Args:
        rows: (m,) numbers of the matching runs; of_line: (m,) the line of each.
        shown: (k,) row number of the run shown on each line; place: (k,) 1.., 0 without accuracy.
        p_values: (k,) adjusted; NaN where not tested. best: the line tested against, None without any.
    """

    rows: np.ndarray
    of_line: np.ndarray
    shown: np.ndarray
    place: np.ndarray
    p_values: np.ndarray
    best: int | None


class Board:
    """All runs of a dataset as columns, and what does not change while one looks at them."""

    def __init__(self, columns: Mapping[str, Sequence[Any]]):
        self.run_ids: list[str] = list(columns["run_id"])
        self._columns = columns
        self._lines: OrderedDict[tuple, Lines] = OrderedDict()
        self.numbers = {key: _numbers(columns[key]) for key in KEYS if key in columns}

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]]) -> "Board":
        """From ``registry.board``: lists of equal length, None for what is not known."""
        return cls(columns)

    def __len__(self) -> int:
        return len(self.run_ids)

    def number(self, key: str, rate_per_hour: float | None = None) -> np.ndarray:
        """(n,) values of a key of ``KEYS``, NaN where not measured; money at ``rate_per_hour``."""
        if key in MONEY:
            return self.number(MONEY[key]) * (np.nan if rate_per_hour is None else rate_per_hour / 3600)
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
        names = np.array([str(family) for family in self._columns["family"]])
        codes = np.unique(names, return_inverse=True)[1].reshape(-1)
        alone = (names == "") | np.isnan(self.number("accuracy"))
        return np.where(alone, len(self) + np.arange(len(self)), codes)

    @cached_property
    def words(self) -> dict[str, np.ndarray]:
        """Columns of text that are filtered by, and flags."""
        texts = {key: np.array([str(value) for value in self._columns[key]]) for key in _TEXTS}
        return texts | {key: np.array(self._columns[key], dtype=bool) for key in ("starred", "archived")}

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
        sizes = [(len(right), n) if right is not None else None for right, n in self._sized()]
        usual = max(Counter(size for size in sizes if size), key=Counter(sizes).__getitem__, default=(0, 0))
        known = np.array([size == usual for size in sizes], dtype=bool)
        width = -(-usual[0] // 8) * 8
        packed = np.zeros((len(self), width), np.uint8)
        data = b"".join(right for (right, _), there in zip(self._sized(), known.tolist(), strict=True) if there)
        packed[known, : usual[0]] = np.frombuffer(data, np.uint8).reshape(-1, usual[0] or 1)[:, : usual[0]]
        return packed.view(np.uint64), known

    def _sized(self):
        return zip(self._columns["right"], self._columns["n"], strict=True)

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
                keep &= np.isin(self.words[key], wanted)
        if filters.starred:
            keep &= self.words["starred"]
        if not filters.archived:
            keep &= ~self.words["archived"]
        for tag in filters.tags:
            having = np.zeros(len(self), dtype=bool)
            having[self.tagged.get(tag, [])] = True
            keep &= having
        for word in filters.text.casefold().split():
            keep &= np.fromiter((word in text for text in self.texts), bool, len(self))
        return np.flatnonzero(keep)

    def lines(self, filters: Filters, fold: bool) -> Lines:
        """The lines of a selection; remembered, since sorting and turning pages leave them as they are."""
        key = (filters, fold)
        if key not in self._lines:
            self._lines[key] = self._new_lines(self.matching(filters), fold)
            while len(self._lines) > _KEPT:
                self._lines.popitem(last=False)
        self._lines.move_to_end(key)
        return self._lines[key]

    def _new_lines(self, rows: np.ndarray, fold: bool) -> Lines:
        codes = self.families[rows] if fold else rows
        of_line = np.unique(codes, return_inverse=True)[1].reshape(-1)
        count = int(of_line.max()) + 1 if len(rows) else 0
        accuracy = self.number("accuracy")[rows]
        mean = _means(accuracy, of_line, count)
        shown = rows[_first_of_each(of_line, np.abs(accuracy - mean[of_line]))]
        order = np.lexsort((shown, self.number("created_at")[shown], self._cheap(shown), -mean))
        measured = order[: count - int(np.isnan(mean).sum())]
        place = np.zeros(count, np.int64)
        place[measured] = np.arange(1, len(measured) + 1)
        best, p_values = self._tested(shown, measured)
        return Lines(rows=rows, of_line=of_line, shown=shown, place=place, p_values=p_values, best=best)

    def _cheap(self, rows: np.ndarray) -> np.ndarray:
        return np.nan_to_num(self.number("alone_wall_seconds")[rows], nan=np.inf)

    def _tested(self, shown: np.ndarray, order: np.ndarray) -> tuple[int | None, np.ndarray]:
        """The best line whose answers are known, and the corrected p-value of every other one against it."""
        bits, known = self.bits
        p_values = np.full(len(shown), np.nan)
        tested = order[known[shown[order]]]
        if not len(tested):
            return (int(order[0]) if len(order) else None), p_values
        best, others = tested[0], tested[1:]
        right, ours = bits[shown[others]], bits[shown[best]]
        only_best = np.bitwise_count(ours & ~right).sum(axis=1, dtype=np.int64)
        only_other = np.bitwise_count(right & ~ours).sum(axis=1, dtype=np.int64)
        p_values[others] = holm(mcnemar_many(only_best, only_other))
        return int(best), p_values


_TEXTS = ("pattern", "backbone", "status")


def page(
    board: Board,
    filters: Filters | None = None,
    *,
    sort: str = "accuracy",
    descending: bool | None = None,
    fold: bool = True,
    start: int = 0,
    size: int = 50,
    rate_per_hour: float | None = None,
) -> BoardPage:
    """``size`` lines from ``start`` on; what was not measured comes last, of equals the better place first.

    Args:
        sort: a key of ``SORTS``; descending: None for what is good first (names: A first; times: newest first).
        fold: whether repetitions of one recipe share a line.

    Raises:
        InvalidInput: there is no such key to sort by.
    """
    if sort not in SORTS:
        raise InvalidInput(f"Runs cannot be sorted by {sort!r}. Choose from: {', '.join(SORTS)}")
    lines = board.lines(filters or Filters(), fold)
    count = len(lines.shown)
    start = max(0, min(start, max(0, count - 1)))
    order = _order(board, lines, sort, sort in _HIGH_IS_GOOD if descending is None else descending, rate_per_hour)
    return BoardPage(
        entries=_entries(board, lines, order[start : start + size], rate_per_hour),
        lines=count,
        runs=len(lines.rows),
        best=None if lines.best is None else board.run_ids[lines.shown[lines.best]],
        start=start,
    )


def _order(board: Board, lines: Lines, sort: str, descending: bool, rate_per_hour: float | None) -> np.ndarray:
    count = len(lines.shown)
    if sort == "name":
        values = board.name_ranks[lines.shown]
    else:
        values = _means(board.number(sort, rate_per_hour)[lines.rows], lines.of_line, count)
    place = np.where(lines.place > 0, lines.place, count + 1)
    newest = -board.number("created_at")[lines.shown]
    return np.lexsort((newest, place, -values if descending else values))  # NaN comes last either way


def _entries(board: Board, lines: Lines, chosen: np.ndarray, rate_per_hour: float | None) -> tuple[Entry, ...]:
    position = np.full(len(lines.shown), -1)
    position[chosen] = np.arange(len(chosen))
    mine = position[lines.of_line]
    rows, of_entry = lines.rows[mine >= 0], mine[mine >= 0]
    means, spreads = {}, {}
    for key in KEYS:
        values = board.number(key, rate_per_hour)[rows]
        mean = _means(values, of_entry, len(chosen))
        means[key], spreads[key] = mean.tolist(), _spreads(values, mean, of_entry).tolist()
    members: list[list[str]] = [[] for _ in chosen]
    for row, entry in zip(rows.tolist(), of_entry.tolist(), strict=True):
        members[entry].append(board.run_ids[row])
    return tuple(
        Entry(
            run_id=board.run_ids[lines.shown[line]],
            run_ids=tuple(members[number]),
            place=int(lines.place[line]) or None,
            values={key: _known(means[key][number]) for key in KEYS},
            spread={key: _known(spreads[key][number]) for key in KEYS},
            tie=_tie(board, lines, line),
            p_value=_known(float(lines.p_values[line])),
        )
        for number, line in enumerate(chosen.tolist())
    )


def _tie(board: Board, lines: Lines, line: int) -> bool | None:
    p_value = lines.p_values[line]
    if np.isnan(p_value):
        return True if line == lines.best and board.bits[1][lines.shown[line]] else None
    return bool(p_value >= SIGNIFICANCE)


def _known(value: float) -> float | None:
    return None if value != value else value


def _numbers(values: Sequence[Any]) -> np.ndarray:
    return np.array(values, dtype=np.float64)  # None becomes NaN


def _means(values: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """(count,) mean of each group's known values, NaN where there are none."""
    there = ~np.isnan(values)
    sums = np.bincount(groups[there], weights=values[there], minlength=count)
    known = np.bincount(groups[there], minlength=count)
    return np.divide(sums, known, out=np.full(count, np.nan), where=known > 0)


def _spreads(values: np.ndarray, means: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sample standard deviation of each group's known values, NaN for fewer than two."""
    there = ~np.isnan(values)
    squares = (values[there] - means[groups[there]]) ** 2
    sums = np.bincount(groups[there], weights=squares, minlength=len(means))
    known = np.bincount(groups[there], minlength=len(means))
    return np.sqrt(np.divide(sums, known - 1, out=np.full(len(means), np.nan), where=known > 1))


def _first_of_each(groups: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """(groups,) place of the nearest member of each group, of equals the first."""
    order = np.lexsort((np.arange(len(groups)), distance, groups))
    return order[np.unique(groups[order], return_index=True)[1]]
