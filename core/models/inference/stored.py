"""Predictions of a finished run for every photo of a dataset, stored like other features."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.datasets.values import Dataset, Photo
from core.features.compute import Features, split_of, stored_rows
from core.features.litert import MOST_WORKERS, cores
from core.features.photo_pass import Report
from core.features.store import key_of_predictions
from core.features.views import View
from core.files.folders import RunFolder
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import engines_by_name, read_model
from core.recipes.hyperparameters import ITSELF, ViewSettings
from core.settings import Settings

WORKERS = min(cores(), MOST_WORKERS)
"""Photos at the same time."""


def predictions_of(
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    run_folder: RunFolder,
    digest: str,
    settings: Settings,
    which: ViewSettings = ITSELF,
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
) -> Features:
    """Probabilities (n, classes of the run's model) of all photos of one split of ``dataset``; row i is ``photos[i]``.

    The run's model may come from another dataset; its classes are its own.

    Args:
        run_folder: ``runs/<run>`` of the finished run. digest: of its model, as in the registry (``Model.sha256``).
        which: see ``views.render``; progress, waiting: see ``stored_rows``.

    Raises:
        Unavailable: the run's model is missing, damaged, or needs Keras.
        NotFound: a stored photo is missing. NoSpace: the disk is full.
        InvalidInput: the photos are not one whole split.
    """
    key = key_of_predictions(dataset, digest, split_of(photos), which=which)
    return stored_rows(
        key,
        photos,
        dataset=dataset,
        settings=settings,
        source=run_folder.run_id,
        engine=lambda: InferenceEngine(load_graph(run_folder.model, workers=WORKERS)),
        progress=progress,
        waiting=waiting,
    )


class InferenceEngine:
    """An inference graph as an engine of features: one photo per core at a time."""

    batch = 8

    def __init__(self, graph: InferenceGraph) -> None:
        """``graph``: opened for ``WORKERS``."""
        self.workers, self._graph = WORKERS, graph
        self.name = engines_by_name(graph.node)

    def __call__(self, views: Sequence[View], /) -> np.ndarray:
        return np.stack([self._graph(view) for view in views])


def load_graph(folder: Path, *, workers: int | None = None) -> InferenceGraph:
    """The inference graph of the model in ``folder``, its files verified.

    Raises:
        Unavailable: it is missing, damaged, or needs Keras.
    """
    model = read_model(folder)
    model.verify()
    return InferenceGraph(folder, model.node, classes=len(model.class_names), digests=model.digests, workers=workers)
