"""Prediction sets keep their promise on exchangeable photos, overall and for each class, and say where they cannot."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.models.conformal import PredictionSet, SetPredictor, expected_coverage, photos_needed
from core.models.temperature import scaled

NAMES = ("dress", "hat", "shirt")


def exchangeable(n, classes=4, *, seed=0, shares=None, hard=()):
    """(probabilities, labels) of n photos of one population; the model is often wrong about the classes ``hard``."""
    generator = np.random.default_rng(seed)
    labels = generator.choice(classes, n, p=shares)
    scores = generator.normal(0, 1, (n, classes))
    scores[np.arange(n), labels] += np.where(np.isin(labels, hard), 0.5, 3.0)
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True), labels


def covered(predictor, probabilities, labels, confidence, **options):
    """(n,) whether the true class is in the set."""
    return predictor.sets(probabilities, confidence, **options)[np.arange(len(labels)), labels]


def halves(n_fit, n_new, seed, **options):
    probabilities, labels = exchangeable(n_fit + n_new, seed=seed, **options)
    return SetPredictor(probabilities[:n_fit], labels[:n_fit]), probabilities[n_fit:], labels[n_fit:]


# --- the promise ---


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize("n", [19, 50, 341])
def test_the_mean_coverage_over_many_draws_is_the_confidence(confidence, n):
    """At least the confidence, at most 1 / (n + 1) more (Vovk et al. 2005; Angelopoulos and Bates 2021, appendix D)."""
    draws = [covered(*halves(n, 200, seed), confidence).mean() for seed in range(300)]
    error = 3 * np.std(draws) / np.sqrt(len(draws))
    assert confidence - error <= np.mean(draws) <= confidence + 1 / (n + 1) + error


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_twenty_random_halves_stay_inside_their_99_percent_band(confidence):
    """How many of m photos are covered after a fit on n others is beta-binomial (Angelopoulos and Bates 2021, section
    3.3)."""
    from scipy.stats import betabinom

    n = m = 400
    left_out = int((n + 1) * (1 - confidence) + 1e-9)
    low, high = betabinom(m, n + 1 - left_out, left_out).interval(0.99)
    found = [covered(*halves(n, m, seed), confidence).sum() for seed in range(20)]
    assert all(low <= one <= high for one in found), (low, high, found)


def test_each_class_has_its_own_promise_where_one_threshold_for_all_breaks_it():
    shares, hard = [0.4, 0.3, 0.2, 0.1], (3,)
    mean = {}
    for by_class in (False, True):
        draws = []
        for seed in range(60):
            predictor, probabilities, labels = halves(600, 600, seed, shares=shares, hard=hard)
            right = covered(predictor, probabilities, labels, 0.9, by_class=by_class)
            draws.append([right[labels == label].mean() for label in range(4)])
        mean[by_class] = np.mean(draws, axis=0)
    assert mean[False][3] < 0.7, "the class that the model is bad at pays for the others"
    assert (mean[True] > 0.885).all() and (mean[True] < 0.93).all(), mean[True]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.booleans())
def test_a_set_at_a_higher_confidence_holds_that_of_a_lower_one(seed, n, confidence, by_class):
    predictor, probabilities, _ = halves(n, 20, seed)
    lower = predictor.sets(probabilities, confidence - 0.1, by_class=by_class)
    assert (predictor.sets(probabilities, confidence, by_class=by_class) >= lower).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 80), st.sampled_from([0.5, 0.83, 0.9, 0.95]), st.booleans())
def test_the_sets_are_those_of_crepes_for_photos_one_by_one(seed, n, confidence, by_class):
    from crepes import ConformalClassifier

    probabilities, labels = exchangeable(n + 10, seed=seed)
    scores, new = 1 - probabilities[np.arange(n), labels[:n]], 1 - probabilities[n:]
    theirs = ConformalClassifier().fit(scores, bins=labels[:n] if by_class else None)
    p_values = np.stack(
        [theirs.predict_p(new[:, c], np.full(10, c) if by_class else None, smoothing=False) for c in range(4)], axis=1
    )
    ours = SetPredictor(probabilities[:n], labels[:n]).sets(probabilities[n:], confidence, by_class=by_class)
    assert (ours == (p_values > 1 - confidence + 1e-9)).all()


def test_equal_probabilities_are_kept_or_left_out_together():
    probabilities = np.tile([0.6, 0.4], (40, 1))
    labels = np.array([0] * 37 + [1] * 3)
    predictor = SetPredictor(probabilities, labels)
    assert predictor.sets(probabilities[:1], 0.9).tolist() == [[True, False]]
    assert predictor.sets(probabilities[:1], 0.95).tolist() == [[True, True]]


def test_noise_as_of_another_runtime_excludes_no_class():
    probabilities, labels = np.tile([1 - 1e-7, 1e-7], (40, 1)), np.zeros(40, int)
    assert SetPredictor(probabilities, labels).sets(np.array([[1 - 3e-6, 3e-6]]), 0.9)[0, 0]


def test_a_temperature_cannot_change_which_classes_come_first():
    """Why sets are fitted without it: they hold the first classes of the list that is shown."""
    probabilities, _ = exchangeable(50, seed=3)
    assert (scaled(probabilities, 3.0).argsort() == probabilities.argsort()).all()


# --- one photo ---


def test_a_photo_gets_its_classes_the_most_probable_first():
    predictor = SetPredictor(np.tile([0.5, 0.3, 0.2], (40, 1)), np.arange(40) % 2)
    found = predictor.prediction_set(np.array([0.35, 0.4, 0.25]), NAMES)
    assert found == PredictionSet(confidence=0.95, by_class=False, classes=("hat", "dress"), photos=40)
    assert found.sentence == "With 95 % confidence one of 2: hat and dress."


def test_a_photo_that_the_model_is_unusually_unsure_of_has_an_empty_set():
    predictor = SetPredictor(np.tile([0.9, 0.06, 0.04], (40, 1)), np.zeros(40, int))
    found = predictor.prediction_set(np.array([0.4, 0.3, 0.3]), NAMES)
    assert found.classes == () and not found.problem
    assert found.sentence.startswith("None at 95 %")
    sure = predictor.prediction_set(np.array([0.95, 0.03, 0.02]), NAMES)
    assert sure.sentence == "With 95 % confidence: dress."


# --- too few photos ---


@pytest.mark.parametrize(("confidence", "needed"), [(0.9, 9), (0.95, 19), (0.99, 99), (0.975, 39), (0.8, 4), (0.5, 1)])
def test_one_photo_fewer_than_needed_excludes_nothing(confidence, needed):
    assert photos_needed(confidence) == needed
    for n, excludes in ((needed, True), (needed - 1, False)):
        predictor = SetPredictor(np.tile([0.9, 0.1], (n, 1)), np.zeros(n, int))
        assert predictor.sets(np.array([[1.0, 0.0]]), confidence).all() != excludes


def test_too_few_validation_photos_are_said_instead_of_a_set_of_every_class():
    found = SetPredictor(np.tile([0.9, 0.1], (12, 1)), np.zeros(12, int)).prediction_set(np.array([1.0, 0.0]), NAMES)
    assert found.classes == ()
    assert found.problem == found.sentence == "Too few validation photos for 95 % confidence: 19 needed, 12 there."


def test_a_rare_class_is_in_every_set_and_named():
    probabilities, labels = np.tile([0.8, 0.1, 0.1], (50, 1)), np.array([0] * 30 + [1] * 15 + [2] * 5)
    predictor = SetPredictor(probabilities, labels)
    found = predictor.prediction_set(np.array([0.98, 0.01, 0.01]), NAMES, by_class=True)
    assert found.always == ("hat", "shirt") and found.classes == ("dress", "hat", "shirt")
    few = SetPredictor(probabilities[30:], labels[30:]).prediction_set(probabilities[0], NAMES, by_class=True)
    assert few.problem == (
        "Too few validation photos for 95 % confidence in each class: 19 of a class needed, 15 of the largest there."
    )


def test_a_class_without_validation_photos_is_never_excluded():
    predictor = SetPredictor(np.tile([0.9, 0.1, 0.0], (60, 1)), np.zeros(60, int))
    assert predictor.sets(np.array([[1.0, 0.0, 0.0]]), 0.9, by_class=True).tolist() == [[True, True, True]]


# --- wrong input ---


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, -0.1, float("nan")])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(InvalidInput, match=r"above 0 and below 1, for example 0.95. Received: "):
        SetPredictor(np.ones((20, 1)), np.zeros(20, int)).sets(np.ones((1, 1)), confidence)


def test_labels_and_probabilities_must_belong_together():
    with pytest.raises(InvalidInput, match="one label for each row"):
        SetPredictor(np.ones((20, 2)), np.zeros(19, int))


def test_the_expected_coverage_is_that_of_many_fits():
    found = [covered(*halves(100, 150, seed), 0.9).mean() for seed in range(400)]
    low, high = expected_coverage(100, 150, 0.9)
    assert 0.93 <= np.mean([low <= one <= high for one in found]) <= 1.0
    assert expected_coverage(10, 150, 0.95) == (1.0, 1.0), "too few photos to exclude a class"


@pytest.mark.parametrize(
    ("photos", "new", "confidence"), [(19, 30, 0.95), (100, 30, 0.9), (341, 372, 0.95), (500, 1, 0.8)]
)
def test_the_expected_coverage_is_the_interval_of_the_beta_binomial_distribution(photos, new, confidence):
    from scipy.stats import betabinom

    left_out = int((1 - confidence) * (photos + 1) + 1e-9)
    low, high = betabinom(new, photos + 1 - left_out, left_out).interval(0.95)
    assert expected_coverage(photos, new, confidence) == (low / new, high / new)
