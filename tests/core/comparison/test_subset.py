"""Runs on some of the test photos: the same figures as if only these had ever been predicted."""

import numpy as np
import pytest

from core.comparison.board import Board
from core.comparison.board_page import page
from core.comparison.compare import compare, compare_on
from core.comparison.subset import TooFewLeft, board_on, subset_of
from core.comparison.table import rank_text
from core.comparison.verdict import verdict
from core.curation.flags import Flag, FlaggedPhotos
from core.runs.metrics import evaluate, right_bits, wilson_interval
from core.runs.predictions import Predictions
from tests.comparison_values import a_cost, a_run, answers

NAMES = ("cat", "dog")
N = 40


def without(suspects, leaked, flags=tuple(Flag), n=N):
    """The photos p0, p1, ... without those with these numbers."""
    flagged = FlaggedPhotos(
        suspects=frozenset(f"p{number}" for number in suspects), leaked=frozenset(f"p{number}" for number in leaked)
    )
    return subset_of(tuple(f"p{number}" for number in range(n)), flagged, flags, "flowers:1")


def cut(one: Predictions, numbers) -> Predictions:
    """The predictions of photos with these numbers, made by hand."""
    rows = [one.digests.index(f"p{number}") for number in numbers]
    return Predictions(
        run_id=one.run_id,
        digests=tuple(one.digests[row] for row in rows),
        labels=one.labels[rows],
        probabilities=one.probabilities[rows],
    )


def values(predictions):
    return {
        "costs": {one.run_id: a_cost(alone=10.0 * (place + 1)) for place, one in enumerate(predictions)},
        "evaluations": {one.run_id: evaluate(one.probabilities, one.labels, NAMES, one.digests) for one in predictions},
        "predictions": {one.run_id: one for one in predictions},
        "missing": {},
        "class_names": NAMES,
    }


def runs_of(predictions):
    return [a_run(one.run_id, one.accuracy, seed=seed) for seed, one in enumerate(predictions)]


def board_of(predictions) -> Board:
    bits = [right_bits(one.correct, one.digests) for one in predictions]
    return Board.from_columns(
        {
            "run_id": [one.run_id for one in predictions],
            "accuracy": [one.accuracy for one in predictions],
            "balanced_accuracy": [0.5] * len(predictions),
            "right": bits,
            "n": [len(one.digests) for one in predictions],
            "family": ["" for _ in predictions],
        }
    )


LEAKY, HONEST, POOR = (
    answers("leaky", "+" * 12 + "-" * 8 + "+" * 20),
    answers("honest", "-" * 12 + "+" * 28, reverse=True),
    answers("poor", "-" * 30 + "+" * 10),
)
ALL = (LEAKY, HONEST, POOR)


def test_every_figure_is_that_of_the_photos_that_are_left():
    subset, left = without(suspects=[0], leaked=range(1, 12)), range(12, N)
    found = compare_on(subset, runs_of(ALL), **values(ALL))
    expected_of = [cut(one, left) for one in ALL]
    expected = compare(runs_of(expected_of), **values(expected_of))
    assert [row.run.id for row in found.rows] == [row.run.id for row in expected.rows] == ["honest", "leaky", "poor"]
    for row, other in zip(found.rows, expected.rows, strict=True):
        assert row.accuracy == other.accuracy and row.interval == wilson_interval(round(28 * row.accuracy), 28)
        for key in ("balanced_accuracy", "macro_f1", "log_loss", "ece"):
            assert row.value(key) == pytest.approx(other.value(key))
    assert found.verdict.best.run_id == "honest" and found.verdict.photos == 28
    for pair, other in zip(found.pairs, expected.pairs, strict=True):
        assert (pair.n, pair.only_a, pair.only_b, pair.adjusted_p) == (28, other.only_a, other.only_b, other.adjusted_p)
    assert found.subset is subset and found.ranks_with_all == {"leaky": 1, "honest": 2, "poor": 3}


def test_the_leaderboard_agrees_with_the_comparison_and_knows_the_rank_with_all_photos():
    subset = without(suspects=[0], leaked=range(1, 12))
    whole = board_of(ALL)
    board = board_on(whole, subset)
    shown = page(board, whole=whole)
    compared = compare_on(subset, runs_of(ALL), **values(ALL))
    assert [one.run_id for one in shown.entries] == [row.run.id for row in compared.rows]
    assert [one.values["accuracy"] for one in shown.entries] == [row.accuracy for row in compared.rows]
    assert [rank_text(one.rank, one.rank_with_all) for one in shown.entries] == ["2 → 1", "1 → 2", "3"]
    assert shown.entries[0].values["balanced_accuracy"] is None, "not known without the predictions"
    found, expected = verdict(board), compared.verdict
    assert (found.best.run_id, found.photos, found.best.interval) == ("honest", 28, expected.best.interval)
    assert [found.p_value(name) for name in ("leaky", "poor")] == [expected.p_value(name) for name in ("leaky", "poor")]
    assert page(whole).entries[0].run_id == "leaky" and page(whole).entries[0].rank_with_all is None
    assert board_on(whole, subset) is board, "computed once"


def test_one_flag_leaves_out_its_own_photos_only():
    subset = without(suspects=[0, 1], leaked=[1, 2], flags=(Flag.LEAKS,))
    assert subset.photos == 38 and "p0" in subset and "p1" not in subset
    assert subset.words == "38 of 40 test photos, without 2 leaked test photos"
    both = without(suspects=[0, 1], leaked=[1, 2])
    assert both.photos == 37 and both.words == "37 of 40 test photos, without 2 suspect and 2 leaked test photos"
    assert without(suspects=[], leaked=[]).words == "40 of 40 test photos"


def test_a_run_whose_right_photos_are_not_known_has_no_rank():
    board = Board.from_columns(
        {
            "run_id": ["old", "new"],
            "accuracy": [0.9, LEAKY.accuracy],
            "right": [None, right_bits(LEAKY.correct, LEAKY.digests)],
            "n": [None, N],
        }
    )
    shown = page(board_on(board, without(suspects=[0], leaked=[])), whole=board)
    assert [(one.run_id, one.rank) for one in shown.entries] == [("new", 1), ("old", None)]
    assert rank_text(None, 1) == "1 → –"


def test_too_few_photos_are_a_sentence():
    with pytest.raises(TooFewLeft, match="Without 5 leaked test photos only 5 of 10 test photos of flowers:1 would be"):
        without(suspects=[], leaked=range(5), n=10)
    assert without(suspects=[], leaked=range(4), n=10).photos == 6


def test_of_many_runs_every_one_is_tested_against_the_best():
    rng = np.random.default_rng(0)
    n, runs = 1000, 500
    whole = Board.from_columns(
        {
            "run_id": [f"r-{number}" for number in range(runs)],
            "accuracy": [0.5] * runs,
            "right": [np.packbits(rng.random(n) < 0.8).tobytes() for _ in range(runs)],
            "n": [n] * runs,
        }
    )
    subset = without(suspects=range(30), leaked=range(100, 200), n=n)
    shown = page(board_on(whole, subset), whole=whole)
    assert shown.lines == runs and shown.tests == runs - 1
