"""Access tokens: creating one, which is shown once, and revoking."""

import streamlit as st

from core.errors import GraftError
from core.people.acting import Role, acting
from core.registry.tokens import DAYS, MOST_DAYS, AccessToken, Scope, TokenState
from core.text.units import plain
from core.web.parts.danger import confirm
from core.web.parts.times import timed, when
from core.workbench import Workbench

SCOPES = {
    Scope.READ: "Read: every list, run and comparison",
    Scope.PREDICT: "Predict: also classes of photos",
    Scope.TRAIN: "Train: everything, deleting included",
}
_STATES = {
    TokenState.VALID: ":green-badge[:material/check_circle: Valid]",
    TokenState.EXPIRED: ":orange-badge[:material/schedule: Expired]",
    TokenState.REVOKED: ":gray-badge[:material/block: Revoked]",
}
_NEW = "access.secret"
_SHOWN = 20
"""Tokens on the page; the command line lists all."""


def show(bench: Workbench) -> None:
    """The form, the token that was just created, and all tokens."""
    st.header("Access tokens", anchor=False)
    st.caption("A program sends its token with every request. Only a digest of it is stored.")
    _form(bench)
    _created()
    tokens = bench.registry.tokens()
    for number, token in enumerate(tokens[:_SHOWN]):
        _row(bench, token, number)
    if len(tokens) > _SHOWN:
        st.caption(f"{len(tokens) - _SHOWN} older ones: `python -m core tokens`")


def _form(bench: Workbench) -> None:
    with st.form("access.new", enter_to_submit=True):
        name, scope, days = st.columns([3, 4, 2], vertical_alignment="bottom")
        with name:
            named = st.text_input("Name", key="access.name", max_chars=60, placeholder="notebook")
        with scope:
            chosen = st.selectbox("Scope", _scopes(), format_func=SCOPES.__getitem__, index=1, key="access.scope")
        with days:
            valid = st.number_input("Valid for (days)", 1, MOST_DAYS, DAYS, key="access.days")
        if st.form_submit_button("Create token", icon=":material/key:", key="access.create"):
            try:
                token, secret = bench.registry.create_token(named.strip(), str(chosen), valid)
            except GraftError as error:
                st.error(plain(str(error)), icon=":material/error:")
            else:
                st.session_state[_NEW] = (token.name, secret)


def _scopes() -> list[Scope]:
    """Those that the visitor's role allows."""
    return [scope for scope in SCOPES if scope is not Scope.TRAIN or acting().may(Role.TRAINER)]


def _created() -> None:
    """Until it is hidden, or the visit ends."""
    if _NEW not in st.session_state:
        return
    name, secret = st.session_state[_NEW]
    with st.container(border=True):
        st.markdown(f"**Copy the token {plain(name)} now.** It is not stored and cannot be shown again.")
        st.code(secret, language=None, wrap_lines=True)
        st.button("I have copied it", key="access.copied", on_click=lambda: st.session_state.pop(_NEW, None))


def times_of(token: AccessToken) -> str:
    """When a token ends, or ended, and when it was used; for ``timed``."""
    used = "never used" if token.used_at is None else f"last used {when(token.used_at)}"
    if token.revoked_at is not None:
        return f"revoked {when(token.revoked_at)}; {used}"
    ends = "expires" if token.state() is TokenState.VALID else "expired"
    return f"{ends} {when(token.expires_at)}; {used}"


def _row(bench: Workbench, token: AccessToken, number: int) -> None:
    state = token.state()
    with st.container(border=True, horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(width="stretch"):
            of = f" &ensp; of {plain(token.owner)}" if token.owner else ""
            st.markdown(f"**{plain(token.name)}** &ensp; {_STATES[state]} &ensp; scope *{token.scope}*{of}")
            timed(times_of(token))
        if state is TokenState.VALID and confirm(
            f"access.revoke-{number}",
            "Revoke",
            lambda: st.markdown(f"Requests with the token **{plain(token.name)}** are refused from now on."),
            icon=":material/block:",
            needed=Role.VIEWER,
        ):
            bench.registry.revoke_token(token.name)
            st.rerun()
