"""The frame around every page: navigation, icon, logo, and a guard against pages shown without it."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from core.people.acting import Role, acting
from core.text.units import plain
from core.web.parts.device import watch_device
from core.web.parts.tables import text_switch
from core.web.server.visits import login_required

STATIC = Path(__file__).parents[1] / "static"

SECTIONS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "": (("overview", "Overview", ":material/home:"),),
    "Photos": (("datasets", "Datasets", ":material/photo_library:"),),
    "Training": (
        ("backbones", "Backbones", ":material/account_tree:"),
        ("train", "Train", ":material/model_training:"),
        ("runs", "Runs", ":material/list_alt:"),
        ("machines", "Machines", ":material/dns:"),
    ),
    "Results": (
        ("compare", "Compare", ":material/bar_chart:"),
        ("models", "Models", ":material/deployed_code:"),
        ("predict", "Predict", ":material/image_search:"),
        ("board", "Board", ":material/monitoring:"),
    ),
    "Programs": (("access", "API", ":material/api:"),),
    "Administration": (("people", "People", ":material/group:"), ("audit", "Audit log", ":material/history:")),
}
"""Section: (name, title, icon). The name is the file in ``pages/`` and the path in the URL."""
PAGES = {name: (title, icon) for entries in SECTIONS.values() for name, title, icon in entries}
"""Name: (title, icon)."""
ADMINISTRATION = {name for name, _, _ in SECTIONS["Administration"]}
"""Pages for admins; they say so themselves to whoever else opens them."""

_DRAWN, _SHOWN, _ENTERED = "_graft_frame_drawn", "_graft_page_shown", "_graft_page_entered"


def frame() -> None:
    """Draw the frame and run the page of the URL."""
    st.set_page_config(page_title="Graft", page_icon=str(STATIC / "icon.png"), layout="wide")
    st.html(STATIC / "style.css")
    st.logo(str(STATIC / "logo.svg"), size="large", icon_image=str(STATIC / "icon.png"))
    page = st.navigation(
        {section: [_page(*entry) for entry in entries] for section, entries in SECTIONS.items()}, expanded=True
    )
    watch_device()  # after the navigation: on a phone it reruns the script, before it the default page would open
    st.session_state[_ENTERED] = st.session_state.get(_SHOWN) != page.url_path
    st.session_state[_SHOWN] = page.url_path
    with st.sidebar:
        text_switch()
        _who()
    st.session_state[_DRAWN] = True
    page.run()


def require_frame() -> None:
    """Stop a page that was started without the frame; the first line of every page.

    Streamlit's old discovery of a ``pages`` folder would run a page file on its own, without app.py.
    """
    if not st.session_state.pop(_DRAWN, False):
        st.error("This page can only be opened inside Graft. Reload it, or start at the address of the dashboard.")
        st.stop()


def just_entered() -> bool:
    """Whether the visitor came to this page with this run of the script, and was on another one (or none) before."""
    return bool(st.session_state.get(_ENTERED, True))


def _who() -> None:
    """Who is signed in, or that nobody has to."""
    if not login_required():
        st.caption(":material/lock_open: No login: only this machine can connect.")
        return
    person = acting()
    st.caption(f":material/person: {plain(person.name)}, {person.role}")
    st.html('<a href="account" target="_self">Account and sign out</a>')


def _page(name: str, title: str, icon: str) -> StreamlitPage:
    shown = name not in ADMINISTRATION or (acting().may(Role.ADMIN) and (name == "audit" or login_required()))
    return st.Page(
        f"pages/{name}.py",
        title=title,
        icon=icon,
        url_path=name,
        default=name == "overview",
        visibility="visible" if shown else "hidden",
    )
