"""Runs side by side as one value: order, ties, pairs, fronts, and what is missing."""

import re
import time
from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.comparison.compare import compare
from core.comparison.cost_axes import COSTS
from core.comparison.paired import Family, paired
from core.comparison.statistics import holm
from core.comparison.table import SeveralDatasets, require_one_dataset
from core.comparison.verdict import Standing
from core.errors import InvalidInput
from core.runs.metrics import evaluate
from core.runs.predictions import Predictions
from core.runs.values import Status
from tests.comparison_values import a_cost, a_run, answers

NAMES = ("cat", "dog")


def of(*predictions: Predictions, unfinished=(), missing=(), **changed):
    """A comparison of finished runs with these answers, and of others."""
    runs = [a_run(one.run_id, one.accuracy, seed=seed) for seed, one in enumerate(predictions)]
    runs += [a_run(run_id, None) for run_id in unfinished] + [a_run(run_id, 0.5) for run_id in missing]
    values = {
        "costs": {one.run_id: a_cost(alone=10.0 * (place + 1)) for place, one in enumerate(predictions)},
        "evaluations": {one.run_id: evaluate(one.probabilities, one.labels, NAMES) for one in predictions},
        "predictions": {one.run_id: one for one in predictions},
        "missing": {run_id: f"{run_id} is lost." for run_id in missing},
        "class_names": NAMES,
    }
    return compare(runs, **values | changed)


def test_the_best_is_tested_against_each_other_one_and_ties_are_marked():
    found = of(answers("far", "-" * 20 + "+" * 20), answers("best", "+" * 40), answers("close", "-" * 3 + "+" * 37))
    assert [row.run.id for row in found.rows] == ["best", "close", "far"]
    assert [row.tie_with_best for row in found.rows] == [True, True, False]
    assert [(pair.a, pair.b) for pair in found.against_best] == [("best", "close"), ("best", "far")]
    alone = [paired(found.predictions["best"], found.predictions[other]).p_value for other in ("close", "far")]
    assert [pair.adjusted_p for pair in found.against_best] == pytest.approx(list(holm(alone)))


def test_every_other_pair_is_corrected_for_every_two_of_the_runs():
    found = of(*(answers(name, "+" * (40 - 6 * place) + "-" * 6 * place) for place, name in enumerate("abcd")))
    assert [(pair.a, pair.b) for pair in found.other_pairs] == [("b", "c"), ("b", "d"), ("c", "d")]
    assert {(pair.comparisons, pair.family) for pair in found.against_best} == {(3, Family.BEST)}
    assert {(pair.comparisons, pair.family) for pair in found.other_pairs} == {(6, Family.EVERY)}
    every = [paired(found.predictions[a], found.predictions[b]).p_value for a, b in combinations("abcd", 2)]
    assert [pair.adjusted_p for pair in found.other_pairs] == pytest.approx(list(holm(every)[3:]))
    assert found.pair("c", "b") == found.pair("b", "c").turned


def test_no_run_beats_one_that_the_best_does_not_beat():
    # "b" is right on the photos of "c" and six more; "best" is right on one more, but on others
    best, b, c = (
        answers("best", "-" * 13 + "+" * 27),
        answers("b", "+" * 26 + "-" * 14),
        answers("c", "+" * 20 + "-" * 20),
    )
    assert not paired(b, c).tie
    found = of(best, b, c)
    assert found.pair("best", "c").tie and found.pair("b", "c").tie


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(st.booleans(), min_size=24, max_size=24), min_size=2, max_size=7), st.integers(1, 6))
def test_verdicts_of_one_comparison_never_contradict_each_other(rights, times):
    marks = {f"r-{place}": "".join("+" if one else "-" for one in right) * times for place, right in enumerate(rights)}
    found = of(*(answers(run_id, text) for run_id, text in marks.items()))
    verdict = found.verdict
    ties = {one.run_id for one in verdict.ties}
    assert [row.run.id for row in found.rows][0] == verdict.best.run_id
    for pair in found.pairs:
        assert (pair.low > 0 or pair.high < 0) == (not pair.tie), "the interval agrees with the p-value"
        assert pair.adjusted_p >= pair.p_value * 0.999
        worse = pair.b if pair.difference > 0 else pair.a
        if verdict.best.run_id in (pair.a, pair.b):
            other = pair.b if pair.a == verdict.best.run_id else pair.a
            assert pair.tie == (other in ties) == (verdict.standing(other) is Standing.TIE)
        elif not pair.tie:
            assert worse not in ties, "nothing beats a run that the best cannot be distinguished from"


