"""Backbones that are being added, or were just added: progress, cancel, what went wrong, the next step."""

import streamlit as st

from core.errors import NotFound
from core.jobs import background_additions as additions
from core.jobs.background import UNFINISHED
from core.jobs.background_additions import Addition
from core.text.units import amount, plain, size
from core.web.backbones.panel import train_query
from core.web.parts.polling import poll
from core.web.parts.widgets import explained, page_link
from core.workbench import Workbench

_BYTES = 100_000
"""A larger total counts bytes, a smaller one steps."""


def show(bench: Workbench) -> None:
    """All additions that were not dismissed, refreshed while one runs."""
    found = additions.additions(bench.settings)
    active = _active(found)
    if found:
        poll(_cards, bool(active), bench, active)


def _active(found: list[Addition]) -> frozenset[str]:
    return frozenset(one.id for one in found if one.state in UNFINISHED)


def _cards(bench: Workbench, active: frozenset[str]) -> None:
    found = additions.additions(bench.settings)
    for addition in found:
        _card(bench, addition)
    if _active(found) != active:
        st.rerun(scope="app")


def _card(bench: Workbench, addition: Addition) -> None:
    title = plain(addition.title or addition.name)
    with st.container(border=True, key=f"addition-{addition.id}"):
        if addition.state in UNFINISHED:
            _running(bench, addition, title)
        elif addition.state == "done":
            _done(bench, addition)
        else:
            if addition.state == "failed":
                st.error(f"**{title}** was not added. {plain(addition.message)}", icon=":material/error:")
            else:
                st.info(f"**{title}** was not added. {plain(addition.message)}", icon=":material/cancel:")
            _dismiss(bench, addition)


def _running(bench: Workbench, addition: Addition, title: str) -> None:
    st.progress(fraction(addition), text=f"Adding **{title}** · {plain(stage(addition))}")
    st.button(
        "Cancel", key=f"addition.cancel.{addition.id}", on_click=additions.cancel_addition,
        args=(bench.settings, addition.id),
    )  # fmt: skip


def fraction(addition: Addition) -> float:
    """How much of the current stage is done, 0..1."""
    progress = addition.progress
    return min(1.0, progress.done / progress.total) if progress and progress.total else 0.0


def stage(addition: Addition) -> str:
    """What is done now: ``downloading: 12 MB of 88 MB``."""
    if addition.state == "waiting":
        return "waiting for another addition …"
    progress = addition.progress
    if progress is None:
        return "starting …"
    what = progress.stage[:1].lower() + progress.stage[1:]
    if not progress.total:
        return f"{what} …"
    words = size if progress.total > _BYTES else amount
    return f"{what}: {words(progress.done)} of {words(progress.total)}"


def _done(bench: Workbench, addition: Addition) -> None:
    with explained():
        try:
            backbone = bench.registry.added_backbone(addition.name).backbone
        except NotFound:
            st.markdown(f":gray[:material/delete:] **{plain(addition.name)}** was added and is removed again.")
            _dismiss(bench, addition)
            return
        st.markdown(f":green[:material/check_circle:] **{plain(backbone.title)}** was added and can be used.")
        with st.container(horizontal=True, vertical_alignment="center"):
            key = f"addition.train.{addition.id}"
            if st.button("Train with it", type="primary", icon=":material/model_training:", key=key):
                additions.dismiss_addition(bench.settings, addition.id)
                st.switch_page("pages/train.py", query_params=train_query(backbone))
            page_link("backbones", "Open its page", backbone=backbone.name)
            _dismiss(bench, addition)


def _dismiss(bench: Workbench, addition: Addition) -> None:
    st.button(
        "Dismiss", key=f"addition.dismiss.{addition.id}", type="tertiary", on_click=additions.dismiss_addition,
        args=(bench.settings, addition.id),
    )  # fmt: skip
