"""What a finished run says about every photo of a dataset, kept like any other features."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.datasets.values import Dataset, Photo
from core.errors import InvalidInput
from core.features.compute import Features, Report, stored_rows
from core.features.litert import MOST_WORKERS, cores
from core.features.store import key_of_answers
from core.features.views import View
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import read_model
from core.settings import Settings


def answers_of(
    photos: Sequence[Photo],
    *,
    dataset: Dataset,
    run_folder: Path,
    digest: str,
    settings: Settings,
    view: int = 0,
    seed: int = 0,
    progress: Report | None = None,
    waiting: Callable[[], None] | None = None,
) -> Features:
    """Probabilities (n, classes of the run's model) of all photos of one split of ``dataset``; row i is ``photos[i]``.

    The run's model may come from another dataset; its classes are its own.

    Args:
        run_folder: ``runs/<run>`` of the finished run. digest: of its model, as in the registry (``Model.sha256``).
        view, seed: see ``views.render``; progress, waiting: see ``stored_rows``.

    Raises:
        Unavailable: the run's model is gone, damaged, or needs Keras to answer.
        NotFound: a stored photo is missing. NoSpace: the disk cannot hold the answers.
        InvalidInput: the photos are not one whole split.
    """
    splits = {photo.split for photo in photos}
    if len(splits) != 1:
        raise InvalidInput(f"Answers are kept per split. Received: photos of {', '.join(sorted(splits)) or 'none'}")
    key = key_of_answers(dataset, digest, splits.pop(), view=view, seed=seed)
    return stored_rows(
        key,
        photos,
        dataset=dataset,
        settings=settings,
        source=run_folder.name,
        engine=lambda: InferenceEngine(run_folder / "model"),
        progress=progress,
        waiting=waiting,
    )


class InferenceEngine:
    """An answer tree set up for throughput: the cores shared out among single photos."""

    name = "LiteRT"
    batch = 8

    def __init__(self, folder: Path) -> None:
        """Raises Unavailable when the model in ``folder`` is gone, damaged, or needs Keras to answer."""
        self.workers = min(cores(), MOST_WORKERS)
        self.answerer = load_graph(folder, workers=self.workers)

    def __call__(self, views: Sequence[View], /) -> np.ndarray:
        return np.stack([self.answerer(view) for view in views])


def load_graph(folder: Path, *, workers: int = 1) -> InferenceGraph:
    """The answer tree of the model in ``folder``, its files verified.

    Raises:
        Unavailable: it is gone, damaged, or needs Keras to answer.
    """
    model = read_model(folder)
    model.verify()
    return InferenceGraph(folder, model.node, classes=len(model.class_names), digests=model.digests, workers=workers)