def test_of_more_than_twenty_runs_only_the_best_is_compared_with_the_others():
    found = of(*(answers(f"r-{number:02}", "+" * (40 - number) + "-" * number) for number in range(21)))
    assert len(found.pairs) == len(found.against_best) == 20


def test_answers_that_are_not_those_that_were_measured_are_not_compared():
    measured = evaluate(answers("b", "++--").probabilities, answers("b", "++--").labels, NAMES)
    found = of(answers("a", "+++-"), answers("b", "+++-"), evaluations={"b": measured})
    assert list(found.predictions) == ["a"] and found.pairs == ()
    assert "not those that were measured: 3 of 4 are right, 50.0% of 4 were" in found.missing["b"]


def test_as_many_right_answers_to_other_photos_are_not_those_that_were_measured():
    """The leaderboard knows which photos were right; a pair must not count others."""
    before = answers("b", "++--")
    measured = evaluate(before.probabilities, before.labels, NAMES, before.digests)
    found = of(answers("a", "+++-"), answers("b", "+--+"), evaluations={"b": measured})
    assert list(found.predictions) == ["a"]
    assert "not those that were measured: 2 of 4 are right, as then, but not the same photos" in found.missing["b"]
    turned = of(answers("a", "+++-"), answers("b", "++--", reverse=True), evaluations={"b": measured})
    assert list(turned.predictions) == ["a", "b"], "the order of a file says nothing"


def test_other_probabilities_of_the_same_answers_are_not_those_that_were_measured():
    """The log-loss beside the curves would not be theirs."""
    given = answers("b", "++--")
    measured = evaluate(given.probabilities**3, given.labels, NAMES, given.digests)
    found = of(answers("a", "+++-"), given, evaluations={"b": measured})
    assert list(found.predictions) == ["a"]
    assert re.search(r"measured: their log-loss is \d\.\d{3}, it was \d\.\d{3}\. Train it again", found.missing["b"])


def test_any_two_can_be_put_head_to_head():
    found = of(answers("a", "+++-"), answers("b", "++--"), answers("c", "+---"))
    pair = found.pair("c", "a")
    assert (pair.only_a, pair.only_b, pair.difference) == (0, 2, -0.5)
    with pytest.raises(InvalidInput, match="r-9 is not among the compared runs"):
        found.pair("a", "r-9")


def test_two_runs_are_compared_in_every_figure_and_resampled_once():
    found = of(answers("a", "+++-+"), answers("b", "++--+"))
    accuracy, *_, nll_per_photo = found.metrics("a", "b")
    assert accuracy.difference == pytest.approx(0.2) and nll_per_photo.metric == "log_loss"
    assert found.metrics("a", "b") is found.metrics("a", "b")
    with pytest.raises(InvalidInput, match="r-9 is not among the compared runs"):
        found.metrics("a", "r-9")


def test_the_figures_of_a_row_are_those_of_its_evaluation():
    found = of(answers("a", "++-+"))
    (row,) = found.rows
    measured = found.evaluations["a"]
    assert (row.value("balanced_accuracy"), row.value("macro_f1")) == (measured.balanced_accuracy, measured.macro_f1)
    assert (row.value("log_loss"), row.value("ece")) == (measured.loss, measured.ece)


def test_figures_that_are_not_known_are_not_numbers():
    older = replace(evaluate(np.eye(2), np.array([0, 1]), NAMES), loss=float("nan"), ece=None, balanced_accuracy=None)
    (row,) = of(answers("a", "++"), evaluations={"a": older}).rows
    assert (row.value("log_loss"), row.value("ece"), row.value("balanced_accuracy")) == (None, None, None)


def test_one_run_alone_is_its_own_best():
    found = of(answers("a", "++-"))
    assert found.pairs == () and found.rows[0].tie_with_best is True and found.differing == ()


def test_unfinished_runs_are_shown_and_marked():
    found = of(answers("a", "++-"), unfinished=["r-2"])
    assert [row.run.id for row in found.rows] == ["a", "r-2"]
    assert "RUNNING, not finished" in found.missing["r-2"] and found.rows[1].tie_with_best is None


def test_only_unfinished_runs_are_shown_too():
    found = of(unfinished=["r-1", "r-2"])
    assert len(found.rows) == 2 and not found.predictions and found.pairs == () and found.pareto == {}


