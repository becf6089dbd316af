"""The outcome of a comparison in one sentence."""

from core.comparison.summary import outcome_sentence
from core.comparison.table import leaderboard
from tests.comparison_values import a_cost, a_run, answers
from tests.core.comparison.test_paired import against_best


def rows_of(**seconds):
    runs = [a_run(name, 0.9) for name in seconds]
    return leaderboard(runs, {name: a_cost(alone=cost) for name, cost in seconds.items()})


def test_the_claim_names_the_cheapest_of_those_that_tie_with_the_best():
    pairs = against_best(answers("best", "+" * 10), answers("cheap", "-" + "+" * 9))
    rows = rows_of(best=100.0, cheap=20.0)
    assert outcome_sentence(rows, pairs) == "cheap is not distinguishable from best, at a fifth of the training time"
    assert outcome_sentence(rows, pairs, "model_bytes").endswith("cheap, at the same model size")


def test_the_claim_of_a_winner_says_its_margin_and_its_price():
    pairs = against_best(answers("best", "+" * 40), answers("cheap", "-" * 20 + "+" * 20))
    assert outcome_sentence(rows_of(best=160.0, cheap=100.0), pairs) == (
        "best is more accurate than cheap by 50 points, at 1.6 times the training time"
    )


def test_a_claim_without_rivals_or_costs_says_only_what_is_known():
    assert outcome_sentence([], []) == "No run has been measured on the test photos yet"
    (row,) = rows_of(only=1.0)
    assert outcome_sentence([row], []) == "only: 90.0 % ± 4.5 test accuracy"
    pairs = against_best(answers("best", "+" * 10), answers("cheap", "-" + "+" * 9))
    unknown = leaderboard([a_run("best"), a_run("cheap")], {})
    assert outcome_sentence(unknown, pairs) == "best is not distinguishable from cheap"
