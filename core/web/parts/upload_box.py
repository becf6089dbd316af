"""The drop zone for files of any size."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.web.server.uploads import SLICE_BYTES, UploadTicket, new_upload, tickets

ASSETS = Path(__file__).parent / "upload_box_assets"


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A complete upload: its path, and its name on the user's machine (for display only)."""

    path: Path
    name: str
    size_bytes: int


def upload_any_size(key: str, label: str, *, suffixes: Sequence[str]) -> Uploaded | None:
    """A drop zone that uploads a file in slices to disk; the file once it is complete.

    It returns the same file until ``release_upload`` (the caller owns the file from then on, for example
    ``start_import(path, own_source=True)``) or ``drop_upload`` (delete it).
    """
    upload = _upload_of(key, suffixes)
    if upload.complete:
        return Uploaded(path=upload.path, name=upload.name, size_bytes=upload.size or 0)
    sent = _mount()(
        key=key,
        data={
            "label": label,
            "address": f"api/v1/uploads/{upload.ticket}",
            "ticket": upload.ticket,
            "slice": SLICE_BYTES,
            "suffixes": list(suffixes),
        },
        on_done_change=lambda: None,
    ).get("done")
    if isinstance(sent, str) and sent != upload.ticket and tickets().find(sent):
        # started in a session that ended while the connection was down
        st.session_state[_state(key)] = sent
        st.rerun()
    return None


def release_upload(key: str) -> None:
    """The caller owns the file now; empties the box."""
    tickets().release(st.session_state.pop(_state(key), ""))


def drop_upload(key: str) -> None:
    """Deletes the file and empties the box."""
    tickets().drop(st.session_state.pop(_state(key), ""))


def _upload_of(key: str, suffixes: Sequence[str]) -> UploadTicket:
    upload = tickets().find(st.session_state.get(_state(key), ""))
    if upload is None:
        upload = new_upload(suffixes)
        st.session_state[_state(key)] = upload.ticket
    return upload


def _state(key: str) -> str:
    return f"upload.{key}"


def _mount() -> ComponentRenderer:
    return st.components.v2.component(
        "graft_upload_box",
        html=(ASSETS / "box.html").read_text("utf-8"),
        css=(ASSETS / "box.css").read_text("utf-8"),
        js=(ASSETS / "box.js").read_text("utf-8"),
    )
