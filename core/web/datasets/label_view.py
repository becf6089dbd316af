"""Labelling photos without a class, one after the other, by buttons and keys."""

from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path

import streamlit as st

from core.advising.label_process import label_state, read_order
from core.advising.label_values import LabelOrder, NextPhoto
from core.curation.decisions import PhotoDecision, decisions_on, standing
from core.curation.labelled import label_photos, new_classes, set_aside
from core.datasets.names import NAME_LENGTH
from core.datasets.values import Dataset
from core.text.units import amount, percent, plain, unbroken
from core.web.datasets.check_items import decision_words
from core.web.datasets.deciding import WIDE, undo_button, version_box
from core.web.datasets.label_panel import counts_text, label_panel, order_controls, pool_counts
from core.web.parts.labels import dataset_title
from core.web.parts.rights import allowed
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained, heading, page_link
from core.workbench import Workbench

KEYS = 9
"""Classes that have a digit as their key."""
SHOWN = 24
"""Photos of the strip below."""


def label_view(bench: Workbench, dataset: Dataset) -> None:
    """The view ``?dataset=...&label=next``."""
    decided = standing(decisions_on(dataset, bench.settings))
    counts = pool_counts(bench, dataset)
    heading(f"Label photos of {plain(dataset_title(dataset))}", plain(counts_text(counts)))
    with st.container(horizontal=True, vertical_alignment="center"):
        page_link("datasets", "Back to the dataset", dataset=dataset.id)
        undo_button(bench, dataset, decided, key="label.undo")
    version_box(bench, dataset)
    order = read_order(dataset.id, bench.settings)
    if order is None or label_state(dataset.id, settings=bench.settings).is_active:
        label_panel(bench, dataset)
        return
    photos = [one for one in order.photos if bench.unlabelled_path(dataset.id, one.digest).is_file()]
    if not photos or all(one.digest in decided for one in photos):
        st.success("All photos of this order are decided on.", icon=":material/check_circle:")
        order_controls(bench, dataset, counts)
        return
    _labelling(bench, dataset, order, photos, decided)


def _labelling(
    bench: Workbench,
    dataset: Dataset,
    order: LabelOrder,
    photos: Sequence[NextPhoto],
    decided: Mapping[str, PhotoDecision],
) -> None:
    key = f"label.at.{dataset.id}.{order.at}"
    number = min(st.session_state.get(key, next_open(photos, decided, -1)), len(photos) - 1)
    photo = photos[number]
    picture, words = st.columns([2, 3], gap="medium")
    with picture:
        path = bench.unlabelled_path(dataset.id, photo.digest)
        st.image(str(path), caption=plain(photo.file), alt=f"Without a class: {photo.file}", width=WIDE)
    with words:
        st.header(f"{amount(number + 1)} of {amount(len(photos))}", anchor=False)
        st.markdown(
            f"Probably **{plain(photo.suggested)}** ({percent(photo.probability)}), "
            f"{100 * photo.margin:.0f} points before the next class."
        )
        if photo.digest in decided:
            st.markdown(f":green-badge[:material/check: {plain(decision_words(decided[photo.digest]))}]")
        _actions(bench, dataset, photos, number, decided, key)
        _evidence(bench, dataset, order, photo)
    st.header("Next", anchor=False)
    rest = [one for one in [*photos[number + 1 :], *photos[:number]] if one.digest not in decided][:SHOWN]
    photo_strip(
        [bench.unlabelled_path(dataset.id, one.digest) for one in rest],
        [plain(one.suggested) for one in rest],
        alt=[f"Probably {one.suggested}: {one.file}" for one in rest],
        width=96,
    )


def next_open(photos: Sequence[NextPhoto], decided: Container[str], number: int) -> int:
    """The number of the first photo after ``number`` on which nothing was decided, else of the first of all; 0 where
    all were."""
    turn = [*range(number + 1, len(photos)), *range(number + 1)]
    return next((one for one in turn if photos[one].digest not in decided), 0)


def _actions(
    bench: Workbench,
    dataset: Dataset,
    photos: Sequence[NextPhoto],
    number: int,
    decided: Mapping[str, PhotoDecision],
    key: str,
) -> None:
    photo, can = photos[number], allowed()

    def go(target: int) -> None:
        st.session_state[key] = target
        st.rerun()

    def label(name: str, new_class: bool = False) -> None:
        with explained():
            label_photos(dataset, {photo.digest: name}, settings=bench.settings, new_class=new_class)
            go(next_open(photos, {*decided, photo.digest}, number))

    classes = [*dataset.class_names, *new_classes(dataset, decisions_on(dataset, bench.settings))]
    with st.container(horizontal=True):
        for place, name in enumerate(classes[:KEYS], start=1):
            icon = ":material/star:" if name == photo.suggested else None
            if st.button(plain(name), shortcut=str(place), icon=icon, key=f"label.class.{place}", **can):
                label(name)
    with st.container(horizontal=True):
        if st.button("None of these", shortcut="X", icon=":material/block:", key="label.exclude", **can):
            with explained():
                set_aside(dataset, [photo.digest], settings=bench.settings)
                go(next_open(photos, {*decided, photo.digest}, number))
        if st.button("Previous", shortcut="Left", disabled=number == 0, key="label.previous"):
            go(number - 1)
        if st.button("Skip", shortcut="Right", disabled=number + 1 == len(photos), key="label.skip"):
            go(number + 1)
    _typed(classes, photo, label)


def _typed(classes: Sequence[str], photo: NextPhoto, label: Callable[..., None]) -> None:
    """Any class by its name; one that does not exist is asked about."""
    with (
        st.form(f"label.typed.{photo.digest}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input(
            "Another class",
            key=f"label.name.{photo.digest}",
            max_chars=NAME_LENGTH,
            placeholder="Type a class",
            width=220,
        ).strip()
        sent = st.form_submit_button("Label", **allowed())
    known = next((one for one in classes if one.casefold() == name.casefold()), "")
    if known and sent:
        label(known)
    elif name and not known:
        st.caption(f"There is no class {plain(name)} yet.")
        if st.button(f"Add {plain(name)} as a new class", key="label.new_class", **allowed()):
            label(name, new_class=True)


def _evidence(bench: Workbench, dataset: Dataset, order: LabelOrder, photo: NextPhoto) -> None:
    """What the place in the order rests on: in sight, without a click."""
    shown = " · ".join(f"{plain(name)} {unbroken(percent(share))}" for name, share in photo.probabilities.items())
    st.caption(f"Probabilities by {plain(order.by)}: {shown}")
    if not photo.nearest:
        return
    st.caption(
        f"Nearest labelled photo by features of {plain(order.backbone)}, similarity {photo.similarity:.2f} (the lower, "
        "the less is known of such photos):"
    )
    path = _stored(bench, dataset, photo.nearest)
    photo_strip([path], [plain(photo.nearest_class)], alt=[f"{photo.nearest_class}: {photo.nearest_file}"], width=96)


def _stored(bench: Workbench, dataset: Dataset, digest: str) -> Path:
    """A photo of the dataset, or one of the pool that was labelled."""
    path = bench.photo_path(dataset.id, digest)
    return path if path.is_file() else bench.unlabelled_path(dataset.id, digest)
