"""Dangerous actions: a dialog states exactly what is deleted and asks for a second click."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.people.acting import Role
from core.web.parts.rights import allowed


def confirm(
    key: str,
    label: str,
    body: Callable[[], Any],
    *,
    icon: str,
    verb: str = "",
    needed: Role = Role.TRAINER,
    **button: Any,
) -> bool:
    """A button that opens a dialog; True in the one run after it was confirmed.

    Args:
        key: unique on the page; the two clicks are the buttons ``<key>`` and ``<key>-yes`` (``<key>-no`` cancels).
        label: of the first button; ``verb``: of the second, the same if "".
        body: draws the dialog above its buttons.
        needed: role, without which the button is disabled. button: options of ``st.button``.
    """
    state = f"confirm.{key}"
    # The dialog is drawn from state and its buttons are callbacks: a plain `if st.button` inside a dialog is not
    # reached by AppTest, and would be lost when the page redraws itself.
    st.button(label, key=key, icon=icon, on_click=_set, args=(state, "open"), **allowed(needed, **button))
    stage = st.session_state.get(state)
    if stage == "confirmed":
        del st.session_state[state]
        return True
    if stage == "open":
        st.dialog(label, icon=icon, on_dismiss=lambda: _set(state, None))(_dialog)(key, state, body, verb or label)
    return False


def confirm_danger(
    key: str, label: str, what: Callable[[], str], *, icon: str = ":material/delete:", disabled: bool = False
) -> bool:
    """``confirm`` for a deletion.

    Args:
        what: returns exactly what is deleted, markdown with names already ``plain``: "3 runs, 2 models, 148 MB". Called
            only when the dialog opens.
    """

    def body() -> None:
        st.markdown(what())
        st.caption("This cannot be undone.")

    return confirm(key, label, body, icon=icon, verb="Delete", disabled=disabled)


def _dialog(key: str, state: str, body: Callable[[], Any], verb: str) -> None:
    body()
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Cancel", key=f"{key}-no", on_click=_set, args=(state, None))
        st.button(verb, key=f"{key}-yes", type="primary", on_click=_set, args=(state, "confirmed"))
    if st.session_state.get(state) != "open":
        st.rerun()


def _set(state: str, stage: str | None) -> None:
    st.session_state[state] = stage
