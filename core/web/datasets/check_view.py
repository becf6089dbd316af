"""Deciding on the photos that a check found, one after the other, by buttons and keys."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.curation.decisions import PhotoDecision, decisions_on, standing
from core.curation.values import Findings
from core.datasets.values import Dataset
from core.text.units import amount, count, plain
from core.web.datasets.check_items import KINDS, CheckItem, items_of
from core.web.datasets.check_panel import check_panel, findings, rests_on
from core.web.datasets.deciding import deciding, position, undo_button, version_box
from core.web.parts.labels import dataset_title
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import heading, page_link
from core.workbench import Workbench

SHOWN = 24
"""Items of the gallery below."""


def check_view(bench: Workbench, dataset: Dataset, wanted: str) -> None:
    """The view ``?dataset=...&check=labels|copies|odd``."""
    found = findings(bench, dataset)
    title = f"Check photos of {plain(dataset_title(dataset))}"
    decided = standing(decisions_on(dataset, bench.settings))
    if found is None:
        heading(title, "Its photos have not been checked yet.")
        with st.container(horizontal=True, vertical_alignment="center"):
            page_link("datasets", "Back to the dataset", dataset=dataset.id)
            if decided:  # on photos that Compare shows
                undo_button(bench, dataset, decided)
        version_box(bench, dataset)
        check_panel(bench, dataset)
        return
    everything = {kind: items_of(found, kind) for kind in KINDS}
    heading(title, progress_of([one for items in everything.values() for one in items], decided))
    with st.container(horizontal=True, vertical_alignment="center"):
        page_link("datasets", "Back to the dataset", dataset=dataset.id)
        undo_button(bench, dataset, decided, show=lambda digest: _go_to(dataset, digest, everything))
    version_box(bench, dataset)
    kind = st.segmented_control(
        "What was found",
        list(KINDS),
        default=wanted if wanted in KINDS else "labels",
        format_func=lambda name: f"{KINDS[name]} ({amount(len(everything[name]))})",
        required=True,
        key=_kind_key(dataset),
    )
    _items(bench, dataset, found, str(kind), everything[str(kind)])


def _kind_key(dataset: Dataset) -> str:
    return f"check.kind.{dataset.id}"


def _position_key(dataset: Dataset, kind: str) -> str:
    return f"check.at.{dataset.id}.{kind}"


def _go_to(dataset: Dataset, digest: str, everything: Mapping[str, Sequence[CheckItem]]) -> None:
    """Show the item of a photo: of the kind that is open, else of the first kind that has it."""
    shown = st.session_state.get(_kind_key(dataset), "")
    for kind in sorted(everything, key=lambda one: one != shown):
        for number, item in enumerate(everything[kind]):
            if digest in item.digests:
                st.session_state[_kind_key(dataset)] = kind
                st.session_state[_position_key(dataset, kind)] = number
                return


def progress_of(items: Sequence[CheckItem], decided: Mapping[str, PhotoDecision]) -> str:
    """How many items are left, as a sentence."""
    left = sum(not one.decision(decided) for one in items)
    if not items:
        return "Nothing was found."
    return f"{count(left, 'item')} to decide on." if left else "Everything has been decided on."


def _items(bench: Workbench, dataset: Dataset, found: Findings, kind: str, items: Sequence[CheckItem]) -> None:
    if not items:
        st.caption("Nothing of this kind was found.")
        return
    decided = standing(decisions_on(dataset, bench.settings))
    key = _position_key(dataset, kind)
    number = position(items, decided, key)
    deciding(bench, dataset, items, decided, key)
    st.header("Next", anchor=False)
    rest = [*items[number + 1 :], *items[:number]][:SHOWN]
    photo_strip(
        [bench.photo_path(dataset.id, one.digests[0]) for one in rest],
        [plain(one.decision(decided) or one.suggested) for one in rest],
        alt=[f"{one.classes[0]}: {one.files[0]}" for one in rest],
        width=96,
    )
    if kind != "copies":
        rests_on(found)
