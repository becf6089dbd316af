"""Models side by side: a photo is a row, a model a column with its most probable classes as bars."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.models.predict import PhotoPredictions, Prediction
from core.text.units import count
from core.web.predict.answers import answers, majority
from core.web.predict.bars import bars
from core.web.predict.details import Runs
from core.web.predict.wall import answer_block, file_block, no_photo

PER_PAGE = 10
"""Rows at once: a page with more bars is slow in the browser."""


def show(found: Sequence[PhotoPredictions], runs: Runs, labels: Sequence[str | None], sizes: Mapping[str, int]) -> None:
    """One row per photo, ``PER_PAGE`` at once.

    Args:
        labels: the class that each photo is known to have; None where it is not known.
        sizes: bytes of every model's files.
    """
    pages = -(-len(found) // PER_PAGE)
    first = PER_PAGE * (_page_of(pages) - 1)
    for position in range(first, min(first + PER_PAGE, len(found))):
        with st.container(border=True, key=f"row-{position}"):
            _row(position, found[position], runs, labels[position], sizes)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(f"Page of {pages}", 1, pages, key="predict.page", width=160)
            last = min(len(found), first + PER_PAGE)
            st.caption(f"{first + 1} to {last} of {count(len(found), 'photo')}", width="content")


def _page_of(pages: int) -> int:
    page: int = min(st.session_state.get("predict.page", 1), max(pages, 1))
    if pages > 1:
        st.session_state["predict.page"] = page
    return page


def _row(position: int, photo: PhotoPredictions, runs: Runs, label: str | None, sizes: Mapping[str, int]) -> None:
    if photo.jpeg is None:
        no_photo(photo)
        return
    beside = max(len(photo.predictions), 1)
    picture, *cells = st.columns([2, *[3] * beside] if beside > 1 else [2, 4], gap="medium")
    with picture:
        st.image(photo.jpeg, width="stretch", alt=f"Photo {photo.name}")
        answer_block(photo, runs)
        file_block(position, photo, label)
    most = majority(answers(photo))
    for cell, prediction in zip(cells, photo.predictions, strict=False):
        with cell:
            bars(prediction, runs.get(prediction.run_id), sizes.get(prediction.run_id), _mark(prediction, most))


def _mark(prediction: Prediction, most: str | None) -> str:
    """Whether a model answers as most do; "" where there is no majority."""
    if most is None or not prediction.classes:
        return ""
    if prediction.classes[0].class_name == most:
        return ":green-badge[:material/check: agrees]"
    return ":orange-badge[:material/call_split: differs]"
