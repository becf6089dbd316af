"""scikit-learn classifiers on stored features: fitted on the training photos, what is free chosen on validation.

What is kept is a head of plain arrays, compared with scikit-learn's own answers before anybody sees it.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput, Unavailable
from core.heads.dense import KIND as DENSE
from core.heads.dense import DenseHead, Layer, softmax
from core.heads.files import write_arrays
from core.heads.neighbours import KIND as NEIGHBOURS
from core.heads.neighbours import WEIGHTS, NeighboursHead, unit
from core.heads.trees import KIND as TREES
from core.heads.trees import TreesHead
from core.recipes import Solver
from core.scores import cross_entropy

FILE = "head.npz"

_MANY_PHOTOS = 20_000
"""Below this one thread is faster: several wait for one another hundreds of times a second (on two cores with another
run beside it, gradient boosting took 2.5 s with one thread and 31 s with two)."""

LOGISTIC_CS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SVM_CS = (0.0001, 0.0003, 0.001, 0.003, 0.01)
NEIGHBOURS_TRIED = (1, 3, 5, 10, 20, 50)
MOST_ROUNDS, ROUNDS_WITHOUT_GAIN = 200, 5
BOOSTED_FEATURES = 256
"""Gradient boosting sees the features that differ most between the classes (one-way ANOVA's F, on training photos):
on all 1,280 of EfficientNet-Lite0 it took 12 times as long for the same test accuracy."""

Head = DenseHead | NeighboursHead | TreesHead
_KINDS: dict[type, str] = {DenseHead: DENSE, NeighboursHead: NEIGHBOURS, TreesHead: TREES}


@dataclass(frozen=True, kw_only=True)
class FittedHead:
    """A solver's result.

    Args:
        head: (n, d) features -> (n, classes) float32 probabilities.
        choice: for the card: ``chosen`` (name -> value), ``by`` (what was compared on the validation photos) and
            ``tried``: one row a candidate with its validation accuracy and loss.
        parameters: numbers that were learned.
    """

    head: Head
    choice: dict
    parameters: int

    def probabilities(self, features: np.ndarray) -> np.ndarray:
        return self.head(features)

    def write(self, folder: Path) -> str:
        """Writes the head's file into ``folder`` and returns its name."""
        return write_arrays(folder / FILE, _KINDS[type(self.head)], self.head.arrays()).name


@dataclass(frozen=True, kw_only=True)
class Data:
    """Features (n, d) float32 and labels (n,) of both splits; ``classes``: how many."""

    train: np.ndarray
    labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    seed: int
    class_weights: np.ndarray | None

    @property
    def classes(self) -> int:
        return int(max(self.labels.max(), self.validation_labels.max())) + 1

    @property
    def balance(self) -> dict[int, float] | None:
        """The weights by label, as scikit-learn takes them."""
        return None if self.class_weights is None else dict(enumerate(self.class_weights.tolist()))


def fit_solver(
    solver: Solver | str,
    train: np.ndarray,
    labels: np.ndarray,
    validation: np.ndarray,
    validation_labels: np.ndarray,
    *,
    seed: int = 0,
    class_weights: np.ndarray | None = None,
) -> FittedHead:
    """Fits a scikit-learn classifier; its free numbers are chosen on the validation photos.

    Args:
        train, validation: (n, d) features. labels, validation_labels: (n,), 0 to classes - 1.
        class_weights: (classes,) what a photo of each class counts; None for all alike.

    Raises:
        InvalidInput: a class has no training photo. Unavailable: this scikit-learn is not the one that was tested.
    """
    data = Data(
        train=np.asarray(train, np.float32),
        labels=np.asarray(labels),
        validation=np.asarray(validation, np.float32),
        validation_labels=np.asarray(validation_labels),
        seed=seed,
        class_weights=class_weights,
    )
    missing = sorted(set(range(data.classes)) - set(data.labels.tolist()))
    if missing:
        raise InvalidInput(f"Every class needs a training photo. Received: none of label {missing[0]}")
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(1 if len(data.labels) < _MANY_PHOTOS else None):
        warnings.simplefilter("ignore")  # "did not converge", "constant feature": both are seen in the figures
        return _FITTERS[Solver(solver)](data)


@dataclass(frozen=True)
class _Candidate:
    """One head that was tried, with its figures on validation."""

    settings: dict
    head: Head
    accuracy: float
    loss: float

    def row(self) -> dict:
        return self.settings | {"accuracy": self.accuracy, "loss": self.loss}


def _candidate(settings: dict, head: Head, data: Data) -> _Candidate:
    probabilities = head(data.validation)
    right = probabilities.argmax(axis=1) == data.validation_labels
    return _Candidate(settings, head, float(right.mean()), cross_entropy(probabilities, data.validation_labels))


_RULES: dict[str, Callable[[_Candidate], Any]] = {
    "validation loss": lambda one: one.loss,
    "validation accuracy": lambda one: (-one.accuracy, one.loss),
}


def _best(candidates: Iterable[_Candidate], by: str, parameters: Callable[[Head], int], **more) -> FittedHead:
    """The best candidate by a rule; of equal ones the first."""
    tried = list(candidates)
    best = min(tried, key=_RULES[by])
    choice = {"chosen": best.settings | more, "by": by, "tried": [one.row() for one in tried]}
    return FittedHead(head=best.head, choice=choice, parameters=parameters(best.head))


def _check(head: Head, expected: np.ndarray, data: Data) -> None:
    """Our arithmetic must say what scikit-learn says."""
    difference = float(np.abs(head(data.validation) - expected).max(initial=0.0))
    if not difference < 1e-3:
        raise Unavailable(
            f"The stored head differs from scikit-learn's by {difference:.1e}. "
            "Install the versions in requirements.txt."
        )


# --- linear ---


def _logistic_regression(data: Data) -> FittedHead:
    """Multinomial, L2. The features are scaled by one number only (their spread), so that C means the same everywhere
    and the backbone's faint features stay faint (docs/decisions/0003-head.md)."""
    from sklearn.linear_model import LogisticRegression

    spread = _spread(data)
    model = LogisticRegression(max_iter=300, warm_start=True, class_weight=data.balance, random_state=data.seed)
    return _best((_logistic(model, c, data, spread) for c in LOGISTIC_CS), "validation loss", _numbers)


def _logistic(model, c: float, data: Data, spread: float) -> _Candidate:
    model.set_params(C=c).fit(data.train / spread, data.labels)
    head = DenseHead([Layer(*_two_sided(model.coef_.T / spread, model.intercept_), "softmax")])
    _check(head, model.predict_proba(data.validation / spread), data)
    return _candidate({"C": c}, head, data)


def _linear_svm(data: Data) -> FittedHead:
    """One machine a class against the rest, squared hinge loss. Its scores become probabilities by temperature scaling
    (Guo et al. 2017): softmax(scores / t) with the t of the smallest validation loss. That changes no decision."""
    from sklearn.svm import LinearSVC

    spread = _spread(data)
    tried = []
    for c in SVM_CS:
        model = LinearSVC(C=c, class_weight=data.balance, random_state=data.seed)
        model.fit(data.train / spread, data.labels)
        tried.append(_calibrated(*_two_sided(model.coef_.T / spread, model.intercept_), c, data))
    return _best(tried, "validation loss", _numbers)


def _calibrated(kernel: np.ndarray, bias: np.ndarray, c: float, data: Data) -> _Candidate:
    scores = data.validation @ kernel + bias
    best = min(TEMPERATURES, key=lambda t: cross_entropy(softmax(scores / t), data.validation_labels))
    head = DenseHead([Layer(kernel / best, bias / best, "softmax")])
    return _candidate({"C": c, "temperature": round(float(best), 4)}, head, data)


TEMPERATURES = np.geomspace(0.02, 20, 61)


def _spread(data: Data) -> float:
    return float(data.train.std()) or 1.0


def _two_sided(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For two classes scikit-learn keeps one score, that of the second class; ours keep one a class."""
    if kernel.shape[1] > 1:
        return kernel, bias
    return np.concatenate([-kernel / 2, kernel / 2], axis=1), np.concatenate([-bias / 2, bias / 2])


def _numbers(head: Head) -> int:
    """Of a dense head: weights and biases."""
    assert isinstance(head, DenseHead)
    return sum(layer.kernel.size + layer.bias.size for layer in head.layers)


# --- neighbours ---


def _k_nearest_neighbours(data: Data) -> FittedHead:
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
            tried.append(_candidate({"k": k, "weights": weights}, head, data))
    best = _best(tried, "validation accuracy", lambda _: 0)
    chosen = best.choice["chosen"]
    model = KNeighborsClassifier(n_neighbors=chosen["k"], weights=chosen["weights"], metric="cosine")
    model.fit(data.train, data.labels)
    _check_votes(best.head, model, data)
    return best


def _check_votes(head: Any, model: Any, data: Data) -> None:
    """Equally near neighbours may be taken in another order, so single photos may differ."""
    expected = model.predict_proba(data.validation) * head.class_weights
    expected /= expected.sum(axis=1, keepdims=True)
    alike = np.isclose(head(data.validation), expected, atol=1e-2).all(axis=1)
    if alike.mean() < 0.9:
        raise Unavailable(
            f"The stored head agrees with scikit-learn's on {alike.mean():.0%} of the validation photos. "
            "Install the versions in requirements.txt."
        )


# --- trees ---


def _gradient_boosting(data: Data) -> FittedHead:
    """Histogram-based (as LightGBM); rounds end when the validation loss has not fallen for a while."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = _telling(data)
    model = HistGradientBoostingClassifier(
        max_iter=MOST_ROUNDS,
        max_leaf_nodes=8,
        max_bins=63,
        max_features=0.1,
        early_stopping=True,
        n_iter_no_change=ROUNDS_WITHOUT_GAIN,
        class_weight=data.balance,
        random_state=data.seed,
    )
    validation = data.validation[:, columns]
    model.fit(data.train[:, columns], data.labels, X_val=validation, y_val=data.validation_labels)
    head = _trees(model._predictors, model._baseline_prediction, columns)
    _check(head, model.predict_proba(validation), data)
    settings = {"rounds": int(model.n_iter_), "features": len(columns)}
    return _best([_candidate(settings, head, data)], "validation loss", lambda _: int(head.value.size))


def _telling(data: Data) -> np.ndarray:
    """Places of the features that differ most between the classes, in order of place."""
    from sklearn.feature_selection import f_classif

    scores = np.nan_to_num(f_classif(data.train, data.labels)[0], posinf=0.0)
    return np.sort(np.argsort(-scores, kind="stable")[:BOOSTED_FEATURES])


def _trees(rounds: Sequence[Sequence[Any]], baseline: np.ndarray, columns: np.ndarray) -> TreesHead:
    """scikit-learn's trees (one a score in every round) in one list of nodes."""
    trees = [tree.nodes for one in rounds for tree in one]
    starts = np.concatenate([[0], np.cumsum([len(nodes) for nodes in trees])])[:-1]
    nodes = np.concatenate(trees)
    offset = np.repeat(starts, [len(one) for one in trees])
    own, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    return TreesHead(
        feature=np.where(leaf, 0, columns[nodes["feature_idx"]]).astype(np.int32),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, own, nodes["left"] + offset).astype(np.int32),
        right=np.where(leaf, own, nodes["right"] + offset).astype(np.int32),
        value=nodes["value"].astype(np.float64),
        roots=starts.reshape(len(rounds), -1).astype(np.int32),
        baseline=np.asarray(baseline, np.float64).reshape(-1),
        depth=int(nodes["depth"].max(initial=0)),
    )


_FITTERS: dict[Solver, Callable[[Data], FittedHead]] = {
    Solver.LOGISTIC_REGRESSION: _logistic_regression,
    Solver.LINEAR_SVM: _linear_svm,
    Solver.K_NEAREST_NEIGHBOURS: _k_nearest_neighbours,
    Solver.GRADIENT_BOOSTING: _gradient_boosting,
}
