"""Linear heads: C and temperature are chosen by the validation loss."""

import numpy as np
import pytest

from core.models.heads import fit_linear
from core.models.heads.solvers import fit_solver
from core.recipes.hyperparameters import Solver
from core.runs.metrics import cross_entropy
from tests.core.models.heads.test_solvers import fitted, photos


def test_c_is_the_one_with_the_smallest_validation_loss():
    choice = fitted(Solver.LOGISTIC_REGRESSION).choice
    tried = [row["C"] for row in choice["tried"]]
    assert tried == list(fit_linear.LOGISTIC_CS[: len(tried)])
    best = min(choice["tried"], key=lambda row: row["loss"])
    assert choice["chosen"] == {"C": best["C"]}
    assert choice["by"] == "validation loss"


def test_probabilities_of_the_svm_decide_as_its_scores_do():
    from sklearn.svm import LinearSVC

    train, labels = photos(120, seed=1)
    head = fitted(Solver.LINEAR_SVM)
    spread = train.std()
    svm = LinearSVC(C=head.choice["chosen"]["C"], random_state=0).fit(train / spread, labels)
    rows, _ = photos(90, seed=5)
    np.testing.assert_array_equal(head.probabilities(rows).argmax(axis=1), svm.predict(rows / spread))


def wide(n, seed):
    """Features (n, 200) of unequal variance, of which a few tell five overlapping classes apart; and labels."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 5
    centres = np.random.default_rng(99).normal(0, 1.0, (5, 200)) * (np.arange(200) < 20)
    return ((centres[labels] + generator.normal(0, 1, (n, 200))) * np.linspace(0.1, 2, 200)).astype(np.float32), labels


def test_a_full_search_fits_every_c_as_if_it_were_the_only_one():
    """Fails with scikit-learn's tolerance: a warm start then keeps the weights of the value before."""
    from sklearn.linear_model import LogisticRegression

    (train, labels), (validation, validation_labels) = wide(400, 1), wide(200, 2)
    fitted_head = fit_solver(Solver.LOGISTIC_REGRESSION, train, labels, validation, validation_labels, full_search=True)
    spread = train.std()
    for row in fitted_head.choice["tried"]:
        alone = LogisticRegression(C=row["C"], tol=1e-8, max_iter=10_000).fit(train / spread, labels)
        expected = cross_entropy(alone.predict_proba(validation / spread), validation_labels)
        assert row["loss"] == pytest.approx(expected, rel=1e-3), row["C"]
    losses = [row["loss"] for row in fitted_head.choice["tried"]]
    assert 0 < int(np.argmin(losses)) < len(losses) - 1


def test_without_a_full_search_the_path_is_that_of_earlier_versions():
    tried = [row["C"] for row in fitted(Solver.LINEAR_SVM).choice["tried"]]
    assert tried == list(fit_linear.SVM_CS[: len(tried)])


def test_every_group_of_features_is_scaled_alone_and_the_head_has_the_scales_in_it():
    train, labels = photos(120, seed=1)
    rows, truth = photos(90, seed=5)
    scales = np.repeat([1.0, 1000.0], [3, train.shape[1] - 3]).astype(np.float32)

    def fit(factor, **groups):
        return fit_solver(
            Solver.LOGISTIC_REGRESSION, train * factor, labels, rows * factor, truth, full_search=True, **groups
        )

    groups = (3, train.shape[1] - 3)
    plain, scaled, together = fit(1.0, groups=groups), fit(scales, groups=groups), fit(scales)
    expected = plain.probabilities(rows)
    apart, one = (np.abs(head.probabilities(rows * scales) - expected).mean() for head in (scaled, together))
    assert apart < 1e-3 and one > 3 * apart


def test_one_group_is_what_it_was_without_groups():
    train, labels = photos(120, seed=1)
    rows, truth = photos(90, seed=5)
    one, none = (
        fit_solver(Solver.LOGISTIC_REGRESSION, train, labels, rows, truth, full_search=True, groups=groups)
        for groups in ((train.shape[1],), ())
    )
    assert np.array_equal(one.probabilities(rows), none.probabilities(rows))
