"""The tests and intervals of a comparison, against textbooks, SciPy, statsmodels and scikit-learn."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import contingency_tables, multitest, proportion

from core.comparison.statistics import bootstrap_interval, holm, mcnemar, mcnemar_many, newcombe
from core.runs.metrics import wilson_interval

COUNTS = st.integers(0, 300)
UNHURRIED = settings(deadline=None, max_examples=50)
"""A busy machine is no failure."""


@UNHURRIED
@given(COUNTS, COUNTS)
def test_mcnemars_exact_test_is_that_of_scipy_and_statsmodels(only_a, only_b):
    p_value = mcnemar(only_a, only_b)
    if only_a + only_b:
        assert p_value == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue, rel=1e-9)
        table = [[40, only_a], [only_b, 7]]
        assert p_value == pytest.approx(contingency_tables.mcnemar(table, exact=True).pvalue, rel=1e-9)
    else:
        assert p_value == 1.0


def test_approval_of_the_prime_minister_fell():
    # Agresti, Categorical Data Analysis (2013), table 11.1: 1,600 Britons asked twice, z = -4.17
    p_value = mcnemar(150, 86)
    assert p_value == pytest.approx(2 * stats.norm.sf((150 - 86) / (150 + 86) ** 0.5), rel=0.2)
    # the difference 0.04 with standard error 0.0095
    assert newcombe(794, 150, 86, 570) == pytest.approx((0.04, 0.0214, 0.0586), abs=0.0003)
    assert bootstrap_interval(1600, 150, 86) == pytest.approx((0.0214, 0.0586), abs=0.0003)


@UNHURRIED
@given(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=30))
def test_many_tests_at_once_are_the_same_tests(pairs):
    only_a, only_b = np.array(pairs).T
    each = [mcnemar(a, b) for a, b in pairs]
    assert mcnemar_many(only_a, only_b) == pytest.approx(each, rel=1e-9)


def test_no_pairs_have_no_p_values():
    assert len(mcnemar_many(np.zeros(0, int), np.zeros(0, int))) == 0


@pytest.mark.parametrize("m", [1, 2, 7, 40])
def test_holms_correction_is_that_of_statsmodels(m):
    p_values = np.random.default_rng(m).beta(0.3, 1, m).round(3)  # small ones, and some that are equal
    _, corrected, *_ = multitest.multipletests(p_values, method="holm")
    assert holm(p_values) == pytest.approx(tuple(corrected))


@UNHURRIED
@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilsons_interval_is_that_of_statsmodels(n, share, confidence):
    right = round(share * n)
    theirs = proportion.proportion_confint(right, n, alpha=1 - confidence, method="wilson")
    assert wilson_interval(right, n, confidence) == pytest.approx(theirs, abs=1e-12)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_newcombes_paper(right, n, low, high):
    # Newcombe 1998 (Stat. Med. 17:857), table I, method 3
    assert wilson_interval(right, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("table", "low", "high"), [((36, 12, 2, 0), 0.0569, 0.3404), ((20, 12, 2, 16), 0.0562, 0.3292)]
)
def test_newcombes_interval_is_that_of_his_paper(table, low, high):
    # Newcombe 1998 (Stat. Med. 17:2635), examples of table II, method 10
    assert newcombe(*table)[1:] == pytest.approx((low, high), abs=5e-5)


def marks(only_a: int, only_b: int, same: int) -> np.ndarray:
    return np.array([1] * only_a + [-1] * only_b + [0] * same)


@pytest.mark.parametrize(("only_a", "only_b", "same"), [(1, 0, 3), (2, 1, 3), (0, 2, 4), (3, 3, 0), (1, 1, 4)])
def test_the_bootstrap_interval_is_that_of_all_possible_drawings(only_a, only_b, same):
    differences = marks(only_a, only_b, same)
    means = np.array(list(product(differences, repeat=len(differences)))).mean(axis=1)
    every = np.quantile(means, [0.025, 0.975], method="inverted_cdf")
    assert bootstrap_interval(only_a + only_b + same, only_a, only_b) == pytest.approx(tuple(every))


@pytest.mark.parametrize(("only_a", "only_b", "same"), [(30, 12, 330), (4, 9, 60)])
def test_the_bootstrap_interval_is_what_scipys_draws_come_close_to(only_a, only_b, same):
    differences = marks(only_a, only_b, same)
    drawn = stats.bootstrap((differences,), np.mean, n_resamples=20_000, method="percentile", rng=0)
    low, high = bootstrap_interval(only_a + only_b + same, only_a, only_b)
    step = 1 / len(differences)
    assert low == pytest.approx(drawn.confidence_interval.low, abs=1.5 * step)
    assert high == pytest.approx(drawn.confidence_interval.high, abs=1.5 * step)


@UNHURRIED
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 200))
def test_the_bootstrap_interval_holds_the_difference_and_turns_round_with_the_runs(only_a, only_b, same):
    n = only_a + only_b + same
    if not n:
        return
    low, high = bootstrap_interval(n, only_a, only_b)
    assert -1 <= low <= (only_a - only_b) / n <= high <= 1
    back_low, back_high = bootstrap_interval(n, only_b, only_a)
    assert (low, high) == pytest.approx((-back_high, -back_low), abs=1.01 / n)  # one step, where a tail ends on one


def test_the_bootstrap_interval_holds_the_truth_about_as_often_as_it_says():
    draws = np.random.default_rng(0).multinomial(372, (0.08, 0.04, 0.88), size=1000)
    intervals = [bootstrap_interval(372, int(a), int(b)) for a, b, _ in draws]
    assert 0.92 <= np.mean([low <= 0.04 <= high for low, high in intervals]) <= 0.98


def test_ten_thousand_photos_have_an_interval_too():
    low, high = bootstrap_interval(10_000, 600, 400)
    assert (low, high) == pytest.approx((0.02 - 0.0062, 0.02 + 0.0062), abs=2e-4)
