"""Deciding on photos one after the other, by buttons and keys: on the check of a dataset, and beside photos of Compare.

Decisions of all pages and people are one list (``core.curation.decisions``).
"""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.curation.decisions import PhotoAction, PhotoDecision, decide, undo
from core.curation.versions import apply_decisions, changes_text, planned_version
from core.datasets.values import Dataset
from core.text.units import amount, percent, plain, unbroken
from core.web.datasets.check_items import CheckItem, first_open
from core.web.parts.rights import allowed
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained
from core.workbench import Workbench

WIDE = 300
"""Pixels of a photo that is decided on, where there is room."""


def position(items: Sequence[CheckItem], decided: Mapping[str, PhotoDecision], key: str) -> int:
    """The number of the item that is shown; at first one on which nothing was decided.

    Args:
        key: of the session, where it is kept.
    """
    number: int = st.session_state.get(key, first_open(items, decided))
    return min(number, len(items) - 1)


def deciding(
    bench: Workbench,
    dataset: Dataset,
    items: Sequence[CheckItem],
    decided: Mapping[str, PhotoDecision],
    key: str,
    width: int = WIDE,
) -> None:
    """One item with its photos, what can be decided, and what a suggestion rests on.

    Args:
        items: not empty. key: as of ``position``. width: of a photo, in pixels.
    """
    number = position(items, decided, key)
    item = items[number]
    photos, words = st.columns([2, 3], gap="medium")
    with photos:
        _pictures(bench, dataset, item, width)
    with words:
        st.header(f"{amount(number + 1)} of {amount(len(items))}", anchor=False)
        st.markdown(plain(item.reason))
        if status := item.decision(decided):
            st.markdown(f":green-badge[:material/check: {plain(status)}]")
        _actions(bench, dataset, item, key, number, len(items))
        _evidence(bench, dataset, item)


def _pictures(bench: Workbench, dataset: Dataset, item: CheckItem, widest: int) -> None:
    """The photo, or the photos of a group side by side."""
    paths = [bench.photo_path(dataset.id, digest) for digest in item.digests[:6]]
    width = widest if len(paths) == 1 else widest // 2
    with st.container(horizontal=True, gap="small"):
        for path, file, name, split in zip(paths, item.files, item.classes, item.splits, strict=False):
            if path.is_file():
                caption = f"{plain(name)} · {split}"
                st.image(str(path), caption=caption, alt=f"{name}: {file}", width=width)
    if len(item.digests) > 6:
        st.caption(f"and {len(item.digests) - 6} more")


def _actions(bench: Workbench, dataset: Dataset, item: CheckItem, key: str, number: int, total: int) -> None:
    def say(digests: Sequence[str], action: PhotoAction, target: str = "") -> None:
        with explained():
            decide(dataset, digests, action, target, registry=bench.registry, settings=bench.settings)
            st.session_state[key] = min(number + 1, total - 1)
            st.rerun()

    group, can = len(item.digests) > 1, allowed()
    with st.container(horizontal=True):
        keep = "Keep all" if group else "Keep"
        if st.button(keep, shortcut="K", icon=":material/check:", key="check.keep", **can):
            say(item.digests, PhotoAction.KEEP)
        if item.suggested:
            label = f"Relabel as {plain(item.suggested)}"
            if st.button(label, shortcut="S", icon=":material/label:", key="check.suggested", **can):
                say(item.digests, PhotoAction.RELABEL, item.suggested)
        if item.leak and st.button("Move all to train", shortcut="M", type="primary", key="check.move", **can):
            say(item.digests, PhotoAction.MOVE, "train")
        label = "Keep the first only" if group else "Exclude"
        if st.button(label, shortcut="X", icon=":material/delete:", key="check.exclude", **can):
            say(item.digests[1:] if group else item.digests, PhotoAction.EXCLUDE)
        if len(item.digests) == 2:  # of two classes the second may be the right one
            second = st.button(
                "Keep the second only", shortcut="Z", icon=":material/delete:", key="check.second", **can
            )
            if second:
                say(item.digests[:1], PhotoAction.EXCLUDE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Previous", shortcut="Left", disabled=number == 0, key="check.previous"):
            st.session_state[key] = number - 1
            st.rerun()
        if st.button("Next", shortcut="Right", disabled=number + 1 == total, key="check.next"):
            st.session_state[key] = number + 1
            st.rerun()
    if not group:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            others = [name for name in dataset.class_names if name not in item.classes]
            name = st.selectbox("Another class", others, key=f"check.class.{item.digests[0]}", width=220)
            if st.button("Relabel", key="check.relabel", **can):
                say(item.digests, PhotoAction.RELABEL, name)


def _evidence(bench: Workbench, dataset: Dataset, item: CheckItem) -> None:
    """What a suggestion rests on: in sight, without a click."""
    if item.probabilities:
        shown = " · ".join(f"{plain(name)} {unbroken(percent(share))}" for name, share in item.probabilities.items())
        st.caption(f"Probabilities by a linear head that was not fitted on this photo: {shown}")
    if item.nearest:
        st.caption("Nearest photos by features, with their class:")
        photo_strip(
            [bench.photo_path(dataset.id, digest) for digest, _, _ in item.nearest],
            [plain(name) for _, name, _ in item.nearest],
            alt=[f"{name}, similarity {similarity:.2f}" for _, name, similarity in item.nearest],
        )
    st.caption(plain(", ".join(item.files[:4])))


def version_box(bench: Workbench, dataset: Dataset) -> None:
    """The button that makes a new version of what was decided."""
    planned = planned_version(dataset, registry=bench.registry, settings=bench.settings)
    if not planned.changes:
        return
    version = bench.registry.next_version(dataset.name)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"Decided so far: {plain(changes_text(planned.changes))}.", width="content")
        validation = bool(planned.pool.photos) and st.checkbox(
            "Use some of the labelled photos for validation", key="label.validation",
            help="Labelled photos become training photos. With this, some of each class become validation photos, in "
            "the proportions of the dataset. None becomes a test photo: photos that were chosen because a model is not "
            "sure of them would make its accuracy look lower than it is.",
        )  # fmt: skip
        if st.button(f"Make version {version}", type="primary", icon=":material/save:", key="check.apply", **allowed()):
            with explained():
                made = apply_decisions(dataset, registry=bench.registry, settings=bench.settings, validation=validation)
                st.toast(f"Version {made.version} was made; version {dataset.version} stays as it is.")
                st.switch_page("pages/datasets.py", query_params={"dataset": made.id})


def undo_button(
    bench: Workbench,
    dataset: Dataset,
    decided: Mapping[str, PhotoDecision],
    key: str = "check.undo",
    show: Callable[[str], None] = lambda _: None,
) -> None:
    """Takes back the last decision of this person.

    Args:
        show: called with the digest of a photo that it was about, so that the page goes back to it.
    """
    if st.button("Undo", shortcut="U", icon=":material/undo:", key=key, **allowed(disabled=not decided)):
        with explained():
            taken = undo(dataset, settings=bench.settings)
            if taken is not None:
                show(taken.digest)
            st.toast("Nothing of yours to undo." if taken is None else "The last decision was taken back.")
            st.rerun()
