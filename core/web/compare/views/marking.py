"""Deciding on photos where a comparison shows them: it is the same list of decisions as on the check of the dataset."""

from collections.abc import Sequence

import streamlit as st

from core.comparison.photos import ComparedPhoto
from core.curation.decisions import decisions_on, standing
from core.curation.versions import changes_text, planned_version
from core.text.units import listed, plain
from core.web.compare.selected import Selected
from core.web.datasets.check_items import CheckItem
from core.web.datasets.deciding import deciding, undo_button
from core.web.parts.widgets import page_link

POPOVER = "compare.decide"
MOST = 48
"""Photos that can be decided on in one place: as many as are shown."""
_WIDE = 220
"""Pixels of a photo: a popover has less room than a page."""


def decide_button(selected: Selected, photos: Sequence[ComparedPhoto], place: str) -> None:
    """A popover with the photos one after the other.

    Args:
        place: what the photos are, as a key; another place begins with its first photo.
    """
    if not photos:
        return
    opened = st.popover(
        "Decide on this photo" if len(photos) == 1 else "Decide on these photos", icon=":material/fact_check:",
        key=POPOVER, on_change="rerun", help="Keep, relabel or exclude photos; decisions make a new version of the "
        "dataset, when you say so.",
    )  # fmt: skip
    if not opened.open:
        return
    bench, dataset = selected.bench, selected.dataset
    decisions = decisions_on(dataset, bench.settings)
    decided = standing(decisions)
    with opened:
        items = [item_of(selected, one) for one in photos[:MOST]]
        deciding(bench, dataset, items, decided, f"{POPOVER}.at.{dataset.id}.{place}", _WIDE)
        changes = planned_version(dataset, registry=bench.registry, settings=bench.settings).changes
        with st.container(horizontal=True, vertical_alignment="center"):
            undo_button(bench, dataset, decided)
            if changes:
                st.caption(f"Decided so far: {plain(changes_text(changes))}.", width="content")
                page_link("datasets", "Make a version of them", dataset=dataset.id, check="labels")


def item_of(selected: Selected, compared: ComparedPhoto) -> CheckItem:
    """A photo of a comparison as an item to decide on; the class that was predicted wrongly most often is suggested."""
    photo = selected.bench.registry.photo(selected.dataset.id, compared.digest)
    names = selected.names
    told = [f"{names[run_id]}: {name} ({100 * share:.0f} %)" for run_id, name, share in compared.predictions]
    wrong = [name for _, name, _ in compared.predictions if name != photo.class_name]
    return CheckItem(
        digests=(photo.digest,),
        files=(photo.file,),
        classes=(photo.class_name,),
        splits=(photo.split,),
        reason=f"Labelled {photo.class_name}. Predicted by {listed(told)}.",
        suggested=max(wrong, key=wrong.count) if wrong else "",
    )
