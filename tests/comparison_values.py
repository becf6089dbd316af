"""Runs, costs and predictions for the tests of comparison and charts, small enough to check by hand."""

import numpy as np

from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.runs.predictions import Predictions
from core.runs.values import Cost, Run, Status


def a_run(
    run_id="r-1", accuracy=0.9, *, dataset="d-1", name=None, seed=0, epochs=10, created=0.0, backbone="lite0"
) -> Run:
    measured = accuracy is not None
    return Run(
        id=run_id,
        dataset_id=dataset,
        recipe=Recipe(backbone=backbone, hyperparameters=Hyperparameters(seed=seed, epochs=epochs)),
        fingerprint="f",
        name=name or run_id,
        status=Status.FINISHED if measured else Status.RUNNING,
        epochs_done=epochs,
        best_epoch=epochs if measured else None,
        test_accuracy=accuracy,
        test_low=accuracy - 0.05 if measured else None,
        test_high=min(1.0, accuracy + 0.04) if measured else None,
        created_at=created,
    )


def a_cost(alone=100.0, paid=10.0, **changed) -> Cost:
    values = {
        "wall_seconds": paid,
        "cpu_seconds": 2 * paid,
        "peak_rss_bytes": 10**9,
        "alone_wall_seconds": alone,
        "alone_cpu_seconds": 2 * alone,
        "parameters_total": 4_000_000,
        "parameters_trainable": 5_000,
        "multiply_adds": 400_000_000,
        "model_bytes": 14_000_000,
        "ms_per_photo": 8.0,
    }
    return Cost(**values | changed)


def answers(run_id: str, right: str, *, reverse=False) -> Predictions:
    """Two classes; ``right``: one character per photo, ``+`` if correct; photo i has digest ``p<i>``."""
    labels = np.array([index % 2 for index in range(len(right))])
    given = np.array(
        [label if mark == "+" else 1 - label for label, mark in zip(labels, right, strict=True)], dtype=int
    )
    sure = np.linspace(0.6, 0.9, len(right))
    probabilities = np.stack([np.where(given == 0, sure, 1 - sure), np.where(given == 1, sure, 1 - sure)], axis=1)
    order = slice(None, None, -1) if reverse else slice(None)
    return Predictions(
        run_id=run_id,
        digests=tuple(f"p{index}" for index in range(len(right)))[order],
        labels=labels[order],
        probabilities=probabilities[order],
    )
