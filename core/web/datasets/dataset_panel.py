"""One dataset on the page Datasets: its sizes, charts, photos, skipped files, and deletion."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.charts.dataset import class_balance_chart, image_sizes_chart
from core.datasets.values import SPLITS, Dataset, Photo
from core.text.units import amount, count, listed, plain, size
from core.web.parts.charts import titled
from core.web.parts.danger import confirm_danger
from core.web.parts.tables import table
from core.web.parts.thumbnails import montage, photo_strip
from core.web.parts.times import timed, when
from core.web.parts.widgets import explained, metrics, page_link
from core.workbench import Workbench
from core.workbench.delete import impact_label

PER_PAGE = 24
CLASSES_SHOWN = 5
"""Classes whose photos are seen without a click."""

STRIP, STRIP_SIDE, STRIP_GAP = 8, 60, 4
"""Photos of a class, and pixels of one and between two of them."""
SAMPLE = 2000
"""Photos whose sizes are drawn; more would not change the chart."""


def facts(dataset: Dataset) -> None:
    """Sizes of the splits, classes and files; what the import decided; when it was imported."""
    drawn = (
        "the one of your upload" if dataset.split_given else f"stratified, drawn once by Graft (seed {dataset.seed})"
    )
    sizes = dataset.split_sizes
    metrics(
        "dataset",
        ("Train", amount(sizes["train"]), f"Photos that models are trained on. The split is {drawn}."),
        ("Validation", amount(sizes["validation"]), "Photos that select the best epoch."),
        ("Test", amount(sizes["test"]), "Photos used once, after training, to measure accuracy."),
        ("Classes", amount(len(dataset.class_names)), "The categories that models distinguish."),
        ("On disk", size(dataset.size_bytes), "The stored photos: JPEG, longest side at most 768 pixels."),
    )
    for note in dataset.notes:
        st.markdown(f":material/info: {plain(note)}")
    timed(f"Imported {when(dataset.created_at)} · id `{dataset.id}` · digest `{dataset.digest[:12]}`")


def first_look(bench: Workbench, dataset: Dataset) -> None:
    """Some photos of every class beside the sizes of the classes."""
    pictures, sizes = st.columns([3, 2], gap="medium")
    with pictures:
        _class_strips(bench, dataset)
    with sizes:
        titled(class_balance_chart(dataset), key="dataset.balance", alt="Photos per class and split")


def _class_strips(bench: Workbench, dataset: Dataset) -> None:
    """One row of photos per class, of the first classes."""
    sizes = dataset.class_sizes
    for name in sorted(sizes, key=lambda name: (-sizes[name], name))[:CLASSES_SHOWN]:
        with st.container(gap="xxsmall"):
            st.markdown(f"**{plain(name)}** · {count(sizes[name], 'photo')}")
            paths = _class_paths(bench, str(bench.settings.home), dataset.id, name)
            if row := montage(paths, side=120, gap=8):
                width = len(paths) * (STRIP_SIDE + STRIP_GAP) - STRIP_GAP
                st.image(row, width=width, alt=f"{count(len(paths), 'photo')} of {name}")
    more = len(dataset.class_names) - CLASSES_SHOWN
    if more > 0:
        st.caption(f"and {count(more, 'more class', 'more classes')}, below under Photos.")


@st.cache_data(max_entries=512, show_spinner=False)
def _class_paths(_bench: Workbench, home: str, dataset_id: str, class_name: str) -> tuple[Path, ...]:
    """Cached because a dataset is immutable; ``home`` is part of the cache key."""
    found = _bench.registry.photos(dataset_id, class_name=class_name, limit=STRIP)
    return tuple(_bench.photo_path(dataset_id, photo.digest) for photo in found)


def image_sizes(bench: Workbench, dataset: Dataset) -> None:
    """The sizes of the photos."""
    photos = bench.registry.photos(dataset.id, limit=SAMPLE)
    with st.expander("Sizes of the photos", icon=":material/aspect_ratio:", key="dataset.sizes.box"):
        titled(image_sizes_chart(photos), key="dataset.sizes", alt="Width and height of the photos")


def gallery(bench: Workbench, dataset: Dataset) -> None:
    """The photos of one class and split, one page at a time."""
    st.header("Photos", anchor=False)
    class_box, split_box, page_box = st.columns([3, 3, 1], vertical_alignment="bottom")
    with class_box:
        name = st.selectbox("Class", dataset.class_names, key=f"gallery.class.{dataset.id}")
    with split_box:
        which = st.segmented_control("Split", ("all", *SPLITS), default="all", required=True, key="gallery.split")
    wanted = None if which == "all" else which
    total = dataset.class_sizes[name] if wanted is None else dataset.counts.get(wanted, {}).get(name, 0)
    pages = max(1, -(-total // PER_PAGE))
    page = 1
    if pages > 1:
        key = f"gallery.page.{dataset.id}.{name}.{which}"
        page = page_box.number_input(f"Page of {pages}", 1, pages, key=key)
    photos = bench.registry.photos(
        dataset.id, split=wanted, class_name=name, limit=PER_PAGE, offset=(page - 1) * PER_PAGE
    )
    if not photos:
        st.caption(f"There are no {plain(name)} photos in this split.")
    strip(bench, dataset.id, photos)


def unlabelled_gallery(bench: Workbench, dataset: Dataset) -> None:
    """The photos of the upload without a class, one page at a time."""
    if not dataset.unlabelled:
        return
    st.header("Photos without a class", anchor=False)
    text_box, page_box = st.columns([6, 1], vertical_alignment="bottom")
    with text_box:
        st.caption(
            f"{count(dataset.unlabelled, 'photo')} of the upload had no class. They are kept aside: no model is "
            "trained or measured on them."
        )
        page_link("predict", "Predict their classes", unlabelled=dataset.id)
    pages = max(1, -(-dataset.unlabelled // PER_PAGE))
    page = 1
    if pages > 1:
        page = page_box.number_input(f"Page of {pages}", 1, pages, key=f"unlabelled.page.{dataset.id}")
    photos = bench.registry.unlabelled_photos(dataset.id, limit=PER_PAGE, offset=(page - 1) * PER_PAGE)
    photo_strip(
        [bench.unlabelled_path(dataset.id, photo.digest) for photo in photos],
        ["" for _ in photos],
        alt=[f"Without a class: {photo.file}" for photo in photos],
        width=112,
    )


def strip(bench: Workbench, dataset_id: str, photos: Sequence[Photo]) -> None:
    photo_strip(
        [bench.photo_path(dataset_id, photo.digest) for photo in photos],
        ["" for _ in photos],
        alt=[f"{photo.class_name}: {photo.file}" for photo in photos],
        width=112,
    )


SAMPLES = 5


def sample(bench: Workbench, dataset: Dataset) -> None:
    """A few photos spread over the classes, as one picture that never wraps."""
    paths = _sample_paths(bench, str(bench.settings.home), dataset.id, dataset.photo_count)
    if row := montage(paths):
        classes = listed(dataset.class_names, 6)
        st.image(row, width="stretch", alt=f"{count(len(paths), 'photo')} of {dataset.name}: {classes}")


@st.cache_data(max_entries=256, show_spinner=False)
def _sample_paths(_bench: Workbench, home: str, dataset_id: str, photos: int) -> tuple[Path, ...]:
    """Cached because a dataset is immutable; ``home`` is part of the cache key."""
    step = max(1, photos // SAMPLES)
    found = [photo for at in range(SAMPLES) for photo in _bench.registry.photos(dataset_id, limit=1, offset=at * step)]
    return tuple(_bench.photo_path(dataset_id, photo.digest) for photo in found)


def skipped_files(dataset: Dataset) -> None:
    """Files of the upload that were not imported, with the reasons."""
    if not dataset.rejections:
        return
    st.header(f"{count(len(dataset.rejections), 'file')} skipped", anchor=False)
    table([{"File": r.file, "Reason": r.reason} for r in dataset.rejections], key="dataset.skipped")


def deletion(bench: Workbench, dataset: Dataset) -> None:
    """A button that deletes the dataset with everything trained on it, after a confirmation."""

    def consequence() -> str:
        impact = impact_label(bench.preview_deletion(dataset=dataset.id))
        return f"This permanently deletes **{plain(dataset.name)}**: {impact}."

    if confirm_danger("dataset.delete", "Delete this dataset", consequence):
        with explained():
            impact = bench.delete_dataset(dataset.id)
            st.toast(f"Deleted: {impact_label(impact)}.", icon=":material/delete:")
            st.query_params.clear()
            st.rerun()
