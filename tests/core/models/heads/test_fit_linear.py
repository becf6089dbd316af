"""Linear heads: C and temperature are chosen by the validation loss."""

import numpy as np

from core.models.heads import fit_linear
from core.recipes.recipe import Solver
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
