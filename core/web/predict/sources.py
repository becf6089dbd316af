"""The photos to predict: dropped ones, test photos of a dataset, its unlabelled photos, and frames of the camera."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.datasets.decoding.kinds import SUFFIXES
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.values import Dataset, Photo
from core.models.predict import PhotoPredictions
from core.text.units import brief, count, plain
from core.web.parts.labels import dataset_title
from core.web.parts.thumbnails import photo_strip, thumbnail
from core.web.parts.widgets import explained
from core.workbench import Workbench

MOST_PHOTOS = 50

SAMPLES = 8
"""Test photos that are offered at once."""

PER_PAGE = 24
"""Unlabelled photos that are offered at once."""

FRAMES = "predict.frames"
"""Frames of the camera that the user kept, as JPEG bytes."""

_SIDE = 100
"""Pixels of a test photo on the page."""

_DROP_ANYWHERE = Path(__file__).with_name("drop_anywhere.js")


@dataclass(frozen=True, kw_only=True)
class GivenPhoto:
    """A photo to predict.

    Args:
        content: the bytes of an upload, or a stored photo.
        class_name: that it is known to have; None where it is not known.
    """

    name: str
    content: bytes | StoredPhoto
    class_name: str | None = None

    @property
    def digest(self) -> str:
        kind, data = ("stored", self.content.jpeg) if isinstance(self.content, StoredPhoto) else ("given", self.content)
        return f"{kind} {hashlib.sha256(data).hexdigest()}"


def drop_box() -> list[GivenPhoto]:
    """The photos of the file box, which also takes those that are dropped anywhere on the page, or pasted."""
    files = st.file_uploader(
        "Photos: choose, paste, or drop them anywhere on this page", type=SUFFIXES, accept_multiple_files=True,
        key="predict.files", max_upload_size=50,
        help=f"At most {MOST_PHOTOS} at once. They stay on this machine and are not kept.",
    )  # fmt: skip
    mount = st.components.v2.component("graft_drop_anywhere", js=_DROP_ANYWHERE.read_text("utf-8"))
    with st.container(key="unseen-drop-anywhere"):
        mount(key="predict.drop", data={"box": ".st-key-predict-files"})
    return [GivenPhoto(name=file.name, content=file.getvalue()) for file in files]


def test_photos(bench: Workbench, dataset: Dataset) -> list[GivenPhoto]:
    """Test photos of a dataset to try its models on: those that are ticked."""
    total = dataset.split_sizes["test"]
    step = -(-total // SAMPLES)
    if not step:
        return []
    turn = st.session_state.get("predict.turn", 0) % step
    photos = _spread(bench, str(bench.settings.home), dataset.id, total, turn)
    shown = [photo for photo in photos if bench.photo_path(dataset.id, photo.digest).is_file()]
    if not shown:
        return []
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Or try test photos of **{plain(dataset_title(dataset))}**", width="content")
        if step > 1:
            st.button("Other photos", key="predict.others", type="tertiary", icon=":material/refresh:", on_click=_turn)
    with st.container(horizontal=True, gap="xsmall", key="samples"):
        ticked = [photo for photo in shown if _sample(bench, dataset, photo)]
    with explained():
        return [
            GivenPhoto(
                name=photo.file.rpartition("/")[2],
                content=bench.stored_photo(dataset.id, photo),
                class_name=photo.class_name,
            )
            for photo in ticked
        ]
    return []


def _sample(bench: Workbench, dataset: Dataset, photo: Photo) -> bool:
    """A test photo with a box to tick; style.css lets a click on the picture tick it."""
    path = bench.photo_path(dataset.id, photo.digest)
    with st.container(width=_SIDE, gap=None, key=f"sample-{photo.digest[:16]}"):
        st.image(thumbnail(path, path.stat().st_mtime), width=_SIDE, alt=f"A test photo of {photo.class_name}")
        return st.checkbox(plain(brief(photo.class_name, 24)), key=f"predict.sample.{dataset.id}.{photo.digest}")


@st.cache_data(max_entries=64, show_spinner=False)
def _spread(_bench: Workbench, home: str, dataset_id: str, total: int, turn: int) -> list[Photo]:
    """Test photos spread over the classes. Cached because a dataset is immutable; ``home`` is part of the key."""
    step = -(-total // SAMPLES)
    places = range(turn, total, step)
    return [photo for at in places for photo in _bench.registry.photos(dataset_id, split="test", limit=1, offset=at)]


def _turn() -> None:
    st.session_state["predict.turn"] = st.session_state.get("predict.turn", 0) + 1


def unlabelled_photos(bench: Workbench) -> list[GivenPhoto]:
    """Photos without a class, chosen by the user on one page of those of a dataset; [] where no dataset has any."""
    by_id = {dataset.id: dataset for dataset in bench.registry.datasets() if dataset.unlabelled}
    if not by_id:
        return []
    linked = st.query_params.get("unlabelled")
    with st.expander("Unlabelled photos", icon=":material/image:", expanded=linked in by_id, key="predict.unlabelled"):
        return _unlabelled_choice(bench, by_id, linked)


def _unlabelled_choice(bench: Workbench, by_id: dict[str, Dataset], linked: str | None) -> list[GivenPhoto]:
    dataset_box, page_box = st.columns([6, 1], vertical_alignment="bottom")
    chosen = dataset_box.selectbox(
        "Dataset",
        list(by_id),
        index=list(by_id).index(linked) if linked in by_id else 0,
        format_func=lambda id_: f"{dataset_title(by_id[id_])} ({count(by_id[id_].unlabelled, 'unlabelled photo')})",
        key="predict.unlabelled.dataset",
    )
    pages = -(-by_id[chosen].unlabelled // PER_PAGE)
    key = f"predict.unlabelled.page.{chosen}"
    page = page_box.number_input(f"Page of {pages}", 1, pages, key=key) if pages > 1 else 1
    shown = bench.registry.unlabelled_photos(chosen, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    paths = {photo.file: bench.unlabelled_path(chosen, photo.digest) for photo in shown}
    names = st.multiselect(
        "Photos to predict", list(paths), key=f"predict.unlabelled.{chosen}.{page}", placeholder="Choose photos, or all"
    )
    captions = [plain(brief(file.rpartition("/")[2], 13)) for file in paths]
    photo_strip(list(paths.values()), captions, alt=list(paths), width=112)
    by_file = {photo.file: photo for photo in shown}
    with explained():
        return [GivenPhoto(name=name, content=bench.unlabelled_photo(chosen, by_file[name])) for name in names]
    return []


def kept_frames() -> list[GivenPhoto]:
    """The frames of the camera that were kept, and a button that removes them."""
    frames: list[bytes] = st.session_state.get(FRAMES, [])
    if frames:
        label = f"Remove {count(len(frames), 'camera photo')}"
        st.button(label, key="predict.frames.clear", icon=":material/delete_sweep:", on_click=_clear_frames)
    return [GivenPhoto(name=f"camera {place}.jpg", content=frame) for place, frame in enumerate(frames, start=1)]


def _clear_frames() -> None:
    st.session_state.pop(FRAMES, None)


def at_most(given: list[GivenPhoto]) -> list[GivenPhoto]:
    """The first ones, after a warning where there are too many."""
    if len(given) > MOST_PHOTOS:
        st.warning(f"{count(len(given), 'photo')} are too many at once; the first {MOST_PHOTOS} are used.")
    return given[:MOST_PHOTOS]


def predictions(bench: Workbench, run_ids: Sequence[str], given: Sequence[GivenPhoto]) -> list[PhotoPredictions]:
    """Predictions, computed once per photos, models and temperatures, not at every rerun of the script."""
    models = tuple((run_id, str(bench.registry.model(run_id).card.get("calibration"))) for run_id in run_ids)
    asked = (models, tuple((photo.name, photo.digest) for photo in given))
    before, found = st.session_state.get("predict.last", (None, []))
    if asked != before:
        with st.spinner("Predicting …"):
            found = bench.predict(run_ids, [(photo.name, photo.content) for photo in given])
        st.session_state["predict.last"] = (asked, found)
    return list(found)
