"""Models of the hub that are worth a try, each with a button that looks it up."""

import streamlit as st

from core.backbones.suggested import Suggestion, suggestions
from core.text.units import magnitude, plain
from core.workbench import Workbench


def show(bench: Workbench) -> None:
    """Those that are not added yet under their suggested name."""
    added = {one.backbone.name for one in bench.registry.added_backbones()}
    shown = [one for one in suggestions() if one.name not in added]
    if not shown:
        return
    st.header("Suggested", anchor=False)
    st.caption(
        "As their owners describe them. When you add one, Graft reads what it is from its files, and pins commit and "
        "checksums."
    )
    with st.grid(2, min_column_width=320, key="suggested"):
        for one in shown:
            _card(one)


def _card(one: Suggestion) -> None:
    with st.container(border=True, key=f"suggested-{one.name}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{plain(one.title)}**", width="content")
            st.button(
                f"Look up {plain(one.title)}", key=f"suggested.{one.name}", icon=":material/search:", type="tertiary",
                on_click=_look_up, args=(one.address,),
            )  # fmt: skip
        for line in lines(one):
            st.caption(line)


def lines(one: Suggestion) -> list[str]:
    """What is told of it, as Markdown: size, licence, what it was trained on, and what was published, with a link."""
    found = [
        plain(f"{one.address} · {magnitude(one.parameters)} parameters · {one.input_size} px · {spdx(one.licence)}"),
        plain(f"Trained on {one.trained_on}."),
    ]
    if one.figure:
        address, _, place = one.figure_source.partition(" (")
        where = f", {plain(place.removesuffix(')'))}" if place else ""
        found.append(f"{plain(one.figure)} ([source]({address}){where}).")
    if one.needs_keras_hub:
        found.append("Needs keras-hub (make setup HUB=1).")
    return found


_SPDX = {"apache-2.0": "Apache-2.0", "mit": "MIT"}


def spdx(licence: str) -> str:
    """The identifier of a licence as the catalogue writes it: the hub writes all of them small."""
    return _SPDX.get(licence, licence)


def _look_up(address: str) -> None:
    st.query_params.from_dict({"add": address})
    st.session_state["backbone.hub.text"] = address
