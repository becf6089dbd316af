"""Predictions of several models for several photos, with models and decoders that stay in memory.

Every call has its own threads, at most one a core, so a call with one photo need not wait for the end of a call with
many. What they share takes turns photo by photo: a decoder process, and an interpreter of a network. Calls that come
at the same time are therefore computed side by side, and a slow model delays only those who asked for it.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from core.datasets.decoding.modes import FULL_GREY
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.warm import decoders
from core.datasets.values import Rejection
from core.errors import InvalidInput, Unavailable
from core.features.litert import cores
from core.features.views import View
from core.models.inference.graph import Memo
from core.models.predict import Judge, PhotoPredictions, Prediction, Predictor
from core.serving.memory import ModelMemory
from core.serving.photos import NamedPhoto, decode_scaled, out_of_range
from core.settings import Settings

memory = ModelMemory()
"""The models in the memory of this process."""


def predict(
    folders: Sequence[Path],
    photos: Sequence[NamedPhoto],
    *,
    top: int = 5,
    judge: Judge | None = None,
    limit_bytes: int = Settings.models_limit_bytes,
) -> list[PhotoPredictions]:
    """The ``top`` classes of every model for every photo.

    Args:
        folders: model folders, ``runs/<run>/model``.
        photos: (file name, bytes or place of a file), decoded in a child process, since they are not trusted; or
            (file name, stored photo of a dataset), which is used as it is, like the dataset's test photos.
        judge: says how sure every prediction is; None where that is not asked. limit_bytes: of all models in memory.

    Returns:
        One entry per file, in order. Files that are no photo, and models without a prediction, have a ``problem``.

    Raises:
        Unavailable: none of the models can be used.
    """
    if top < 1:
        raise InvalidInput(f"At least one class must be asked for. Received: top={top}")
    if any(not isinstance(source, StoredPhoto) for _, source in photos):
        decoders.start()  # while the models load
    memory.limit_bytes = limit_bytes
    models = [_load_or_problem(folder) for folder in folders]
    if models and all(isinstance(model, Prediction) for model in models):
        raise Unavailable(" ".join(model.problem for model in models if isinstance(model, Prediction)))
    return _in_threads(partial(_photo, models=models, top=top, judge=judge), photos)


def _in_threads(one: Callable[[NamedPhoto], PhotoPredictions], photos: Sequence[NamedPhoto]) -> list[PhotoPredictions]:
    workers = min(cores(), len(photos))
    if workers <= 1:
        return [one(photo) for photo in photos]
    with ThreadPoolExecutor(workers, thread_name_prefix="predict") as pool:
        return list(pool.map(one, photos))


def _load_or_problem(folder: Path) -> Predictor | Prediction:
    try:
        return memory.load(folder)
    except Unavailable as error:
        run_id = folder.parent.name
        return Prediction(run_id=run_id, title=run_id, problem=str(error))


def _photo(
    photo: NamedPhoto, models: Iterable[Predictor | Prediction], top: int, judge: Judge | None
) -> PhotoPredictions:
    scales = list(dict.fromkeys(model.grey_bits for model in models if isinstance(model, Predictor)))
    scaled = decode_scaled(photo, scales or [FULL_GREY])
    name = photo[0]
    if isinstance(scaled, Rejection):
        return PhotoPredictions(name=name, problem=f"It {scaled.reason}.")
    memos = {stored.jpeg: (View(stored.jpeg), Memo()) for stored in scaled.values()}
    found: list[Prediction] = []
    for model in models:
        if isinstance(model, Prediction):
            found.append(model)
        elif problem := out_of_range(scaled[model.grey_bits], model.grey_bits):
            found.append(Prediction(run_id=model.run_id, title=model.title, problem=problem))
        else:
            view, memo = memos[scaled[model.grey_bits].jpeg]
            found.append(model.predict(view, top, memo, judge))
    shown = next(iter(scaled.values()))
    return PhotoPredictions(
        name=name, jpeg=shown.jpeg, width=shown.width, height=shown.height, predictions=tuple(found)
    )
