"""Pages of the leaderboard: runs as lines, repetitions folded, ranked, tested against the best, sorted."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.comparison.board import Board
from core.comparison.board_columns import KEYS
from core.comparison.statistics import SIGNIFICANCE, holm, mcnemar_many
from core.errors import InvalidInput

SORTS = (*KEYS, "name")
LARGE_FIRST = frozenset({"accuracy", "balanced_accuracy", "macro_f1", "created_at", "best_epoch", "epochs_done"})
"""Keys that are sorted in descending order by default; the others are better, or earlier, when small."""


@dataclass(frozen=True, kw_only=True)
class LeaderboardLine:
    """One line: a run, or the repetitions of one recipe.

    Args:
        run_id: the run shown: of repetitions the one whose accuracy is nearest their mean. run_ids: all of them.
        counted: how many of them the mean is of: of several runs with one seed only the newest counts.
        rank: by accuracy among the lines, from 1; None without accuracy. rank_with_all: of a board of some photos the
            rank with all photos.
        values: by key of ``KEYS`` the mean of the repetitions in which it was measured, None if in none.
        spread: their sample standard deviation, None for fewer than two.
        tie: whether the difference of the run shown to the best could be chance (True for the best); None where it
            cannot be tested. p_value: McNemar's exact, corrected for all lines (Holm); None for the best.
        starred, archived: whether any of the runs is.
    """

    run_id: str
    run_ids: tuple[str, ...]
    counted: int
    rank: int | None
    values: Mapping[str, float | None]
    spread: Mapping[str, float | None]
    tie: bool | None
    p_value: float | None
    starred: bool = False
    archived: bool = False
    rank_with_all: int | None = None


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """A page of the leaderboard.

    Args:
        lines: in all, of which ``entries`` begins at ``start``; runs: that match, which are more where they are folded.
        best: the run every other line is tested against: the first by rank whose test predictions are known, or None.
        tests: how many are tested against it; ties: how many of them could be as good.
    """

    entries: tuple[LeaderboardLine, ...]
    lines: int
    runs: int
    best: str | None
    start: int
    tests: int = 0
    ties: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Lines:
    """The lines of one selection, in no order.

    Args:
        rows: (m,) numbers of the matching runs; of_line: (m,) the line of each; counted: (m,) whether a run counts in
            the values of its line.
        shown: (k,) row number of the run shown on each line; rank: (k,) 1.., 0 without accuracy.
        best: the first line by rank whose test predictions are known, or None; p_values: (k,) of every other one
            against it, adjusted; NaN where not tested.
    """

    rows: np.ndarray
    of_line: np.ndarray
    counted: np.ndarray
    shown: np.ndarray
    rank: np.ndarray
    p_values: np.ndarray
    best: int | None


def lines_of(board: Board, rows: np.ndarray, fold: bool) -> Lines:
    """The lines of a selection; remembered, since sorting and turning pages leave them as they are.

    Args:
        rows: (m,) row numbers of the runs that are listed, ascending.
    """
    return board.remembered_results(("lines", fold), rows, lambda: _new_lines(board, rows, fold))


def _new_lines(board: Board, rows: np.ndarray, fold: bool) -> Lines:
    codes = board.families[rows] if fold else rows
    of_line = np.unique(codes, return_inverse=True)[1].reshape(-1)
    count = int(of_line.max()) + 1 if len(rows) else 0
    counted = _newest_of_each_seed(board, rows, of_line) if fold else np.ones(len(rows), dtype=bool)
    accuracy = np.where(counted, board.number("accuracy")[rows], np.nan)
    mean = means(accuracy, of_line, count)
    shown = rows[_first_of_each(of_line, np.abs(accuracy - mean[of_line]))]
    cost = np.nan_to_num(board.number("alone_wall_seconds")[shown], nan=np.inf)
    order = np.lexsort((shown, board.number("created_at")[shown], cost, -mean))
    measured = order[: count - int(np.isnan(mean).sum())]
    rank = np.zeros(count, np.int64)
    rank[measured] = np.arange(1, len(measured) + 1)
    best, p_values = _tested(board, shown, measured)
    return Lines(  # row numbers of 32 bits: many are remembered
        rows=rows.astype(np.int32),
        of_line=of_line.astype(np.int32),
        counted=counted,
        shown=shown.astype(np.int32),
        rank=rank.astype(np.int32),
        p_values=p_values,
        best=best,
    )


def _newest_of_each_seed(board: Board, rows: np.ndarray, of_line: np.ndarray) -> np.ndarray:
    """(m,) whether a run counts: one repeated with the same seed is no further sample of the spread."""
    same = of_line * len(board) + board.fingerprints[rows]
    counted = np.zeros(len(rows), dtype=bool)
    counted[_first_of_each(same, -board.number("created_at")[rows])] = True
    return counted


def _tested(board: Board, shown: np.ndarray, order: np.ndarray) -> tuple[int | None, np.ndarray]:
    """The best line whose test predictions are known, and the adjusted p-value of every other one against it."""
    bits, known = board.bits
    p_values = np.full(len(shown), np.nan)
    tested = order[known[shown[order]]]
    if not len(tested):
        return None, p_values
    best, others = int(tested[0]), tested[1:]
    right, ours = bits[shown[others]], bits[shown[best]]
    only_best = np.bitwise_count(ours & ~right).sum(axis=1, dtype=np.int64)
    only_other = np.bitwise_count(right & ~ours).sum(axis=1, dtype=np.int64)
    p_values[others] = holm(mcnemar_many(only_best, only_other))
    return best, p_values


def page(
    board: Board,
    rows: np.ndarray | None = None,
    *,
    sort: str = "accuracy",
    descending: bool | None = None,
    fold: bool = True,
    start: int = 0,
    size: int = 50,
    rate_per_hour: float | None = None,
    whole: Board | None = None,
) -> BoardPage:
    """``size`` lines from ``start`` on; what was not measured comes last, ties by rank.

    Args:
        whole: the same runs with all photos, where ``board`` is on some of them.
        rows: (m,) ascending row numbers of the runs to list; None for all.
        sort: a key of ``SORTS``; descending: None for best first (names: A first; times: newest first).
        fold: whether repetitions of one recipe share a line.

    Raises:
        InvalidInput: there is no such key to sort by.
    """
    if sort not in SORTS:
        raise InvalidInput(f"Runs cannot be sorted by {sort!r}. Choose from: {', '.join(SORTS)}")
    chosen = np.arange(len(board)) if rows is None else rows
    lines, before = lines_of(board, chosen, fold), None if whole is None else lines_of(whole, chosen, fold)
    count = len(lines.shown)
    start = max(0, start if start < count else (count - 1) // size * size)  # beyond the end: the last page
    order = _order(board, lines, sort, sort in LARGE_FIRST if descending is None else descending, rate_per_hour)
    return BoardPage(
        entries=_entries(board, lines, order[start : start + size], rate_per_hour, before),
        lines=count,
        runs=len(lines.rows),
        best=None if lines.best is None else board.run_ids[lines.shown[lines.best]],
        start=start,
        tests=int(np.isfinite(lines.p_values).sum()),
        ties=int((lines.p_values >= SIGNIFICANCE).sum()),
    )


def _order(board: Board, lines: Lines, sort: str, descending: bool, rate_per_hour: float | None) -> np.ndarray:
    count = len(lines.shown)
    if sort == "name":
        values = board.name_ranks[lines.shown]
    else:
        known = board.number(sort, rate_per_hour)[lines.rows]
        values = means(known[lines.counted], lines.of_line[lines.counted], count)
    rank = np.where(lines.rank > 0, lines.rank, count + 1)
    newest = -board.number("created_at")[lines.shown]
    return np.lexsort((newest, rank, -values if descending else values))  # NaN comes last either way


def _entries(
    board: Board, lines: Lines, chosen: np.ndarray, rate_per_hour: float | None, whole: Lines | None
) -> tuple[LeaderboardLine, ...]:
    position = np.full(len(lines.shown), -1)
    position[chosen] = np.arange(len(chosen))
    mine = position[lines.of_line]
    rows, of_entry = lines.rows[mine >= 0], mine[mine >= 0]
    averages: dict[str, list[float]] = {}
    spreads: dict[str, list[float]] = {}
    counted = lines.counted[mine >= 0]
    counting, of_counting = rows[counted], of_entry[counted]
    for key in KEYS:
        values = board.number(key, rate_per_hour)[counting]
        mean = means(values, of_counting, len(chosen))
        averages[key], spreads[key] = mean.tolist(), _spreads(values, mean, of_counting).tolist()
    sizes = np.bincount(of_counting, minlength=len(chosen)).tolist()
    members: list[list[str]] = [[] for _ in chosen]
    for run_id, entry in zip(board.run_ids[rows].tolist(), of_entry.tolist(), strict=True):
        members[entry].append(run_id)
    starred, archived = (
        np.bincount(of_entry, weights=board.mark(name)[rows], minlength=len(chosen)) > 0
        for name in ("starred", "archived")
    )
    return tuple(
        LeaderboardLine(
            run_id=board.run_ids[lines.shown[line]],
            run_ids=tuple(members[number]),
            counted=sizes[number],
            rank=int(lines.rank[line]) or None,
            values={key: _known(averages[key][number]) for key in KEYS},
            spread={key: _known(spreads[key][number]) for key in KEYS},
            tie=_tie(lines, line),
            p_value=_known(float(lines.p_values[line])),
            starred=bool(starred[number]),
            archived=bool(archived[number]),
            rank_with_all=_rank_in(whole, int(lines.shown[line])),
        )
        for number, line in enumerate(chosen.tolist())
    )


def most_accurate_first(board: Board, rows: np.ndarray) -> np.ndarray:
    """(m,) int32, some row numbers, the most accurate first; of equals the newest first, unmeasured ones last."""
    created, accuracy = board.number("created_at")[rows], board.number("accuracy")[rows]
    return rows[np.lexsort((rows, -created, -accuracy))].astype(np.int32)


def _rank_in(lines: Lines | None, row: int) -> int | None:
    """Of the line of a run, by its row number."""
    if lines is None:
        return None
    return int(lines.rank[lines.of_line[np.searchsorted(lines.rows, row)]]) or None


def _tie(lines: Lines, line: int) -> bool | None:
    p_value = lines.p_values[line]
    if np.isnan(p_value):
        return True if line == lines.best else None
    return bool(p_value >= SIGNIFICANCE)


def _known(value: float) -> float | None:
    return None if value != value else value


def means(values: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """(count,) mean of each group's known values, NaN where there are none."""
    there = ~np.isnan(values)
    sums = np.bincount(groups[there], weights=values[there], minlength=count)
    known = np.bincount(groups[there], minlength=count)
    return np.asarray(np.divide(sums, known, out=np.full(count, np.nan), where=known > 0))


def _spreads(values: np.ndarray, means: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Sample standard deviation of each group's known values, NaN for fewer than two."""
    there = ~np.isnan(values)
    squares = (values[there] - means[groups[there]]) ** 2
    sums = np.bincount(groups[there], weights=squares, minlength=len(means))
    known = np.bincount(groups[there], minlength=len(means))
    return np.asarray(np.sqrt(np.divide(sums, known - 1, out=np.full(len(means), np.nan), where=known > 1)))


def _first_of_each(groups: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """(groups,) position of the nearest member of each group; of several the first."""
    order = np.lexsort((np.arange(len(groups)), distance, groups))
    return order[np.unique(groups[order], return_index=True)[1]]
