"""Make a collection: a named part of the photos of a dataset, by a filter, on its page."""

from collections import Counter

import streamlit as st

from core.curation.collection import WITHOUT, PhotoFilter, collected, make_collection
from core.datasets.names import NAME_LENGTH
from core.datasets.values import Dataset
from core.errors import GraftError
from core.text.units import amount, count, listed, plain
from core.web.parts.rights import allowed
from core.web.parts.widgets import explained
from core.workbench import Workbench

EXPANDER = "collection.open"
_WORDS = {"suspects": "Likely label errors", "odd": "Odd photos"}


def collection_panel(bench: Workbench, dataset: Dataset) -> None:
    """An expander with the filter, what would be left, and a button."""
    box = st.expander("Train on a part of these photos", icon=":material/filter_alt:", key=EXPANDER, on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(
            "A collection is a dataset of its own with the photos that meet every condition; they keep class and "
            "split. Runs on it are compared among themselves."
        )
        chosen = _filter(bench, dataset)
        if str(chosen):
            _make(bench, dataset, chosen)


def _filter(bench: Workbench, dataset: Dataset) -> PhotoFilter:
    left, right = st.columns(2, gap="medium")
    with left:
        classes = st.multiselect("Classes", dataset.class_names, placeholder="All", key="collection.classes")
        most = st.number_input(
            "Photos a class, at most", min_value=0, step=10, key="collection.most",
            help="In the proportions of the splits; 0: all.",
        )  # fmt: skip
    with right:
        files = st.text_input(
            "File names like", placeholder="holiday-*.jpg", key="collection.files", max_chars=200,
            help="* stands for any characters, ? for one. Upper and lower case are alike.",
        )  # fmt: skip
        smallest = st.number_input(
            "Pixels of the shorter side, at least", min_value=0, step=50, key="collection.smallest"
        )
    without: list[str] = []
    if bench.flagged(dataset.id) is not None:
        without = st.pills(
            "Without", WITHOUT, selection_mode="multi", format_func=_WORDS.__getitem__, key="collection.without",
            help="What *Check photos* found, except photos that somebody decided to keep.",
        )  # fmt: skip
    return PhotoFilter(
        classes=tuple(classes), files=files.strip(), smallest=int(smallest), without=tuple(without), most=int(most)
    )


def _make(bench: Workbench, dataset: Dataset, chosen: PhotoFilter) -> None:
    try:
        photos = collected(dataset, chosen, registry=bench.registry, settings=bench.settings)
    except GraftError as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        return
    sizes = Counter(photo.split for photo in photos)
    classes = len({photo.class_name for photo in photos})
    split = listed([f"{amount(number)} {name}" for name, number in sizes.items()])
    st.markdown(f"It would have **{count(len(photos), 'photo')}** in {classes} classes: {split}.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", f"{dataset.name} part"[:NAME_LENGTH], max_chars=NAME_LENGTH, key=f"collection.name.{dataset.id}"
        )
        if st.button("Make the collection", type="primary", icon=":material/save:", key="collection.make", **allowed()):
            with explained():
                made, new = make_collection(dataset, name, chosen, registry=bench.registry, settings=bench.settings)
                st.toast("It was made." if new else "Exactly these photos were here already; nothing was added.")
                st.switch_page("pages/datasets.py", query_params={"dataset": made.id})
