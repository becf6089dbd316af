"""The verdict and a comparison in sentences."""

import pytest

from core.comparison.paired import Family
from core.comparison.summary import (
    accuracy_text,
    cheapest_of,
    family_sentence,
    outcome_sentence,
    recommendation,
    standings_sentence,
)
from core.comparison.table import leaderboard
from core.comparison.verdict import board_of, verdict
from tests.comparison_values import a_cost, a_run, answers
from tests.core.comparison.test_board import a_board, a_line


def drawn(seconds, **rights):
    """Rows of the leaderboard and the verdict on them."""
    runs = [a_run(name, right.count("+") / len(right)) for name, right in rights.items()]
    costs = {name: a_cost(alone=cost) for name, cost in seconds.items()}
    predictions = {name: answers(name, right) for name, right in rights.items()}
    return leaderboard(runs, costs), verdict(board_of(runs, costs, {}, predictions), fold=False)


TIE = {"best": "+" * 40, "cheap": "-" + "+" * 39}
CLEAR = {"best": "+" * 40, "cheap": "-" * 20 + "+" * 20}


def test_the_title_names_the_cheapest_of_those_not_distinguishable_from_the_best():
    rows, found = drawn({"best": 100.0, "cheap": 20.0}, **TIE)
    assert outcome_sentence(rows, found) == "cheap is not distinguishable from best, at a fifth of the training time"
    assert outcome_sentence(rows, found, "model_bytes").endswith("cheap, at the same model size")


def test_of_training_time_the_cheapest_is_the_recommended_run_also_where_one_of_its_repetitions_was_quicker():
    def a_seed(number, seconds):
        return a_line(f"seed {number}", "-" + "+" * 39, family="same", alone_wall_seconds=seconds)

    found = verdict(a_board(line("best", 0, 100.0), a_seed(1, 10.0), a_seed(2, 90.0), line("cheap", 1, 40.0)))
    assert found.recommended.run_id == "cheap", "the mean of the repetitions is 50 s"
    runs = [a_run("best", 1.0), a_run("seed 1", 39 / 40), a_run("cheap", 39 / 40)]
    seconds = {"best": 100.0, "seed 1": 10.0, "cheap": 40.0}
    rows = leaderboard(runs, {run_id: a_cost(alone=cost) for run_id, cost in seconds.items()})
    assert outcome_sentence(rows, found).startswith("cheap is not distinguishable from best")
    assert cheapest_of(rows, "alone_wall_seconds", None).run.id == "seed 1"
    assert standings_sentence(found, {}).endswith("Repetitions of a recipe count as one run.")
    alone = verdict(a_board(line("best", 0, 100.0), line("cheap", 1, 40.0)))
    assert found.repeated == 1 and alone.repeated == 0 and "Repetitions" not in standings_sentence(alone, {})


def test_the_title_of_a_winner_says_its_margin_and_its_price():
    rows, found = drawn({"best": 160.0, "cheap": 100.0}, **CLEAR)
    assert outcome_sentence(rows, found) == (
        "best is more accurate than cheap by 50 points, at 1.6 times the training time"
    )


def test_a_title_without_rivals_or_costs_says_only_what_is_known():
    assert outcome_sentence([], None) == "No run has been measured on the test photos yet"
    rows, found = drawn({}, best="+" * 18 + "--")
    assert outcome_sentence(rows, found) == "best: 90 % (85–94) test accuracy"
    rows, found = drawn({}, **TIE)
    assert outcome_sentence(rows, found) == "best is not distinguishable from cheap"


NAMES = {"best": "Lite2", "close": "Lite1", "far": "Lite0"}


def said(*lines):
    return recommendation(verdict(a_board(*lines)), NAMES)


def line(run_id, wrong, seconds, **changed):
    return a_line(run_id, "-" * wrong + "+" * (40 - wrong), alone_wall_seconds=seconds, **changed)


def test_the_recommendation_is_the_cheapest_of_those_not_distinguishable():
    assert said(line("best", 1, 100.0), line("close", 4, 40.0)) == (
        "Use Lite1: not distinguishable from the most accurate, Lite2, at 40 % of its training time. "
        "About 63 more test photos would settle it."
    )


def test_equal_times_are_called_the_same():
    sentence = said(line("best", 1, 100.0), line("close", 4, 98.0))
    assert "not distinguishable from the most accurate, Lite2, at the same training time." in sentence


def test_the_best_is_recommended_where_it_is_the_cheapest():
    assert said(line("best", 1, 10.0), line("close", 4, 40.0)).startswith(
        "Use Lite2: the most accurate, not distinguishable from 1 other, with the shortest training time of them. About"
    )


def test_a_clear_winner_is_recommended_without_reservation():
    assert said(line("best", 1, 10.0), line("far", 24, 1.0)) == "Use Lite2: significantly more accurate than the other."


def test_equal_accuracies_are_called_equal_and_nothing_settles_them():
    assert said(line("best", 2, 10.0), line("close", 2, 10.0, created_at=1.0)) == (
        "Use Lite2: the most accurate, not distinguishable from 1 other, with the shortest training time of them."
    )


def test_a_single_model_is_not_recommended_but_asks_for_another():
    assert said(line("best", 1, 10.0)) == (
        "Lite2 is the only run here that was measured on the test photos: add a second one to compare it with."
    )


def test_standings_name_a_few_and_count_the_rest():
    found = verdict(a_board(line("best", 1, 100.0), line("close", 4, 40.0), line("far", 24, 1.0)))
    assert standings_sentence(found, NAMES) == (
        "Not distinguishable from the most accurate: Lite1; significantly less accurate: 1 run."
    )
    assert standings_sentence(found, {}).startswith("Not distinguishable from the most accurate: 1 other run;")


def test_the_accuracy_of_repetitions_is_called_a_mean():
    one = verdict(a_board(line("best", 1, 1.0)))
    assert accuracy_text(one.best) == "98 % (87–100)"
    two = verdict(a_board(line("best", 1, 1.0, family="f"), line("close", 4, 1.0, family="f")))
    assert accuracy_text(two.best) == "93.8 % (mean of 2 repetitions)"


@pytest.mark.parametrize("family", Family)
def test_the_family_of_hypotheses_is_named(family):
    assert family_sentence(family, 7) == f"p and intervals are corrected for 7 comparisons: {family} (Holm)."
    assert family_sentence(family, 1) == "One comparison, so p is not corrected."
