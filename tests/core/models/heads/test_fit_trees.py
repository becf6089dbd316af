"""Gradient boosting: trees as arrays, on the features that differ most."""

import numpy as np

from core.models.heads import fit_trees
from core.models.heads.solvers import fit_solver
from core.recipes.hyperparameters import Solver
from tests.core.models.heads.test_solvers import photos


def test_trees_say_what_scikit_learn_says():
    from sklearn.ensemble import HistGradientBoostingClassifier

    train, labels = photos(120, seed=1)
    rows, _ = photos(60, seed=5)
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(train, labels)
    head = fit_trees._trees(model._predictors, model._baseline_prediction, np.arange(train.shape[1]))
    np.testing.assert_allclose(head(rows), model.predict_proba(rows), atol=1e-6)


def test_boosting_sees_the_features_that_tell_the_classes_apart(monkeypatch):
    monkeypatch.setattr(fit_trees, "BOOSTED_FEATURES", 4)
    train, labels = photos(120, features=4)
    noise = np.random.default_rng(0).normal(size=(120, 50)).astype(np.float32)
    wide = np.concatenate([noise[:, :25], train, noise[:, 25:]], axis=1)
    head = fit_solver(Solver.GRADIENT_BOOSTING, wide, labels, wide, labels)
    assert set(head.head.feature.tolist()) - {0} <= {25, 26, 27, 28}
