"""What only the browser knows of the device a page is read on."""

from pathlib import Path

import streamlit as st

_SCRIPT = Path(__file__).with_name("device.js")
_KEY = "device"


def watch_device() -> None:
    """Part of the frame of every page: a script, and nothing to see (style.css takes away the place it would have)."""
    mount = st.components.v2.component("graft_device", js=_SCRIPT.read_text("utf-8"))
    with st.container(key="unseen-device"):
        mount(key=_KEY, data={"narrow": is_narrow()}, on_narrow_change=lambda: None)


def is_narrow() -> bool:
    """Whether the page is as narrow as a phone; False until the browser has said so."""
    return bool(st.session_state.get(_KEY, {}).get("narrow"))
