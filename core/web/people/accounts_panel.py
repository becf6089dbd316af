"""Accounts: adding one, its role, its one-time link, its sessions."""

import streamlit as st

from core.errors import Forbidden, GraftError
from core.jobs.quota import quota_uses
from core.people.acting import Role
from core.registry.links import HOURS, path_of
from core.registry.sessions import SignedIn
from core.registry.subjects import INVITED
from core.registry.users import User
from core.settings import load_settings
from core.text.units import count, plain
from core.web.access.examples import server_address
from core.web.parts.danger import confirm
from core.web.parts.tables import table
from core.web.parts.times import cell, column
from core.web.server.visits import require_recent_sign_in
from core.workbench import Workbench

ROLES = {
    Role.VIEWER: "Viewer: sees everything, changes nothing",
    Role.TRAINER: "Trainer: imports, trains, changes what is theirs",
    Role.ADMIN: "Admin: changes everything, people too",
}
_LINK = "people.link"


def show(bench: Workbench) -> None:
    """The form, the link that was just made, and all accounts with their sessions."""
    _sign_in_again()
    st.header("Add a person", anchor=False)
    _form(bench)
    _made()
    st.header("Accounts", anchor=False)
    sessions = bench.registry.sessions()
    uses = quota_uses(bench.settings, bench.registry)
    for user in bench.registry.users():
        use = uses.get(user.name)
        stored = use.sentence if use else "nothing stored"
        _account(bench, user, [one for one in sessions if one.user == user.name], stored)
    if sessions:
        st.header("Open sessions", anchor=False)
        table(session_rows(sessions), key="people.sessions")


def _sign_in_again() -> None:
    """A notice where the last sign-in is too long ago for a change; each change asks for itself as well."""
    try:
        require_recent_sign_in()
    except Forbidden as error:
        st.info(plain(str(error)), icon=":material/lock_clock:")
        st.html('<a href="login?fresh=1&next=%2Fpeople" target="_self">Sign in again</a>')


def _form(bench: Workbench) -> None:
    with st.form("people.new", enter_to_submit=True):
        name, role = st.columns([2, 3], vertical_alignment="bottom")
        with name:
            named = st.text_input("Name", key="people.name", max_chars=60, placeholder="anna")
        with role:
            chosen = st.selectbox("Role", list(ROLES), format_func=ROLES.__getitem__, key="people.role")
        if st.form_submit_button("Add", icon=":material/person_add:", key="people.add"):
            try:
                require_recent_sign_in()
                user = bench.registry.add_user(named, str(chosen))
                _new_link(bench, user.name)
            except GraftError as error:
                st.error(plain(str(error)), icon=":material/error:")


def _new_link(bench: Workbench, name: str) -> None:
    st.session_state[_LINK] = (name, bench.registry.new_link(name))


def _made() -> None:
    """Until it is hidden, or the visit ends."""
    if _LINK not in st.session_state:
        return
    name, code = st.session_state[_LINK]
    with st.container(border=True):
        st.markdown(f"**Give this link to {plain(name)} now.** It sets the password, once, within {HOURS} hours.")
        st.code(link_of(st.context.url, code), language=None, wrap_lines=True)
        st.button("I have copied it", key="people.copied", on_click=lambda: st.session_state.pop(_LINK, None))


def link_of(url: str | None, code: str) -> str:
    """The address of a one-time link: where the browser found this page, or ``GRAFT_URL``."""
    settings = load_settings()
    address = settings.url or server_address(url, settings.port)
    return address + path_of(code)


