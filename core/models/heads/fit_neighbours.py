"""The k nearest neighbours."""

from typing import Any

import numpy as np

from core.errors import Unavailable
from core.models.heads.candidates import FittedSolver, SolverData, best_of, candidate_of
from core.models.heads.neighbours import WEIGHTS, NeighboursHead, unit

NEIGHBOURS_TRIED = (1, 3, 5, 10, 20, 50)


def k_nearest_neighbours(data: SolverData) -> FittedSolver:
    """Cosine distance, equal votes or votes by 1 / distance."""
    from sklearn.neighbors import KNeighborsClassifier

    directions = unit(data.train)
    class_weights = np.ones(data.classes) if data.class_weights is None else data.class_weights
    tried = []
    for weights in WEIGHTS:
        for k in (k for k in NEIGHBOURS_TRIED if k <= len(data.labels)):
            head = NeighboursHead(
                directions=directions, labels=data.labels, class_weights=class_weights, k=k, weights=weights
            )
            tried.append(candidate_of({"k": k, "weights": weights}, head, data))
    best = best_of(tried, "validation accuracy", lambda _: 0)
    chosen = best.choice["chosen"]
    model = KNeighborsClassifier(n_neighbors=chosen["k"], weights=chosen["weights"], metric="cosine")
    model.fit(data.train, data.labels)
    _check_votes(best.head, model, data)
    return best


def _check_votes(head: Any, model: Any, data: SolverData) -> None:
    """Compares with scikit-learn; single photos may differ, because ties between neighbours are broken differently."""
    expected = model.predict_proba(data.validation) * head.class_weights
    expected /= expected.sum(axis=1, keepdims=True)
    alike = np.isclose(head(data.validation), expected, atol=1e-2).all(axis=1)
    if alike.mean() < 0.9:
        raise Unavailable(
            f"The stored head agrees with scikit-learn's on {alike.mean():.0%} of the validation photos. "
            "Install the versions in requirements.txt."
        )