def test_when_the_answers_of_the_best_are_lost_the_next_one_is_the_measure():
    found = of(answers("a", "+" * 2 + "-" * 8), answers("b", "-" * 10), missing=["lost"])
    assert found.rows[0].run.id == "lost" and found.rows[0].tie_with_best is None
    assert found.missing == {"lost": "lost is lost."}
    assert [(pair.a, pair.b) for pair in found.against_best] == [("a", "b")]


def test_one_odd_file_does_not_make_the_others_look_odd():
    found = of(answers("odd", "+" * 9), answers("a", "+" * 8), answers("b", "+" * 7 + "-"))
    assert "other test photos" in found.missing["odd"] and list(found.predictions) == ["a", "b"]


def test_answers_of_other_classes_are_missing_with_the_reason():
    found = of(answers("a", "++-"), class_names=("cat", "dog", "eel"))
    assert "are for 2 classes, but its dataset has" in found.missing["a"]


def test_runs_of_several_datasets_are_refused_and_the_largest_group_is_offered():
    runs = [a_run("a"), a_run("b", dataset="d-2"), a_run("c", dataset="d-2")]
    with pytest.raises(SeveralDatasets, match=r"d-2 \(2 runs\) and d-1 \(1 run\).*d-2 can be: b and c") as caught:
        compare(runs, costs={}, evaluations={}, predictions={}, missing={}, class_names=NAMES)
    assert caught.value.groups == {"d-2": ("b", "c"), "d-1": ("a",)}


def test_single_runs_of_datasets_leave_nothing_to_offer():
    with pytest.raises(SeveralDatasets, match="Choose others"):
        require_one_dataset([a_run("a"), a_run("b", dataset="d-2")], {"d-1": "flowers:1"})


def test_nothing_to_compare_says_what_to_do():
    with pytest.raises(InvalidInput, match="Choose at least one run"):
        compare([], costs={}, evaluations={}, predictions={}, missing={}, class_names=NAMES)


def test_every_cost_that_was_measured_has_its_front():
    found = of(answers("cheap", "+++---"), answers("dear", "++++--"), rate_per_hour=1.0)
    assert found.pareto["alone_wall_seconds"] == ("cheap", "dear")
    assert found.pareto["ms_per_photo"] == ("dear",), "at one price only the more accurate is on it"
    assert "energy_joules" not in found.pareto and "money" in found.pareto and set(found.pareto) < set(COSTS)


def test_five_hundred_runs_are_compared_while_one_waits():
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=372)
    digests = tuple(f"{number:064x}" for number in range(372))
    predictions = {}
    for number in range(500):
        probabilities = rng.dirichlet(np.ones(10), 372)
        hit = rng.random(372) < 0.5 + number / 1200
        probabilities[hit] = np.eye(10)[labels[hit]]
        run_id = f"r-{number}"
        predictions[run_id] = Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)
    runs = [a_run(run_id, one.accuracy, seed=seed) for seed, (run_id, one) in enumerate(predictions.items())]
    costs = {run.id: a_cost(alone=1.0 + seed) for seed, run in enumerate(runs)}
    names = tuple(f"class {label}" for label in range(10))
    began = time.process_time()
    found = compare(runs, costs=costs, evaluations={}, predictions=predictions, missing={}, class_names=names)
    assert len(found.pairs) == 499 and len(found.names) == 500
    assert time.process_time() - began < 5, "0.2 s on a free machine"


def test_a_run_that_is_scheduled_says_so():
    run = replace(a_run("r-1", None), status=Status.SCHEDULED)
    found = compare([run], costs={}, evaluations={}, predictions={}, missing={}, class_names=NAMES)
    assert "SCHEDULED" in found.missing["r-1"]


def test_the_difference_of_accuracies_has_one_interval_wherever_it_stands():
    """Resampled photos would give another one, beside the exact one of the pair."""
    random = Random(1)
    a, b = (answers(name, "".join(random.choices("++-", k=57))) for name in "ab")
    found = of(a, b)
    for one, other in (("a", "b"), ("b", "a")):
        pair, accuracy = found.pair(one, other), found.metrics(one, other)[0]
        assert (accuracy.metric, accuracy.difference) == ("accuracy", pytest.approx(pair.difference))
        assert (accuracy.low, accuracy.high) == (pair.low, pair.high)
