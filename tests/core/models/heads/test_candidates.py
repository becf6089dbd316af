"""Candidates are tried in order, and compared with scikit-learn."""

import pytest

from core.errors import Unavailable
from core.models.heads import candidates, fit_linear
from core.recipes.recipe import Solver
from tests.core.models.heads.test_solvers import fitted


def test_trying_ends_when_the_validation_loss_has_risen_twice():
    losses = [3.0, 2.0, 2.5, 1.0, 1.5, 1.6, 0.1]
    tried = [candidates.HeadCandidate({"C": loss}, None, 0.0, loss) for loss in losses]
    assert [one.loss for one in candidates.until_worse(tried)] == losses[:6]


def test_a_head_that_scikit_learn_contradicts_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(fit_linear, "_two_sided", lambda kernel, bias: (-kernel, bias))
    with pytest.raises(Unavailable, match=r"differs from scikit-learn's .* requirements\.txt"):
        fitted(Solver.LOGISTIC_REGRESSION)
