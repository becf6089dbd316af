"""scikit-learn classifiers on stored features: fitted on training photos, hyperparameters chosen on validation.

The result is a head of plain arrays, whose probabilities are compared with scikit-learn's.
"""

import warnings
from collections.abc import Callable, Sequence

import numpy as np

from core.errors import InvalidInput
from core.models.heads.candidates import FittedSolver, SolverData
from core.models.heads.fit_linear import linear_svm, logistic_regression
from core.models.heads.fit_neighbours import k_nearest_neighbours
from core.models.heads.fit_trees import gradient_boosting
from core.recipes.hyperparameters import Solver

_MANY_PHOTOS = 20_000
"""With fewer photos one thread is faster: several synchronise hundreds of times a second (on two cores beside another
run, gradient boosting took 2.5 s with one thread and 31 s with two)."""


def fit_solver(
    solver: Solver | str,
    train: np.ndarray,
    labels: np.ndarray,
    validation: np.ndarray,
    validation_labels: np.ndarray,
    *,
    seed: int = 0,
    class_weights: np.ndarray | None = None,
    full_search: bool = False,
    groups: Sequence[int] = (),
) -> FittedSolver:
    """Fits a scikit-learn classifier; its hyperparameters are chosen on the validation photos.

    Args:
        train, validation: (n, d) features. labels, validation_labels: (n,), 0 to classes - 1.
        class_weights: (classes,) weight of a photo of each class; None for equal weights.
        full_search: see ``Hyperparameters``.
        groups: numbers of features of different cuts, in their order; logistic regression scales each group alone. ()
            for one group.

    Raises:
        InvalidInput: a class has no training photo. Unavailable: scikit-learn is not the tested version.
    """
    data = SolverData(
        train=np.asarray(train, np.float32),
        labels=np.asarray(labels),
        validation=np.asarray(validation, np.float32),
        validation_labels=np.asarray(validation_labels),
        seed=seed,
        class_weights=class_weights,
        full_search=full_search,
        groups=tuple(groups),
    )
    missing = sorted(set(range(data.classes)) - set(data.labels.tolist()))
    if missing:
        raise InvalidInput(f"Every class needs a training photo. Received: none of label {missing[0]}")
    import_solvers()
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1 if len(data.labels) < _MANY_PHOTOS else None):
        warnings.simplefilter("ignore")  # "did not converge", "constant feature": both show in the metrics
        return _FITTERS[Solver(solver)](data)


def import_solvers() -> None:
    """Imports scikit-learn: about a second, once in a process.

    Also loads the libraries whose threads ``fit_solver`` limits: limits do not apply to libraries loaded later.
    """
    import sklearn.linear_model  # noqa: F401


_FITTERS: dict[Solver, Callable[[SolverData], FittedSolver]] = {
    Solver.LOGISTIC_REGRESSION: logistic_regression,
    Solver.LINEAR_SVM: linear_svm,
    Solver.K_NEAREST_NEIGHBOURS: k_nearest_neighbours,
    Solver.GRADIENT_BOOSTING: gradient_boosting,
}
