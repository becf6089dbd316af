"""Whether a difference between two runs is real, and how that is said."""

import pytest

from core.comparison.compare import compare
from core.comparison.paired import paired
from core.comparison.statistics import holm, mcnemar
from core.comparison.summary import pair_sentence
from core.errors import InvalidInput
from core.runs.predictions import Predictions
from tests.comparison_values import a_run, answers


def test_the_exact_test_stays_exact_where_numbers_are_huge():
    assert mcnemar(5000, 5000) == 1.0
    assert 0 < mcnemar(4000, 5000) < 1e-20


def test_holms_correction_is_the_published_one():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)
    assert holm([]) == ()


def test_answers_are_compared_photo_by_photo_whatever_their_order():
    a, b = answers("a", "+++++-+-"), answers("b", "++---++-", reverse=True)
    pair = paired(a, b)
    assert (pair.both_right, pair.only_a, pair.only_b, pair.both_wrong, pair.n) == (3, 3, 1, 1, 8)
    assert (pair.only_a_digests, pair.only_b_digests) == (("p2", "p3", "p4"), ("p5",))
    assert pair.difference == 0.25
    assert pair.p_value == mcnemar(3, 1)


def test_answers_for_other_photos_cannot_be_compared():
    with pytest.raises(InvalidInput, match="same test photos.*r-1 with 3 photos and r-2 with 2"):
        paired(answers("r-1", "+++"), answers("r-2", "++"))
    other = answers("r-2", "++")
    swapped = Predictions(
        run_id="r-2", digests=other.digests, labels=1 - other.labels, probabilities=other.probabilities
    )
    with pytest.raises(InvalidInput, match="do not agree on the true classes"):
        paired(answers("r-1", "++"), swapped)


def test_no_photos_at_all_cannot_be_compared():
    with pytest.raises(InvalidInput, match="0 photos"):
        paired(answers("r-1", ""), answers("r-2", ""))


def against_best(*predictions):
    """The best of several runs against each other one, as compared."""
    runs = [a_run(one.run_id, one.accuracy) for one in predictions]
    known = {one.run_id: one for one in predictions}
    names = ("even", "odd")
    return compare(runs, costs={}, evaluations={}, predictions=known, missing={}, class_names=names).against_best


NAMES = {"a": "Lite1", "b": "Lite0"}


def test_a_real_difference_is_called_better_with_its_interval():
    pair = paired(answers("b", "+" * 20 + "-" * 10 + "+" * 70), answers("a", "+" * 100))
    assert not pair.tie and pair.difference == pytest.approx(-0.1)
    assert (
        pair_sentence(pair, NAMES) == "Lite1 is more accurate than Lite0 by 10 points (95 %: 2.9 to 17.6, p = 0.002)."
    )


def test_a_pair_can_be_read_from_either_side():
    a, b = answers("a", "+++++-+-"), answers("b", "++---++-")
    assert paired(a, b).turned == paired(b, a) and paired(a, b).turned.turned == paired(a, b)


def test_a_difference_that_could_be_chance_is_called_a_tie():
    pair = paired(answers("a", "+++++--+"), answers("b", "++++-+-+"))
    assert pair.tie
    assert (
        pair_sentence(pair, NAMES)
        == "Lite1 and Lite0 are not distinguishable: both have the same accuracy on 8 test photos."
    )
    pair = paired(answers("a", "++++++-+"), answers("b", "++++-+-+"))
    assert pair_sentence(pair, NAMES) == (
        "Lite1 is not distinguishable from Lite0: 12.5 points more accurate on 8 test photos, "
        "not statistically significant (p = 1.00)."
    )


def test_several_comparisons_with_the_best_are_corrected():
    best, close, far = (
        answers("best", "+" * 40),
        answers("close", "-" * 6 + "+" * 34),
        answers("far", "-" * 20 + "+" * 20),
    )
    to_close, to_far = against_best(close, best, far)
    assert (to_close.a, to_close.b, to_far.b) == ("best", "close", "far")
    assert to_close.p_value < 0.05 <= 2 * to_close.p_value
    assert not to_close.tie, "Holm tests the larger difference first and then this one at 5 %"
    assert to_far.adjusted_p == 2 * to_far.p_value
    assert against_best(best) == ()


def test_correction_can_turn_a_difference_into_a_tie():
    best, other = answers("best", "+" * 40), answers("other", "-" * 6 + "+" * 34)
    third = answers("third", "+" * 34 + "-" * 6)
    assert not paired(best, other).tie
    pairs = against_best(best, other, third)
    assert [pair.tie for pair in pairs] == [True, True]
    assert "corrected for 2 comparisons" in pair_sentence(pairs[0], {})
