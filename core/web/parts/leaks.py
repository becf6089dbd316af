"""The mark beside accuracies that leaked test photos touch, and that none were looked for."""

from collections.abc import Iterable

import streamlit as st

from core.datasets.values import Dataset
from core.files.here import dataset_here
from core.text.units import plain
from core.web.parts.widgets import page_link
from core.workbench import Workbench


def leak_marks(bench: Workbench, dataset_ids: Iterable[str], *, named: bool = False) -> None:
    """A sentence for each dataset with leaked test photos, with a link to what the check found.

    Args:
        named: whether to say which dataset it is about.
    """
    for note in bench.leak_notes(dataset_ids):
        about = f"**{plain(note['name'])}**: " if named else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"leaks-{note['dataset']}"):
            st.markdown(f":orange[:material/warning:] {about}{note['sentence']}", width="content")
            page_link("datasets", "See them", dataset=note["dataset"], check="copies")


def unchecked_note(bench: Workbench, dataset: Dataset) -> None:
    """That nobody has looked for leaked test photos, with a link to where it is done; nothing once it was."""
    if not dataset.split_sizes["test"] or bench.flagged(dataset.id) is not None:
        return
    if dataset_here(bench.settings, dataset.id).lacks_photos:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="unchecked"):
        st.caption("Near-copies of test photos in other splits were not looked for.", width="content")
        page_link("datasets", "Check photos", dataset=dataset.id)
