"""Photos of datasets to predict: test photos to tick, and those of a link, ``?photos=DATASET:DIGEST,...``."""

import streamlit as st

from core.datasets.values import Dataset, Photo
from core.errors import GraftError, InvalidInput
from core.text.units import brief, plain
from core.web.parts.choice import listed_ids
from core.web.parts.labels import dataset_title
from core.web.parts.not_there import note, sentence_of
from core.web.parts.thumbnails import thumbnail
from core.web.parts.widgets import explained
from core.web.predict.sources import MOST_PHOTOS, GivenPhoto
from core.workbench import Workbench

SAMPLES = 8
"""Test photos that are offered at once."""

_PARAMETER = "photos"
_DIGITS = 16
"""Of a digest in the address."""
_SIDE = 100
"""Pixels of a test photo on the page."""

_DatasetPhoto = tuple[str, Photo]
"""A photo and the id of its dataset."""


def dataset_photos(bench: Workbench, dataset: Dataset) -> list[GivenPhoto]:
    """The photos of the address, which are ticked, and test photos of a dataset to tick."""
    linked = _linked(bench)
    step = -(-dataset.split_sizes["test"] // SAMPLES)
    turn = st.session_state.get("predict.turn", 0) % max(step, 1)
    spread = _spread(bench, str(bench.settings.home), dataset.id, dataset.split_sizes["test"], turn) if step else []
    ticked = {photo.digest for _, photo in linked}
    places = {photo.digest for photo in spread}  # a photo that is ticked stays where it is
    offered = [one for one in linked if one[1].digest not in places] + [(dataset.id, photo) for photo in spread]
    shown = [(of, photo) for of, photo in offered if bench.photo_path(of, photo.digest).is_file()]
    if not shown:
        return []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Or try test photos of **{plain(dataset_title(dataset))}**", width="content")
        if step > 1:
            st.button("Other photos", key="predict.others", type="tertiary", icon=":material/refresh:", on_click=_turn)
    with st.container(horizontal=True, gap="xsmall", key="samples"):
        for of, photo in shown:
            _sample(bench, of, photo, ticked=photo.digest in ticked)
    with explained():
        return [_given(bench, of, photo) for of, photo in linked]
    return []


def _given(bench: Workbench, dataset_id: str, photo: Photo) -> GivenPhoto:
    return GivenPhoto(
        name=photo.file.rpartition("/")[2],
        content=bench.stored_photo(dataset_id, photo),
        class_name=photo.class_name,
    )


def _linked(bench: Workbench) -> list[_DatasetPhoto]:
    """The photos of the address, after a notice on those that are not there."""
    found: list[_DatasetPhoto] = []
    problems: list[str] = []
    for part in listed_ids(_PARAMETER)[:MOST_PHOTOS]:
        try:
            found.append(_of_address(bench, part))
        except GraftError as error:
            problems.append(sentence_of(error))
    note(problems)
    return found


def _of_address(bench: Workbench, part: str) -> _DatasetPhoto:
    reference, colon, digest = part.rpartition(":")
    if not colon:
        raise InvalidInput(f"A photo in the address is DATASET:DIGEST. Received: {part[:80]!r}")
    dataset = bench.registry.dataset(reference)
    return dataset.id, bench.registry.photo(dataset.id, digest)


def _sample(bench: Workbench, dataset_id: str, photo: Photo, *, ticked: bool) -> None:
    """A photo with a box to tick; style.css lets a click on the picture tick it."""
    path = bench.photo_path(dataset_id, photo.digest)
    key = f"predict.sample.{dataset_id}.{photo.digest}"
    st.session_state[key] = ticked
    with st.container(width=_SIDE, gap=None, key=f"sample-{photo.digest[:16]}"):
        st.image(thumbnail(path, path.stat().st_mtime), width=_SIDE, alt=f"A test photo of {photo.class_name}")
        st.checkbox(
            plain(brief(photo.class_name, 24)), key=key, on_change=_toggle,
            args=(f"{dataset_id}:{photo.digest[:_DIGITS]}", photo.digest),
        )  # fmt: skip


def _toggle(part: str, digest: str) -> None:
    """Put a photo into the address, or take it out, however much of its digest stands there."""
    parts = listed_ids(_PARAMETER)
    kept = [one for one in parts if not digest.startswith(one.rpartition(":")[2])]
    kept += [part] if len(kept) == len(parts) else []
    if kept:
        st.query_params[_PARAMETER] = ",".join(kept)
    else:
        del st.query_params[_PARAMETER]


@st.cache_data(max_entries=64, show_spinner=False)
def _spread(_bench: Workbench, home: str, dataset_id: str, total: int, turn: int) -> list[Photo]:
    """Test photos spread over the classes. Cached because a dataset is immutable; ``home`` is part of the key."""
    step = -(-total // SAMPLES)
    places = range(turn, total, step)
    return [photo for at in places for photo in _bench.registry.photos(dataset_id, split="test", limit=1, offset=at)]


def _turn() -> None:
    st.session_state["predict.turn"] = st.session_state.get("predict.turn", 0) + 1
