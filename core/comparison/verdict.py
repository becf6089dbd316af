"""The verdict on runs of one dataset: which is best, which are not distinguishable from it, and which to use.

Every page, chart title, badge, report and command asks ``verdict``; nothing else decides what is best.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from core.comparison.board import Board
from core.comparison.board_page import Lines, lines_of, means
from core.comparison.statistics import SIGNIFICANCE, photos_needed
from core.runs.metrics import right_bits, wilson_interval
from core.runs.predictions import Predictions
from core.runs.values import Cost, Evaluation, Run


class Standing(StrEnum):
    """What the test photos say about a run among others. Beside these three a run may not be measured."""

    BEST = "best"
    TIE = "not distinguishable"
    WORSE = "worse"


@dataclass(frozen=True, kw_only=True, slots=True)
class RankedRun:
    """A run, or repetitions of one recipe, among those a verdict is about.

    Args:
        run_id: of repetitions the run whose accuracy is nearest their mean. repetitions: how many the means are of.
        accuracy: on the test photos. interval: its 95 % interval (Wilson); None of a mean, and where the number of
            photos is not known. training_seconds: training time; None where it is not known.
    """

    run_id: str
    repetitions: int
    accuracy: float
    interval: tuple[float, float] | None
    training_seconds: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Verdict:
    """Which of some runs is best, which are not distinguishable from it, and which to use.

    Args:
        best: the first by accuracy whose test predictions are known; of equals the one with the shorter training time.
        ties: those not distinguishable from it (McNemar's exact test, Holm's correction for ``comparisons``), most
            accurate first.
        recommended: of ``best`` and ``ties`` the one with the shortest training time.
        worse: how many are significantly less accurate. untested: how many were measured, but cannot be tested.
        comparisons: the family of hypotheses: the best against each other one.
        photos: test photos. more_photos: how many more would, with 80 % power, tell the best from the recommended one
            (if that is the best, from the most accurate of the ties); None where nothing is to be told apart.
    """

    best: RankedRun
    ties: tuple[RankedRun, ...]
    recommended: RankedRun
    worse: int
    untested: int
    comparisons: int
    photos: int
    more_photos: int | None
    board: Board = field(repr=False)
    lines: Lines = field(repr=False)

    @property
    def runs(self) -> int:
        """How many are measured; repetitions of one recipe count once."""
        return 1 + len(self.ties) + self.worse + self.untested

    @property
    def repeated(self) -> int:
        """Measured runs that are further repetitions of a recipe, so not counted by ``runs``."""
        measured = self.lines.rank[self.lines.of_line] > 0
        return int((measured & self.lines.counted).sum()) - int((self.lines.rank > 0).sum())

    @property
    def time_share(self) -> float | None:
        """Training time of the recommended one as a share of that of the best; None where one is not known."""
        mine, theirs = self.recommended.training_seconds, self.best.training_seconds
        return mine / theirs if mine is not None and theirs else None

    def standing(self, run_id: str) -> Standing | None:
        """Of a run; None where it was not measured, cannot be tested, or is not among the runs."""
        line = self._line(run_id)
        if line is None or not self.lines.rank[line]:
            return None
        if line == self.lines.best or run_id == self.best.run_id:
            return Standing.BEST
        p_value = float(self.lines.p_values[line])
        if np.isnan(p_value):
            return None
        return Standing.TIE if p_value >= SIGNIFICANCE else Standing.WORSE

    def repeats_best(self, run_id: str) -> bool:
        """Whether a run is a further repetition of the best recipe: its standing is that of the recipe, whose run shown
        is ``best``."""
        return self.standing(run_id) is Standing.BEST and run_id != self.best.run_id

    def p_value(self, run_id: str) -> float | None:
        """Of the test against the best, corrected; None for the best and where it cannot be tested."""
        line = self._line(run_id)
        found = np.nan if line is None else float(self.lines.p_values[line])
        return None if np.isnan(found) else found

    def _line(self, run_id: str) -> int | None:
        row = self.board.row_of(run_id)
        if row is None:
            return None
        place = int(np.searchsorted(self.lines.rows, row))
        there = place < len(self.lines.rows) and self.lines.rows[place] == row
        return int(self.lines.of_line[place]) if there else None


def verdict(board: Board, rows: np.ndarray | None = None, *, fold: bool = True) -> Verdict | None:
    """The verdict on runs of a board; None where none of them was measured.

    Args:
        rows: (m,) ascending row numbers of the runs; None for all.
        fold: whether repetitions of one recipe are one: then a lucky seed does not make a recipe the best.
    """
    chosen = np.arange(len(board)) if rows is None else rows
    lines = lines_of(board, chosen, fold)
    return board.remembered_results(("verdict", fold), chosen, lambda: _decide(board, lines))


def _decide(board: Board, lines: Lines) -> Verdict | None:
    measured = np.flatnonzero(lines.rank)
    if not len(measured):
        return None
    by_rank = measured[np.argsort(lines.rank[measured])]
    best = int(by_rank[0]) if lines.best is None else lines.best
    equal = by_rank[lines.p_values[by_rank] >= SIGNIFICANCE]  # NaN is neither
    known = _candidates(board, lines, [best, *equal.tolist()])
    recommended = min(range(len(known)), key=lambda place: (_seconds(known[place]), place))
    rival = recommended or (1 if len(known) > 1 else 0)
    worse = int((lines.p_values < SIGNIFICANCE).sum())
    comparisons = int(np.isfinite(lines.p_values).sum())
    only_best, only_rival, photos = _counts(board, lines, best, int(equal[rival - 1]) if rival else best)
    needed = photos_needed(photos, only_best, only_rival, SIGNIFICANCE / max(1, comparisons)) if rival else None
    return Verdict(
        best=known[0],
        ties=tuple(known[1:]),
        recommended=known[recommended],
        worse=worse,
        untested=len(measured) - 1 - len(equal) - worse,
        comparisons=comparisons,
        photos=photos,
        more_photos=None if needed is None else max(1, needed - photos),
        board=board,
        lines=lines,
    )


def _candidates(board: Board, lines: Lines, chosen: Sequence[int]) -> list[RankedRun]:
    wanted = np.full(len(lines.shown), -1)
    wanted[list(chosen)] = np.arange(len(chosen))
    mine = (wanted[lines.of_line] >= 0) & lines.counted
    rows, places = lines.rows[mine], wanted[lines.of_line[mine]]
    repetitions = np.bincount(places, minlength=len(chosen))
    accuracy, seconds = (
        means(board.number(key)[rows], places, len(chosen)) for key in ("accuracy", "alone_wall_seconds")
    )
    return [
        RankedRun(
            run_id=board.run_ids[lines.shown[line]],
            repetitions=int(repetitions[place]),
            accuracy=float(accuracy[place]),
            interval=_interval(board, lines, line, float(accuracy[place])) if repetitions[place] == 1 else None,
            training_seconds=None if np.isnan(seconds[place]) else float(seconds[place]),
        )
        for place, line in enumerate(chosen)
    ]


def _interval(board: Board, lines: Lines, line: int, accuracy: float) -> tuple[float, float] | None:
    n = int(board.photos[lines.shown[line]])
    return wilson_interval(round(accuracy * n), n) if n else None


def _seconds(one: RankedRun) -> float:
    return np.inf if one.training_seconds is None else one.training_seconds


def _counts(board: Board, lines: Lines, best: int, rival: int) -> tuple[int, int, int]:
    """Photos that only the best got right, that only the rival did, and all."""
    bits, _ = board.bits
    ours, theirs = bits[lines.shown[best]], bits[lines.shown[rival]]
    photos = int(board.photos[lines.shown[best]])
    return int(np.bitwise_count(ours & ~theirs).sum()), int(np.bitwise_count(theirs & ~ours).sum()), photos


def board_of(
    runs: Sequence[Run],
    costs: Mapping[str, Cost],
    evaluations: Mapping[str, Evaluation],
    predictions: Mapping[str, Predictions],
) -> Board:
    """A board of these runs alone, for ``verdict``; of equals the older run comes first."""
    ordered = sorted(runs, key=lambda run: (run.created_at, run.id))
    measured = [_answers(evaluations.get(run.id), predictions.get(run.id)) for run in ordered]
    alone = [costs[run.id].alone_wall_seconds if run.id in costs else None for run in ordered]
    return Board.from_columns(
        {
            "run_id": [run.id for run in ordered],
            "accuracy": [run.test_accuracy for run in ordered],
            "alone_wall_seconds": alone,
            "created_at": [run.created_at for run in ordered],
            "right": [right for right, _ in measured],
            "n": [n for _, n in measured],
        }
    )


def _answers(evaluation: Evaluation | None, predictions: Predictions | None) -> tuple[bytes | None, int | None]:
    """Which photos a run got right, and of how many."""
    if evaluation is not None and evaluation.right is not None:
        return evaluation.right, evaluation.n
    if predictions is None:
        return None, None
    return right_bits(predictions.correct, predictions.digests), len(predictions.digests)
