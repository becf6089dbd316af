"""The photos to predict: dropped ones, the unlabelled photos of a dataset, and frames of the camera.

Test photos and those of a link: ``linked``.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import streamlit as st

from core.datasets.decoding.kinds import SUFFIXES
from core.datasets.decoding.photos import StoredPhoto
from core.datasets.values import Dataset
from core.text.units import brief, count, plain
from core.web.parts.labels import dataset_title
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained
from core.workbench import Workbench

MOST_PHOTOS = 50

PER_PAGE = 24
"""Unlabelled photos that are offered at once."""

FRAMES = "predict.frames"
"""Frames of the camera that the user kept, as JPEG bytes."""

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

    @cached_property
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
        mount(key="predict.drop")
    return [GivenPhoto(name=file.name, content=file.getvalue()) for file in files]


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
        st.warning(
            f"{count(len(given), 'photo')} are too many at once; the first {MOST_PHOTOS} are used. For more, "
            "hand over a ZIP or a folder below."
        )
    return given[:MOST_PHOTOS]
