"""A button that copies the address of the page, which holds everything that was chosen on it."""

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "copy_link_assets"
_KEY = "compare.link"


def copy_link() -> bool:
    """Draw the button; it also shows the link, to be read or copied by hand.

    Returns:
        whether the page is as narrow as a phone, which only the browser knows: False until it has said so.
    """
    told = _mount()(key=_KEY, on_narrow_change=lambda: None)
    return bool(told.narrow)


def _mount():
    return st.components.v2.component(
        "graft_copy_link",
        html=(ASSETS / "link.html").read_text("utf-8"),
        css=(ASSETS / "link.css").read_text("utf-8"),
        js=(ASSETS / "link.js").read_text("utf-8"),
    )
