"""The rows of the table of combinations."""

from core.recipes.patterns import Cascade
from core.web.compare.combination_card import offer_row
from tests.core.output.test_combinations import SINGLE, advice, offer


def test_a_combination_is_compared_with_the_single_run_photo_by_photo():
    ensemble = offer("a", "b", wrong=4, cascade=Cascade.ENSEMBLE)
    row = offer_row(advice(SINGLE, ensemble), ensemble)
    assert row["Model"] == "ensemble, 1/2 each" and row["Runs"] == "Lite0, Lite1"
    assert (
        row["Against the single run"] == "6 gained, 0 lost (p = 0.031)" and row["Validation accuracy"] == "96 % (90–98)"
    )


def test_the_single_run_and_a_cascade_have_no_weights():
    cascade = offer("a", "b", wrong=4, cascade=Cascade.CONFIDENCE, passed_on=0.25)
    row = offer_row(advice(SINGLE, cascade), cascade)
    assert row["Model"] == "confidence cascade" and row["Passed on"] == "25.0 %"
    row = offer_row(advice(SINGLE, cascade), SINGLE)
    assert row["Model"] == "single run" and row["Against the single run"] == row["Passed on"] == ""
