"""A button that copies the address of the page, which holds everything that was chosen on it."""

from pathlib import Path

import streamlit as st

ASSETS = Path(__file__).parent / "copy_link_assets"


def copy_link() -> None:
    """Draw the button; it also shows the link, to be read or copied by hand."""
    mount = st.components.v2.component(
        "graft_copy_link",
        html=(ASSETS / "link.html").read_text("utf-8"),
        css=(ASSETS / "link.css").read_text("utf-8"),
        js=(ASSETS / "link.js").read_text("utf-8"),
    )
    mount(key="compare.link")
