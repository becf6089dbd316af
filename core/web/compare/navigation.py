"""The views of the compared runs in four groups; the URL names the view."""

import streamlit as st

from core.web.compare import address
from core.web.compare.selected import Selected
from core.web.compare.view_list import GROUPS, VIEWS, group_of


def show(selected: Selected) -> None:
    """The buttons of all groups, those of the views of one group, and the view of the URL."""
    name = selected.address.view if selected.address.view in VIEWS else next(iter(VIEWS))
    group = group_of(name)
    with st.container(key="compare.navigation", gap="xsmall"):
        st.session_state["compare.group"] = group
        st.segmented_control(
            "Group of views", list(GROUPS), key="compare.group", required=True, label_visibility="collapsed",
            on_change=_first_of_group, width="stretch",
        )  # fmt: skip
        st.pills(
            "View", list(GROUPS[group]), required=True, label_visibility="collapsed",
            format_func=lambda key: f"{VIEWS[key].icon} {VIEWS[key].title}",
            **address.bound("compare.view", "view", name),
        )  # fmt: skip
    view = VIEWS[name]
    st.header(view.question, anchor=False)
    st.caption(view.explanation)
    view.show(selected)


def _first_of_group() -> None:
    address.change(view=GROUPS[st.session_state["compare.group"]][0])
