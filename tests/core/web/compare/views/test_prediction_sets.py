"""The words of the view; the page is tested in tests/pages/test_compare_views.py."""

from core.comparison.prediction_sets import SetMeasure, SetMeasures
from core.web.compare.views import prediction_sets as view


def measure(confidence, covered, *, by_class=False):
    return SetMeasure(
        confidence=confidence,
        by_class=by_class,
        photos=200,
        covered=covered,
        classes=1.284,
        single=0.8,
        empty=0.0,
        expected=(0.9, 0.98),
    )


def measures(*overall, by_class=()):
    return SetMeasures(run_id="r-1", validation=100, overall=overall, by_class=by_class)


def test_a_cell_gives_coverage_with_its_interval_and_the_classes():
    found = measures(measure(0.9, 182), by_class=(measure(0.95, 190, by_class=True),))
    assert view._cells(found) == {
        "At 90 %": "91 % (86–94) · 1.28 classes",
        "At 95 %": "too few photos",
        "95 %, each class": "95 % (91–97) · 1.28 classes",
    }


def test_the_finding_is_at_95_percent_or_at_the_highest_confidence_that_is_possible():
    sentence = view._finding(measures(measure(0.9, 182), measure(0.95, 190)))
    assert sentence == (
        "at 95 % confidence the prediction sets hold the true class for 95 % (91–97) of the test photos, with 1.28 "
        "classes on average."
    )
    assert view._finding(measures(measure(0.9, 182))).startswith("at 90 % confidence")


def test_the_caption_says_which_fractions_a_kept_promise_shows():
    said = view._how(measures(measure(0.95, 190)))
    assert "Fitted on 100 validation photos, measured on 200 test photos" in said
    assert "sets that keep a promise of 95 % show 90.0 to 98.0 %" in said
