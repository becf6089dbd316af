"""Which run is best, which are not distinguishable from it, and which to use."""

import numpy as np
import pytest

from core.comparison.statistics import photos_needed
from core.comparison.summary import REPETITION, standing_words
from core.comparison.verdict import Standing, board_of, verdict
from tests.board_values import rows_of
from tests.comparison_values import a_cost, a_run, answers
from tests.core.comparison.test_board import a_board, a_line

LINES = (
    a_line("best", "+" * 38 + "-" * 2, alone_wall_seconds=100.0),
    a_line("close", "-" * 3 + "+" * 35 + "--", alone_wall_seconds=40.0),
    a_line("closer", "-" + "+" * 37 + "--", alone_wall_seconds=60.0),
    a_line("far", "-" * 25 + "+" * 15, alone_wall_seconds=1.0),
    a_line("untested", None, accuracy=0.5, alone_wall_seconds=0.5),
    a_line("running", None),
)


def test_the_cheapest_of_those_not_distinguishable_is_recommended():
    found = verdict(a_board(*LINES))
    assert found.best.run_id == "best" and [one.run_id for one in found.ties] == ["closer", "close"]
    assert found.recommended.run_id == "close" and found.time_share == pytest.approx(0.4)
    assert (found.worse, found.untested, found.comparisons, found.photos, found.runs) == (1, 1, 3, 40, 5)


def test_every_run_has_its_standing():
    found = verdict(a_board(*LINES))
    assert {line["run_id"]: found.standing(line["run_id"]) for line in LINES} == {
        "best": Standing.BEST,
        "close": Standing.TIE,
        "closer": Standing.TIE,
        "far": Standing.WORSE,
        "untested": None,
        "running": None,
    }
    assert found.standing("elsewhere") is None and found.p_value("best") is None and found.p_value("far") < 0.001


def test_more_photos_are_what_the_test_of_best_and_recommended_needs():
    found = verdict(a_board(*LINES))
    assert found.more_photos == photos_needed(40, 3, 0, 0.05 / 3) - 40
    assert verdict(a_board(LINES[0])).more_photos is None
    # the best is the cheapest: then the most accurate of the others is the question
    cheap = a_line("best", "+" * 38 + "-" * 2, alone_wall_seconds=1.0)
    assert verdict(a_board(cheap, LINES[1])).more_photos == photos_needed(40, 3, 0) - 40


def test_of_equals_the_cheapest_is_best_and_no_number_of_photos_settles_it():
    twin = a_line("twin", "+" * 38 + "-" * 2, alone_wall_seconds=20.0)
    found = verdict(a_board(LINES[0], twin))
    assert found.best.run_id == found.recommended.run_id == "twin" and found.more_photos is None


def test_a_run_of_unknown_training_time_is_not_recommended_before_one_of_known_time():
    unknown = a_line("close", "-" * 3 + "+" * 35 + "--", alone_wall_seconds=None)
    found = verdict(a_board(LINES[0], unknown))
    assert found.recommended.run_id == "best" and found.ties[0].training_seconds is None


def test_repetitions_of_a_recipe_are_one_and_a_lucky_seed_does_not_make_it_the_best():
    same = [
        a_line(f"seed {number}", "+" * right + "-" * (40 - right), family="same", alone_wall_seconds=10.0 * number)
        for number, right in enumerate((40, 30, 32), 1)
    ]
    steady = a_line("steady", "-" + "+" * 36 + "---")
    found = verdict(a_board(*same, steady))
    assert found.best.run_id == "steady"
    (mean,) = found.ties
    assert mean.run_id == "seed 3" and mean.repetitions == 3 and mean.accuracy == pytest.approx(34 / 40)
    assert mean.training_seconds == pytest.approx(20.0)
    assert found.standing("seed 1") is Standing.TIE, "a repetition has the standing of its recipe"
    assert not any(found.repeats_best(f"seed {number}") for number in (1, 2, 3))
    assert verdict(a_board(*same, steady), fold=False).best.run_id == "seed 1"


def test_of_the_repetitions_of_the_best_recipe_one_is_the_most_accurate_and_the_others_repeat_it():
    same = [
        a_line(f"seed {number}", "+" * right + "-" * (40 - right), family="same", alone_wall_seconds=10.0)
        for number, right in enumerate((40, 36, 38), 1)
    ]
    found = verdict(a_board(*same, a_line("weak", "-" * 20 + "+" * 20)))
    assert found.best.run_id == "seed 3" and not found.repeats_best("seed 3") and not found.repeats_best("weak")
    assert found.repeats_best("seed 1") and found.repeats_best("seed 2")
    assert [standing_words(found, one) for one in ("seed 3", "seed 1", "weak", "elsewhere")] == [
        "Most accurate", REPETITION, "Significantly less accurate", "",
    ]  # fmt: skip


def test_only_the_runs_of_the_selection_count():
    board = a_board(*LINES)
    found = verdict(board, rows_of(board, ["close", "far"]))
    assert found.best.run_id == "close" and found.comparisons == 1 and found.standing("best") is None
    assert verdict(board, np.array([], dtype=np.int64)) is None and verdict(board, rows_of(board, ["running"])) is None


def test_without_results_per_photo_the_most_accurate_is_best_and_nothing_is_tested():
    found = verdict(a_board(a_line("a", None, accuracy=0.9), a_line("b", None, accuracy=0.8)))
    assert found.best.run_id == "a" and (found.comparisons, found.untested, found.ties) == (0, 1, ())
    assert found.standing("a") is Standing.BEST and found.standing("b") is None


def test_a_board_of_values_has_the_same_verdict_as_one_of_the_registry():
    texts = {line["run_id"]: text for line, text in zip(LINES[:4], _TEXTS, strict=True)}
    runs = [a_run(run_id, text.count("+") / 40) for run_id, text in texts.items()]
    costs = {line["run_id"]: a_cost(alone=line["alone_wall_seconds"]) for line in LINES[:4]}
    predictions = {run_id: answers(run_id, text) for run_id, text in texts.items()}
    found = verdict(board_of(runs, costs, {}, predictions), fold=False)
    other = verdict(a_board(*LINES[:4]))
    assert (found.best, found.ties, found.recommended) == (other.best, other.ties, other.recommended)


_TEXTS = ("+" * 38 + "-" * 2, "-" * 3 + "+" * 35 + "--", "-" + "+" * 37 + "--", "-" * 25 + "+" * 15)
