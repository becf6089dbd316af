"""Dangerous actions: a dialog lists exactly what is deleted and needs a second click."""

from collections.abc import Callable
from typing import Literal

import streamlit as st


def confirm_danger(
    key: str,
    label: str,
    what: str | Callable[[], str],
    *,
    verb: str = "Delete",
    icon: str = ":material/delete:",
    disabled: bool = False,
    width: Literal["content", "stretch"] | int = "content",
) -> bool:
    """A button that opens a dialog; True in the one run after its second click.

    Args:
        key: unique on the page; the two clicks are the buttons ``<key>`` and ``<key>-yes`` (``<key>-no`` cancels).
        label: of the first button.
        what: exactly what is deleted, markdown with names already ``plain``: "3 runs, 2 models, 148 MB". A function
            is called only when the dialog opens.
        verb: of the second button.
    """
    state = f"danger.{key}"
    # The dialog is drawn from state and its buttons are callbacks: a plain `if st.button` inside a dialog is not
    # reached by AppTest, and would be lost when the page redraws itself.
    st.button(label, key=key, icon=icon, disabled=disabled, width=width, on_click=_set, args=(state, "open"))
    stage = st.session_state.get(state)
    if stage == "confirmed":
        del st.session_state[state]
        return True
    if stage == "open":
        st.dialog(label, icon=icon, on_dismiss=lambda: _set(state, None))(_dialog)(key, state, what, verb)
    return False


def _dialog(key: str, state: str, what: str | Callable[[], str], verb: str) -> None:
    st.markdown(what() if callable(what) else what)
    st.caption("This cannot be undone.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Keep", key=f"{key}-no", on_click=_set, args=(state, None))
        st.button(verb, key=f"{key}-yes", type="primary", on_click=_set, args=(state, "confirmed"))
    if st.session_state.get(state) != "open":
        st.rerun()


def _set(state: str, stage: str | None) -> None:
    st.session_state[state] = stage
