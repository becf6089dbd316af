"""Deciding on the photos that a check found, one after the other, by buttons and keys."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.curation.decisions import PhotoAction, PhotoDecision, decide, decisions_on, standing, undo
from core.curation.values import Findings
from core.curation.versions import apply_decisions, changed_photos, changes_text
from core.datasets.values import Dataset
from core.text.units import count, percent, plain
from core.web.datasets.check_items import KINDS, CheckItem, first_open, items_of
from core.web.datasets.check_panel import check_panel, findings, rests_on
from core.web.parts.labels import dataset_title
from core.web.parts.thumbnails import photo_strip
from core.web.parts.widgets import explained, heading, page_link
from core.workbench import Workbench

SHOWN = 24
"""Items of the gallery below."""
_WIDE = 300


def check_view(bench: Workbench, dataset: Dataset, wanted: str) -> None:
    """The view ``?dataset=...&check=labels|copies|odd``."""
    found = findings(bench, dataset)
    title = f"Check photos of {plain(dataset_title(dataset))}"
    if found is None:
        heading(title, "Its photos have not been checked yet.")
        page_link("datasets", "Back to the dataset", dataset=dataset.id)
        check_panel(bench, dataset)
        return
    decided = standing(decisions_on(dataset, bench.settings))
    everything = {kind: items_of(found, kind) for kind in KINDS}
    heading(title, progress_of([one for items in everything.values() for one in items], decided))
    with st.container(horizontal=True, vertical_alignment="center"):
        page_link("datasets", "Back to the dataset", dataset=dataset.id)
        _undo(bench, dataset, bool(decided))
    _apply(bench, dataset)
    kind = st.segmented_control(
        "What was found",
        list(KINDS),
        default=wanted if wanted in KINDS else "labels",
        format_func=lambda name: f"{KINDS[name]} ({len(everything[name])})",
        required=True,
        key=f"check.kind.{dataset.id}",
    )
    _items(bench, dataset, found, str(kind), everything[str(kind)])


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
    key = f"check.at.{dataset.id}.{kind}"
    number = min(st.session_state.get(key, first_open(items, decided)), len(items) - 1)
    item = items[number]
    photos, words = st.columns([2, 3], gap="medium")
    with photos:
        _pictures(bench, dataset, item)
    with words:
        st.subheader(f"{number + 1} of {len(items)}", anchor=False)
        st.markdown(plain(item.reason))
        if status := item.decision(decided):
            st.markdown(f":green-badge[:material/check: {plain(status)}]")
        _actions(bench, dataset, item, key, number, len(items))
        _evidence(bench, dataset, item)
    st.subheader("Next", anchor=False)
    rest = [*items[number + 1 :], *items[:number]][:SHOWN]
    photo_strip(
        [bench.photo_path(dataset.id, one.digests[0]) for one in rest],
        [plain(one.decision(decided) or one.suggested) for one in rest],
        alt=[f"{one.classes[0]}: {one.files[0]}" for one in rest],
        width=96,
    )
    if kind != "copies":
        rests_on(found)


def _pictures(bench: Workbench, dataset: Dataset, item: CheckItem) -> None:
    """The photo, or the photos of a group side by side."""
    paths = [bench.photo_path(dataset.id, digest) for digest in item.digests[:6]]
    width = _WIDE if len(paths) == 1 else _WIDE // 2
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

    group = len(item.digests) > 1
    with st.container(horizontal=True):
        if st.button("Keep all" if group else "Keep", shortcut="K", icon=":material/check:", key="check.keep"):
            say(item.digests, PhotoAction.KEEP)
        if item.suggested:
            label = f"Relabel as {plain(item.suggested)}"
            if st.button(label, shortcut="S", icon=":material/label:", key="check.suggested"):
                say(item.digests, PhotoAction.RELABEL, item.suggested)
        if item.leak and st.button("Move all to train", shortcut="M", type="primary", key="check.move"):
            say(item.digests, PhotoAction.MOVE, "train")
        label = "Keep the first only" if group else "Exclude"
        if st.button(label, shortcut="X", icon=":material/delete:", key="check.exclude"):
            say(item.digests[1:] if group else item.digests, PhotoAction.EXCLUDE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Previous", shortcut="Left", disabled=number == 0, key="check.previous"):
            st.session_state[key] = number - 1
            st.rerun()
        if st.button("Next", shortcut="Right", disabled=number + 1 == total, key="check.next"):
            st.session_state[key] = number + 1
            st.rerun()
        if not group:
            with st.popover("Another class"):
                name = st.selectbox("Class", dataset.class_names, key=f"check.class.{item.digests[0]}")
                if st.button("Relabel", key="check.relabel"):
                    say(item.digests, PhotoAction.RELABEL, name)


def _evidence(bench: Workbench, dataset: Dataset, item: CheckItem) -> None:
    """What a suggestion rests on: in sight, without a click."""
    if item.probabilities:
        shown = " · ".join(f"{plain(name)} {percent(share)}" for name, share in item.probabilities.items())
        st.caption(f"Probabilities by a linear head that was not fitted on this photo: {shown}")
    if item.nearest:
        st.caption("Nearest photos by features, with their class:")
        photo_strip(
            [bench.photo_path(dataset.id, digest) for digest, _, _ in item.nearest],
            [plain(name) for _, name, _ in item.nearest],
            alt=[f"{name}, similarity {similarity:.2f}" for _, name, similarity in item.nearest],
            width=72,
        )
    st.caption(plain(", ".join(item.files[:4])))


def _undo(bench: Workbench, dataset: Dataset, any_decision: bool) -> None:
    if st.button("Undo", shortcut="U", icon=":material/undo:", disabled=not any_decision, key="check.undo"):
        with explained():
            taken = undo(dataset, settings=bench.settings)
            st.toast("Nothing of yours to undo." if taken is None else "The last decision was taken back.")
            st.rerun()


def _apply(bench: Workbench, dataset: Dataset) -> None:
    """The button that makes a new version of what was decided."""
    _, changes = changed_photos(bench.registry.photos(dataset.id), decisions_on(dataset, bench.settings))
    if not changes:
        return
    version = bench.registry.next_version(dataset.name)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"Decided so far: {plain(changes_text(changes))}.")
        if st.button(f"Make version {version}", type="primary", icon=":material/save:", key="check.apply"):
            with explained():
                made = apply_decisions(dataset, registry=bench.registry, settings=bench.settings)
                st.toast(f"Version {made.version} was made; version {dataset.version} stays as it is.")
                st.switch_page("pages/datasets.py", query_params={"dataset": made.id})
