"""Logistic regression and the linear SVM: one dense layer each."""

from typing import TYPE_CHECKING

import numpy as np

from core.models.heads.candidates import (
    ArrayHead,
    FittedSolver,
    HeadCandidate,
    SolverData,
    best_of,
    candidate_of,
    check,
    inside,
    until_worse,
)
from core.models.heads.dense import DenseHead, Layer, softmax
from core.runs.metrics import cross_entropy

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

LOGISTIC_CS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SVM_CS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
"""The fixed paths, without ``full_search``."""

_FIRST_C = {"logistic": 0.01, "svm": 0.001}
"""Where a full search begins; from there it goes in both directions."""


def logistic_regression(data: SolverData) -> FittedSolver:
    """Multinomial, L2. All features of a cut are divided by one number, their standard deviation, so that C is
    comparable between backbones and the relative scale of the features of a cut is kept
    (docs/decisions/0002-features-engine.md)."""
    from sklearn.linear_model import LogisticRegression

    spread = _spread_by_group(data)
    model = LogisticRegression(max_iter=300, warm_start=True, class_weight=data.balance, random_state=data.seed)
    if data.full_search:
        model.set_params(max_iter=_MANY_ITERATIONS)
        tried = inside(
            _FIRST_C["logistic"], lambda c: _logistic(model.set_params(tol=_tolerance(c, data)), c, data, spread)
        )
    else:
        tried = list(until_worse(_logistic(model, c, data, spread) for c in LOGISTIC_CS))
    return best_of(tried, "validation loss", _numbers)


_MANY_ITERATIONS = 2000


def _tolerance(c: float, data: SolverData) -> float:
    """Largest entry of the gradient at which a fit ends, a hundredth of the penalty's strength 1 / (C n).

    scikit-learn's fixed 1e-4 is larger than the gradient that a step from one C to the next leaves in the weights:
    warm started, the fit ended at once and two values of C had one loss.
    """
    return float(np.clip(0.01 / (c * len(data.labels)), 1e-8, 1e-4))


def _logistic(model: "LogisticRegression", c: float, data: SolverData, spread: float | np.ndarray) -> HeadCandidate:
    model.set_params(C=c).fit(data.train / spread, data.labels)
    head = DenseHead([Layer(*_two_sided((model.coef_ / spread).T, model.intercept_), "softmax")])
    check(head, model.predict_proba(data.validation / spread), data)
    return candidate_of({"C": c}, head, data)


def linear_svm(data: SolverData) -> FittedSolver:
    """One classifier per class against the rest, squared hinge loss. Its scores become probabilities by temperature
    scaling (Guo et al. 2017): softmax(scores / t) with the t of the smallest validation loss. The predicted classes
    stay the same."""
    spread = _spread(data)
    if data.full_search:
        tried = inside(_FIRST_C["svm"], lambda c: _machine(c, data, spread))
    else:
        tried = list(until_worse(_machine(c, data, spread) for c in SVM_CS))
    return best_of(tried, "validation loss", _numbers)


def _machine(c: float, data: SolverData, spread: float) -> HeadCandidate:
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=c, class_weight=data.balance, random_state=data.seed)
    model.fit(data.train / spread, data.labels)
    return _calibrated(*_two_sided(model.coef_.T / spread, model.intercept_), c, data)


def _calibrated(kernel: np.ndarray, bias: np.ndarray, c: float, data: SolverData) -> HeadCandidate:
    scores = data.validation @ kernel + bias
    best = min(TEMPERATURES, key=lambda t: cross_entropy(softmax(scores / t), data.validation_labels))
    head = DenseHead([Layer(kernel / best, bias / best, "softmax")])
    return candidate_of({"C": c, "temperature": round(float(best), 4)}, head, data)


TEMPERATURES = np.geomspace(0.02, 20, 61)


def _spread_by_group(data: SolverData) -> float | np.ndarray:
    """The standard deviation of all features; of several groups, for every feature (d,) that of its group."""
    if len(data.groups) <= 1:
        return _spread(data)
    ends = np.cumsum(data.groups)
    spreads = [float(data.train[:, end - size : end].std()) or 1.0 for end, size in zip(ends, data.groups, strict=True)]
    return np.repeat(np.array(spreads, np.float32), data.groups)


def _spread(data: SolverData) -> float:
    return float(data.train.std()) or 1.0


def _two_sided(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For two classes scikit-learn has one score, that of the second class; heads here have one per class."""
    if kernel.shape[1] > 1:
        return kernel, bias
    return np.concatenate([-kernel / 2, kernel / 2], axis=1), np.concatenate([-bias / 2, bias / 2])


def _numbers(head: ArrayHead) -> int:
    """Of a dense head: weights and biases."""
    assert isinstance(head, DenseHead)
    return sum(layer.kernel.size + layer.bias.size for layer in head.layers)
