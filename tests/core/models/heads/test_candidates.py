"""Candidates are tried in order, and compared with scikit-learn."""

import math

import pytest

from core.errors import Unavailable
from core.models.heads import candidates, fit_linear
from core.recipes.hyperparameters import Solver
from tests.core.models.heads.test_solvers import fitted


def test_trying_ends_when_the_validation_loss_has_risen_twice():
    losses = [3.0, 2.0, 2.5, 1.0, 1.5, 1.6, 0.1]
    tried = [candidates.HeadCandidate({"C": loss}, None, 0.0, loss) for loss in losses]
    assert [one.loss for one in candidates.until_worse(tried)] == losses[:6]


def test_a_head_that_scikit_learn_contradicts_is_not_handed_out(monkeypatch):
    monkeypatch.setattr(fit_linear, "_two_sided", lambda kernel, bias: (-kernel, bias))
    with pytest.raises(Unavailable, match=r"differs from scikit-learn's .* requirements\.txt"):
        fitted(Solver.LOGISTIC_REGRESSION)


def losses_at(loss):
    """A fit whose validation loss is a function of C."""
    return lambda c: candidates.HeadCandidate({"C": c}, None, 0.0, loss(c))


@pytest.mark.parametrize("best", [3e-5, 0.01, 0.5, 100])
def test_a_full_search_goes_on_until_the_best_c_is_inside(best):
    tried = candidates.inside(0.01, losses_at(lambda c: abs(math.log(c / best))))
    tried_cs = [one.settings["C"] for one in tried]
    assert tried_cs == sorted(tried_cs)
    place = min(range(len(tried)), key=lambda number: tried[number].loss)
    assert 0 < place < len(tried) - 1
    assert abs(math.log(tried_cs[place] / best)) <= math.log(candidates.C_STEP) / 2 + 0.02


def test_a_full_search_ends_at_the_end_of_the_range():
    tried = candidates.inside(0.01, losses_at(lambda c: 1 / c))
    assert tried[-1].settings["C"] <= candidates.C_RANGE[1] < tried[-1].settings["C"] * candidates.C_STEP
    assert len(candidates.inside(0.01, losses_at(lambda c: 1.0))) < 6
