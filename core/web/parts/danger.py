"""Dangerous actions: a dialog lists exactly what is deleted and needs a second click."""

from collections.abc import Callable

import streamlit as st


def confirm_danger(
    key: str,
    label: str,
    what: Callable[[], str],
    *,
    icon: str = ":material/delete:",
    disabled: bool = False,
) -> bool:
    """A button that opens a dialog; True in the one run after its second click.

    Args:
        key: unique on the page; the two clicks are the buttons ``<key>`` and ``<key>-yes`` (``<key>-no`` cancels).
        label: of the first button.
        what: returns exactly what is deleted, markdown with names already ``plain``: "3 runs, 2 models, 148 MB". Called
            only when the dialog opens.
    """
    state = f"danger.{key}"
    # The dialog is drawn from state and its buttons are callbacks: a plain `if st.button` inside a dialog is not
    # reached by AppTest, and would be lost when the page redraws itself.
    st.button(label, key=key, icon=icon, disabled=disabled, on_click=_set, args=(state, "open"))
    stage = st.session_state.get(state)
    if stage == "confirmed":
        del st.session_state[state]
        return True
    if stage == "open":
        st.dialog(label, icon=icon, on_dismiss=lambda: _set(state, None))(_dialog)(key, state, what)
    return False


def _dialog(key: str, state: str, what: Callable[[], str]) -> None:
    st.markdown(what())
    st.caption("This cannot be undone.")
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Keep", key=f"{key}-no", on_click=_set, args=(state, None))
        st.button("Delete", key=f"{key}-yes", type="primary", on_click=_set, args=(state, "confirmed"))
    if st.session_state.get(state) != "open":
        st.rerun()


def _set(state: str, stage: str | None) -> None:
    st.session_state[state] = stage
