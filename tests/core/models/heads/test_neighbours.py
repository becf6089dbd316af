"""Neighbours vote as in scikit-learn."""

import numpy as np
import pytest

from tests.core.models.heads.test_solvers import photos


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_neighbours_vote_as_in_scikit_learn(weights):
    from sklearn.neighbors import KNeighborsClassifier

    from core.models.heads.neighbours import NeighboursHead, unit

    train, labels = photos(120, seed=1)
    rows, _ = photos(60, seed=5)
    rows = np.concatenate([rows, train[:3]])  # copies of training photos decide alone
    head = NeighboursHead(directions=unit(train), labels=labels, class_weights=np.ones(3), k=5, weights=weights)
    model = KNeighborsClassifier(5, metric="cosine", weights=weights).fit(train, labels)
    np.testing.assert_allclose(head(rows), model.predict_proba(rows), atol=2e-3)
