"""Probes: which validation photos a head that takes seconds names correctly, on features that a frozen network gave.

A linear probe is the usual measure of what frozen features are worth (Alain and Bengio 2016, arXiv 1610.01644;
Kornblith et al. 2019, arXiv 1805.08974). Scores that replace it by a formula (LogME, LEEP, H-score) are not used: they
were found no better than published accuracy or the number of parameters on datasets that they were not tuned on (arXiv
2510.06448, arXiv 2405.20420).
"""

from dataclasses import dataclass

import numpy as np

from core.curation.folds import calibrated_log_loss, linear_head, unit_rows

NEIGHBOURS = 5
"""Photos that vote; fewer where there are fewer."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeData:
    """Features (n, d) and labels (n,) of some training and some validation photos.

    Args:
        train, validation: one array for each cut, whose rows are brought to length 1 before they stand side by side.
        classes: number of classes; labels are below it.
    """

    train: tuple[np.ndarray, ...]
    labels: np.ndarray
    validation: tuple[np.ndarray, ...]
    validation_labels: np.ndarray
    classes: int


@dataclass(frozen=True, eq=False, kw_only=True)
class ProbeResult:
    """A probe on the validation photos.

    Args:
        right: (m,) whether it names each photo's class. log_loss: mean of the photos, after one temperature.
    """

    right: np.ndarray
    log_loss: float


def probe(data: ProbeData) -> ProbeResult:
    """What a linear head fitted on the training photos says of the validation photos."""
    scores = _scores(data)
    right = np.asarray(scores.argmax(axis=1) == data.validation_labels)
    return ProbeResult(right=right, log_loss=calibrated_log_loss(scores, data.validation_labels))


def right_by_probe(data: ProbeData) -> np.ndarray:
    """(m,) whether a linear head fitted on the training photos names each validation photo's class."""
    return np.asarray(probe_predictions(data) == data.validation_labels)


def probe_predictions(data: ProbeData) -> np.ndarray:
    """(m,) the class that a linear head fitted on the training photos names for each validation photo."""
    return np.asarray(_scores(data).argmax(axis=1))


def _scores(data: ProbeData) -> np.ndarray:
    """(m, classes) of the validation photos, -inf for classes without a training photo.

    Linear discriminant analysis with a shrunk covariance: a solution in closed form, without a hyperparameter that
    would have to be chosen on the validation photos.
    """
    present, weights, offsets = linear_head(_side_by_side(data.train), data.labels, data.classes)
    scores = np.full((len(data.validation_labels), data.classes), -np.inf, np.float32)
    scores[:, present] = _side_by_side(data.validation) @ weights + offsets
    return scores


def right_by_neighbours(data: ProbeData) -> np.ndarray:
    """(m,) whether the nearest training photos, by the cosine of their features, vote for the class of each photo.

    Nothing is trained. Of classes with as many votes that with the larger sum of cosines wins.
    """
    cosines = _side_by_side(data.validation) @ _side_by_side(data.train).T
    near = np.argsort(-cosines, axis=1, kind="stable")[:, :NEIGHBOURS]
    votes = np.zeros((len(near), data.classes))
    rows = np.arange(len(near))[:, None]
    np.add.at(votes, (rows, data.labels[near]), 1 + 1e-3 * np.take_along_axis(cosines, near, axis=1))
    return np.asarray(votes.argmax(axis=1) == data.validation_labels)


def _side_by_side(parts: tuple[np.ndarray, ...]) -> np.ndarray:
    """Every cut has the same weight; features that are no finite numbers become zeros."""
    rows = np.concatenate([unit_rows(np.nan_to_num(part, posinf=0, neginf=0)) for part in parts], axis=1)
    return unit_rows(rows)
