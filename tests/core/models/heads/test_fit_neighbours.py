"""Only possible numbers of neighbours are tried."""

from core.models.heads.solvers import fit_solver
from core.recipes.hyperparameters import Solver
from tests.core.models.heads.test_solvers import photos


def test_only_as_many_neighbours_are_tried_as_there_are_photos():
    train, labels = photos(9)
    head = fit_solver(Solver.K_NEAREST_NEIGHBOURS, train, labels, train, labels)
    assert {row["k"] for row in head.choice["tried"]} == {1, 3, 5}
