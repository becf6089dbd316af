"""Gradient boosting."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.models.heads.candidates import FittedSolver, SolverData, best_of, candidate_of, check
from core.models.heads.trees import TreesHead

MOST_ROUNDS, ROUNDS_WITHOUT_GAIN = 200, 5
BOOSTED_FEATURES = 256
"""Gradient boosting uses the features that differ most between the classes (one-way ANOVA's F on training photos): on
all 1,280 of EfficientNet-Lite0 it took 12 times as long for the same test accuracy."""


def gradient_boosting(data: SolverData) -> FittedSolver:
    """Histogram-based (as LightGBM), with early stopping on the validation loss."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    columns = _most_different(data)
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
    check(head, model.predict_proba(validation), data)
    settings = {"rounds": int(model.n_iter_), "features": len(columns)}
    return best_of([candidate_of(settings, head, data)], "validation loss", lambda _: int(head.value.size))


def _most_different(data: SolverData) -> np.ndarray:
    """Sorted indices of the features that differ most between the classes."""
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
