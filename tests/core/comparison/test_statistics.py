"""The tests and intervals of a comparison, against textbooks, SciPy, statsmodels and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import contingency_tables, multitest, proportion

from core.comparison.statistics import holm, level, mcnemar, mcnemar_many, paired_interval, photos_needed
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
    # the difference 0.04 with standard error 0.0095; an exact interval is a little wider
    assert paired_interval(1600, 150, 86) == pytest.approx((0.0214, 0.0586), abs=0.0015)


@pytest.mark.parametrize(
    ("n", "only_a", "only_b"),
    [(30, 0, 4), (40, 9, 1), (40, 5, 5), (12, 7, 5), (144, 1, 31), (400, 31, 12), (9000, 700, 640)],
)
@pytest.mark.parametrize(("alpha", "error"), [(0.05, 0.002), (0.0005, 0.004)])
def test_an_interval_is_a_quantile_of_the_melded_distribution(n, only_a, only_b, alpha, error):
    rng, draws, decided = np.random.default_rng(3), 2_000_000, only_a + only_b
    of_a = rng.beta(only_a, only_b + 1, draws) if only_a else np.zeros(draws)

    def limit(a: int, b: int) -> float:
        return float(np.quantile((2 * of_a - 1) * (rng.beta(a, b, draws) if b else 1.0), alpha / 2))

    expected = max(limit(decided, n - decided + 1), 0.0) or min(limit(decided + 1, n - decided), 0.0)
    assert paired_interval(n, only_a, only_b, alpha)[0] == pytest.approx(expected, abs=error)


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


FEW = st.integers(0, 40)


@UNHURRIED
@given(FEW, FEW, st.integers(0, 200), st.sampled_from([0.05, 0.01, 0.05 / 28]))
def test_the_interval_of_a_difference_excludes_zero_exactly_when_the_test_rejects(only_a, only_b, same, alpha):
    n = only_a + only_b + same
    if not n:
        return
    low, high = paired_interval(n, only_a, only_b, alpha)
    assert (low > 0 or high < 0) == (mcnemar(only_a, only_b) < alpha)
    assert -1 <= low <= (only_a - only_b) / n <= high <= 1
    assert paired_interval(n, only_b, only_a, alpha) == pytest.approx((-high, -low), abs=1e-9)


@pytest.mark.parametrize("truth", [(0.08, 0.04, 0.88), (0.02, 0.02, 0.96), (0.3, 0.1, 0.6)])
def test_the_interval_holds_the_truth_at_least_as_often_as_it_says(truth):
    draws = np.random.default_rng(0).multinomial(120, truth, size=600)
    intervals = [paired_interval(120, int(a), int(b)) for a, b, _ in draws]
    held = np.mean([low <= truth[0] - truth[1] <= high for low, high in intervals])
    assert 0.94 <= held <= 1, "exact, so rather too wide than too narrow"


def test_where_every_photo_is_decided_the_interval_is_that_of_clopper_and_pearson():
    low, high = proportion.proportion_confint(14, 20, method="beta")
    found = paired_interval(20, 14, 6)
    # the share of decided photos, 20 of 20, is itself estimated: the interval is drawn a little towards 0
    assert found[1] == pytest.approx(2 * high - 1, abs=0.02) and found[0] == pytest.approx(2 * low - 1, abs=0.02)


def test_one_photo_makes_nobody_certain():
    for photos, lowest in ((1, -1.0), (4, -0.3), (40, 0.79)):
        low, high = paired_interval(photos, photos, 0)
        assert lowest < low < high == 1
    low, high = paired_interval(30, 0, 0)
    assert low == -high < -0.1, "two runs that are right on the same photos may still differ on others"


def test_a_large_number_of_photos_gives_the_usual_interval():
    low, high = paired_interval(10_000, 600, 400)
    assert (low, high) == pytest.approx((0.02 - 0.0062, 0.02 + 0.0062), abs=4e-4)


@UNHURRIED
@given(st.lists(st.tuples(FEW, FEW), min_size=1, max_size=12))
def test_corrected_intervals_agree_with_corrected_p_values(tables):
    p_values = [mcnemar(*table) for table in tables]
    for (only_a, only_b), p_value, adjusted in zip(tables, p_values, holm(p_values), strict=True):
        low, high = paired_interval(100, only_a, only_b, level(p_value, adjusted, len(tables)))
        assert (low > 0 or high < 0) == (adjusted < 0.05)


@pytest.mark.parametrize(("n", "only_a", "only_b"), [(30, 6, 2), (100, 12, 6), (600, 30, 20)])
def test_with_the_photos_needed_the_test_finds_the_difference_four_times_of_five(n, only_a, only_b):
    needed = photos_needed(n, only_a, only_b)
    shares = (only_a / n, only_b / n, 1 - (only_a + only_b) / n)
    draws = np.random.default_rng(0).multinomial(needed, shares, size=4000)
    assert 0.74 <= np.mean(mcnemar_many(draws[:, 0], draws[:, 1]) < 0.05) <= 0.82
    assert photos_needed(n, only_a, only_b, 0.01) > needed, "a stricter level needs more"


def test_no_number_of_photos_finds_a_difference_that_is_not_there():
    assert photos_needed(100, 4, 4) is None