def _account(bench: Workbench, user: User, sessions: list[SignedIn], stored: str) -> None:
    """``stored``: what the account has on the disk, for people."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            st.markdown(f"**{plain(user.name)}** &ensp; {state_of(user)}")
            factor = " · second factor" if user.second_factor else ""
            st.caption(f"{count(len(sessions), 'open session')}{factor} · {stored}")
        st.selectbox(
            f"Role of {user.name}", list(Role), index=list(Role).index(user.role), key=f"people.role.{user.name}",
            format_func=lambda role: str(role).capitalize(), label_visibility="collapsed", width=130,
            on_change=_set_role, args=(bench, user.name),
        )  # fmt: skip
        with st.container(horizontal=True, width="content"):  # together on the next line where there is no room
            _buttons(bench, user, sessions)


def _buttons(bench: Workbench, user: User, sessions: list[SignedIn]) -> None:
    st.button(
        "New link", key=f"people.link.{user.name}", icon=":material/link:", disabled=user.disabled,
        help="A one-time link that sets the password; earlier links of this account stop working.",
        on_click=_attempt, args=(_new_link, bench, user.name),
    )  # fmt: skip
    if load_settings().openid is not None:
        _connection(bench, user)
    st.button(
        "End sessions", key=f"people.end.{user.name}", icon=":material/logout:", disabled=not sessions,
        on_click=_attempt, args=(bench.registry.end_sessions, user.name),
    )  # fmt: skip
    if user.second_factor and confirm(
        f"people.factor.{user.name}",
        "Reset second factor",
        lambda: st.markdown(
            f"**{plain(user.name)}** signs in with the password alone until a new one is set up. The sessions end."
        ),
        icon=":material/phonelink_erase:",
        needed=Role.ADMIN,
    ):
        _attempt(bench.registry.reset_second_factor, user.name)
        st.rerun()
    _switch(bench, user)


def _connection(bench: Workbench, user: User) -> None:
    """Who signs in to the account through the OpenID provider."""
    key = f"people.openid.{user.name}"
    with st.popover("OpenID", icon=":material/badge:"):
        st.markdown(connection_of(user))
        st.text_input(
            "E-mail address that the provider has verified", key=key, max_chars=200, placeholder="anna@lab.example",
            on_change=lambda: _attempt(bench.registry.connect_account, user.name, str(st.session_state.pop(key))),
        )  # fmt: skip
        st.button(
            "Disconnect", key=f"{key}.none", icon=":material/link_off:", disabled=user.subject is None,
            on_click=_attempt, args=(bench.registry.connect_account, user.name, ""),
        )  # fmt: skip


def connection_of(user: User) -> str:
    """Who that is, as Markdown."""
    if user.subject is None:
        return "Nobody signs in to this account through the provider."
    if user.subject.startswith(INVITED):
        return f"Whoever signs in as **{plain(user.subject.removeprefix(INVITED))}** first gets this account."
    issuer, _, subject = user.subject.partition(" ")
    return f"Connected to **{plain(subject)}** of {plain(issuer)}."


def _switch(bench: Workbench, user: User) -> None:
    if user.disabled:
        st.button(
            "Enable", key=f"people.enable.{user.name}", icon=":material/check:",
            on_click=_attempt, args=(bench.registry.disable_user, user.name, False),
        )  # fmt: skip
        _deletion(bench, user)
    elif confirm(
        f"people.disable.{user.name}",
        "Disable",
        lambda: st.markdown(
            f"**{plain(user.name)}** cannot sign in any more; sessions and tokens end. Nothing is deleted."
        ),
        icon=":material/block:",
    ):
        _attempt(bench.registry.disable_user, user.name)
        st.rerun()


def _deletion(bench: Workbench, user: User) -> None:
    """Of a disabled account alone, so that nobody deletes one by mistake."""
    key = f"people.delete.{user.name}"
    if not confirm(
        key, "Delete", lambda: _ask_heir(bench, user, f"{key}.heir"), icon=":material/delete:", needed=Role.ADMIN
    ):
        return
    try:
        require_recent_sign_in()
        bench.registry.delete_user(user.name, str(st.session_state.get(f"{key}.heir") or ""))
    except GraftError as error:
        st.error(plain(str(error)), icon=":material/error:")
    else:
        st.rerun()


def _ask_heir(bench: Workbench, user: User, key: str) -> None:
    owned = bench.registry.belongings(user.name)
    st.markdown(
        f"**{plain(user.name)}** is deleted with password, second factor, sessions, tokens and OpenID link. "
        "The audit log keeps its entries, with the name, which no other account can have."
    )
    if owned:
        heirs = [one.name for one in bench.registry.users() if one.name != user.name and not one.disabled]
        st.selectbox(f"Who gets its {owned}", heirs, index=None, placeholder="Choose an account", key=key)
    st.caption("This cannot be undone.")


def state_of(user: User) -> str:
    """A badge."""
    if user.disabled:
        return ":gray-badge[:material/block: Disabled]"
    if not user.can_sign_in:
        return ":orange-badge[:material/schedule: Has no password yet]"
    return ":green-badge[:material/check_circle: Can sign in]"


def _set_role(bench: Workbench, name: str) -> None:
    _attempt(bench.registry.set_role, name, str(st.session_state.pop(f"people.role.{name}")))


def _attempt(action, *arguments) -> None:  # type: ignore[no-untyped-def]
    """In a callback, which draws no page: an error becomes a toast."""
    try:
        require_recent_sign_in()
        action(*arguments)
    except GraftError as error:
        st.toast(plain(str(error)), icon=":material/error:")


def session_rows(sessions: list[SignedIn]) -> list[dict[str, str]]:
    """The rows of the table."""
    return [
        {
            "Person": one.user,
            "Address": one.address,
            column("Last used"): cell(one.seen_at),
            column("Signed in"): cell(one.created_at),
            "Browser": one.browser,
        }
        for one in sessions
    ]
