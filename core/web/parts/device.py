"""The width of the browser window, reported by the browser."""

from pathlib import Path

import streamlit as st

from core.web.server.visits import login_required

_SCRIPT = Path(__file__).with_name("device.js")
_KEY = "device"


def watch_device() -> None:
    """Part of the frame of every page: an invisible script (style.css removes the space it would take)."""
    mount = st.components.v2.component("graft_device", js=_SCRIPT.read_text("utf-8"))
    with st.container(key="unseen-device"):
        mount(key=_KEY, data={"narrow": is_narrow(), "login": login_required()}, on_narrow_change=lambda: None)


def is_narrow() -> bool:
    """Whether the page is as narrow as a phone; False until the browser has reported it."""
    return bool(st.session_state.get(_KEY, {}).get("narrow"))
