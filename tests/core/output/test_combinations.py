"""Advice on combinations as JSON and as sentences."""

import numpy as np

from core.advising.combining import CombinationAdvice
from core.advising.ensembles import CombinationBudget, OfferedModel
from core.output.combinations import combination_sentence, costs_words, offer_name
from core.recipes.patterns import Cascade


def offer(*runs: str, wrong: int, cascade: Cascade | None = None, **changes) -> OfferedModel:
    right = tuple((np.arange(100) >= wrong).tolist())
    values = {"cascade": cascade, "run_ids": runs, "right": right, "fitted_accuracy": 0.97, "milliseconds": 12.0}
    return OfferedModel(**(values | {"size_bytes": 24_000_000} | changes))


def advice(single, *others, **budget) -> CombinationAdvice:
    return CombinationAdvice(
        dataset_id="d-1", budget=CombinationBudget(**budget), single=single, others=others,
        names={"a": "Lite0", "b": "Lite1"}, runs=2, too_large=0, photos=100,
    )  # fmt: skip


SINGLE = offer("a", wrong=10)


def test_a_better_ensemble_stands_beside_the_single_run():
    found = advice(SINGLE, offer("a", "b", wrong=4, cascade=Cascade.ENSEMBLE))
    assert combination_sentence(found) == (
        "Use the ensemble of Lite0 and Lite1: 96 % (90–98) of 100 validation photos, about 12 ms a photo, 24 MB. "
        "The best single run, Lite0, reaches 90.0 % of them (6 photos only the first gets right, 0 only the second, "
        "p = 0.031)."
    )


def test_no_better_combination_is_said_with_the_budget():
    found = advice(SINGLE, offer("a", "b", wrong=10, cascade=Cascade.ENSEMBLE), most_ms=30, most_mb=50)
    assert combination_sentence(found).startswith(
        "No ensemble or cascade within 30 ms and 50 MB is better on the validation photos than the best single run. "
        "Use Lite0: "
    )
    assert "cascade is better on" in combination_sentence(advice(SINGLE))


def test_a_cascade_may_fit_where_no_run_as_accurate_does():
    found = offer("a", "b", wrong=4, cascade=Cascade.CONFIDENCE, passed_on=0.25)
    assert offer_name(found, advice(SINGLE)) == "the cascade of Lite0 and, where it is not confident, Lite1"
    assert costs_words(found) == "about 12 ms a photo on average (25.0 % passed on), 24 MB"
    assert combination_sentence(advice(None, found, most_ms=15)).endswith("No single run fits into 15 ms.")


def test_a_time_that_was_not_measured_is_no_number():
    assert costs_words(offer("a", wrong=1, milliseconds=None)) == "time not measured, 24 MB"


def test_a_combination_that_is_only_as_accurate_is_not_preferred_though_it_is_faster():
    quick = offer("a", "b", wrong=10, cascade=Cascade.CONFIDENCE, milliseconds=5.0, passed_on=0.1)
    found = advice(SINGLE, quick)
    assert found.chosen is SINGLE and not found.is_combination
