"""Photos of an earlier dataset that are one, on the page Datasets."""

import streamlit as st

from core.datasets.decoding.identity import Copies
from core.datasets.values import Dataset
from core.text.units import count
from core.web.parts.tables import table
from core.web.parts.thumbnails import photo_strip
from core.workbench import Workbench

SHOWN = 12


def copies(bench: Workbench, dataset: Dataset) -> None:
    """The photos with equal pixels, those in several splits or classes first."""
    found = sorted(bench.copies(dataset.id), key=lambda one: (not one.is_leak, not one.is_conflict))
    if not found:
        return
    st.header(f"{count(len(found), 'photo')} more than once", anchor=False)
    st.caption(
        "These files have equal pixels. This dataset was imported when only copies of files were recognised; import "
        "the photos again, and each is kept once. Runs on this dataset stay as they are."
    )
    shown = [one.photos[0] for one in found[:SHOWN]]
    photo_strip(
        [bench.photo_path(dataset.id, photo.digest) for photo in shown],
        ["" for _ in shown],
        alt=[f"{photo.class_name}: {photo.file}" for photo in shown],
        width=112,
    )
    table([row(one) for one in found], key="dataset.copies")


def row(one: Copies) -> dict:
    return {
        "Problem": problem(one) or "counted more than once",
        "Files": ", ".join(photo.file for photo in one.photos),
        "Splits": ", ".join(dict.fromkeys(photo.split for photo in one.photos)),
        "Classes": ", ".join(dict.fromkeys(photo.class_name for photo in one.photos)),
    }


def problem(one: Copies) -> str:
    """What is wrong with the copies, "" where they are in one class and one split."""
    problems = ["in several splits (data leakage)"] * one.is_leak + ["in several classes"] * one.is_conflict
    return " and ".join(problems)
