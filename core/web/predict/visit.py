"""What was predicted during this visit: nothing is predicted twice, and earlier photos can be shown again."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from core.errors import Unavailable
from core.models.conformal import CONFIDENCE
from core.models.predict import PhotoPredictions, Prediction
from core.text.units import count
from core.web.predict.sources import GivenPhoto
from core.workbench import Workbench

KEPT_BYTES = 64 * 2**20
"""Of the photos of a visit; beyond it the earliest go."""

_KEY = "predict.visit"
_SHOW = "predict.earlier"

ModelStates = Mapping[str, str]
"""The models by run id, each with what a prediction depends on beside its files: its temperature, and the confidence
of its prediction sets."""


class PredictedPhotos:
    """The photos of a visit, and what every model predicted for them."""

    def __init__(self) -> None:
        self._given: OrderedDict[str, GivenPhoto] = OrderedDict()
        self._files: dict[str, PhotoPredictions] = {}
        self._found: dict[tuple[str, str, str], Prediction] = {}

    def missing(self, photo: GivenPhoto, models: ModelStates) -> tuple[str, ...]:
        """The models that have to predict a photo; none where it is known to be no photo."""
        file = self._files.get(photo.digest)
        if file is not None and file.problem:
            return ()
        return tuple(run_id for run_id in models if (photo.digest, run_id, models[run_id]) not in self._found)

    def add(self, photo: GivenPhoto, models: ModelStates, predicted: PhotoPredictions) -> None:
        self._given[photo.digest] = photo
        self._files.setdefault(photo.digest, replace(predicted, predictions=()))
        for one in predicted.predictions:
            self._found[photo.digest, one.run_id, models[one.run_id]] = one
        while len(self._given) > 1 and sum(map(_bytes_of, self._given.values())) > KEPT_BYTES:
            self._forget(next(iter(self._given)))

    def predictions(self, photo: GivenPhoto, models: ModelStates) -> PhotoPredictions:
        """What the models predicted for a photo, in their order."""
        found = [self._found.get((photo.digest, run_id, state)) for run_id, state in models.items()]
        known = tuple(one for one in found if one is not None)
        return replace(self._files[photo.digest], name=photo.name, predictions=known)

    def earlier(self, given: Sequence[GivenPhoto]) -> list[GivenPhoto]:
        """The photos that are not among ``given``, the latest first."""
        now = {photo.digest for photo in given}
        return [photo for digest, photo in reversed(self._given.items()) if digest not in now]

    def _forget(self, digest: str) -> None:
        del self._given[digest], self._files[digest]
        self._found = {key: one for key, one in self._found.items() if key[0] != digest}


def _bytes_of(photo: GivenPhoto) -> int:
    return len(photo.content if isinstance(photo.content, bytes) else photo.content.jpeg)


def predictions(
    bench: Workbench, run_ids: Sequence[str], given: Sequence[GivenPhoto], confidence: float = CONFIDENCE
) -> list[PhotoPredictions]:
    """What models predict for photos; every photo is predicted by every model and confidence once in a visit.

    Args:
        confidence: of the prediction sets.

    Raises:
        Unavailable: none of the models can predict.
    """
    models = {run_id: f"{bench.registry.model(run_id).card.get('calibration')} {confidence}" for run_id in run_ids}
    known = _known()
    todo: dict[tuple[str, ...], dict[str, GivenPhoto]] = {}
    for photo in given:
        if missing := known.missing(photo, models):
            todo.setdefault(missing, {})[photo.digest] = photo
    if todo:
        with st.spinner("Predicting …"):
            for missing, photos in todo.items():
                _predict(bench, models, missing, list(photos.values()), known, confidence)
    return [known.predictions(photo, models) for photo in given]


def _predict(
    bench: Workbench,
    models: ModelStates,
    missing: tuple[str, ...],
    photos: Sequence[GivenPhoto],
    known: PredictedPhotos,
    confidence: float,
) -> None:
    try:
        found = bench.predict(missing, [(photo.name, photo.content) for photo in photos], confidence=confidence)
    except Unavailable as error:
        if len(missing) == len(models):
            raise
        failed = tuple(Prediction(run_id=run_id, title="", problem=str(error)) for run_id in missing)
        found = [PhotoPredictions(name=photo.name, predictions=failed) for photo in photos]
    for photo, one in zip(photos, found, strict=True):
        known.add(photo, models, one)


def earlier_photos(given: Sequence[GivenPhoto]) -> list[GivenPhoto]:
    """The photos of this visit that are not given any more, where they are to be shown; buttons for both."""
    earlier = _known().earlier(given)
    if not earlier:
        return []
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = st.toggle(
            f"Show {count(len(earlier), 'earlier photo')}", key=_SHOW,
            help="The photos that were predicted before during this visit. They are kept in memory only.",
        )  # fmt: skip
        st.button(
            "Clear", key="predict.earlier.clear", type="tertiary", icon=":material/delete_sweep:", on_click=_clear,
            help="Forget the earlier photos and their predictions.",
        )  # fmt: skip
    return earlier if shown else []


def _known() -> PredictedPhotos:
    found: PredictedPhotos = st.session_state.setdefault(_KEY, PredictedPhotos())
    return found


def _clear() -> None:
    st.session_state.pop(_KEY, None)
    st.session_state.pop(_SHOW, None)
