"""The drop zone for files of any size."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from core.errors import NotFound
from core.files.home import upload_folder
from core.files.uploads import PendingUpload, find_upload, remove_upload, uploads_of
from core.people.acting import acting
from core.web.server.state import workbench

ASSETS = Path(__file__).parent / "upload_box_assets"
SLICE_BYTES = 16 * 2**20
"""Of one request, where a proxy takes as many."""


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A complete upload: its path, and its name on the user's machine (for display only)."""

    path: Path
    name: str
    size_bytes: int


def upload_any_size(key: str, label: str, *, suffixes: Sequence[str]) -> Uploaded | None:
    """A drop zone that uploads a file in slices to disk; the file once it is complete.

    It returns the same file until ``release_upload`` (the caller owns the file from then on, for example
    ``start_import(path, own_source=True)``) or ``drop_upload`` (delete it). A file that was uploaded before the page
    was loaded again is returned too, and one that had come half is continued when it is chosen again.
    """
    mine = [one for one in uploads_of(workbench().settings, acting().name, key) if _fits(one, suffixes)]
    upload = _found(st.session_state.get(_state(key), "")) or next((one for one in mine if one.complete), None)
    if upload is not None and upload.complete:
        st.session_state[_state(key)] = upload.id
        return Uploaded(path=upload.content, name=upload.announced.name, size_bytes=upload.announced.size)
    sent = _mount()(
        key=key,
        data={
            "label": label,
            "address": "api/v1/uploads",
            "box": key,
            "slice": SLICE_BYTES,
            "suffixes": list(suffixes),
            "unfinished": [_row(one) for one in mine if not one.complete],
        },
        on_done_change=lambda: None,
    ).get("done")
    arrived = _found(sent if isinstance(sent, str) else "")
    if arrived is not None and arrived.complete and arrived.announced.box == key and _fits(arrived, suffixes):
        st.session_state[_state(key)] = arrived.id
        st.rerun()
    return None


def release_upload(key: str) -> None:
    """Empties the box after the caller has moved the file."""
    drop_upload(key)


def drop_upload(key: str) -> None:
    """Deletes the file and empties the box."""
    upload_id = st.session_state.pop(_state(key), "")
    if upload_id:
        remove_upload(upload_folder(workbench().settings, upload_id))


def _found(upload_id: str) -> PendingUpload | None:
    with suppress(NotFound):
        return find_upload(workbench().settings, upload_id, acting().name)
    return None


def _fits(upload: PendingUpload, suffixes: Sequence[str]) -> bool:
    return upload.announced.name.lower().endswith(tuple(suffixes))


def _row(upload: PendingUpload) -> dict[str, object]:
    """Of an unfinished upload: what tells whether a file is the same one, and how far it has come."""
    announced = upload.announced
    return {
        "id": upload.id,
        "name": announced.name,
        "size": announced.size,
        "modified": announced.modified,
        "received": upload.received,
    }


def _state(key: str) -> str:
    return f"upload.{key}"


def _mount() -> ComponentRenderer:
    return st.components.v2.component(
        "graft_upload_box",
        html=(ASSETS / "box.html").read_text("utf-8"),
        css=(ASSETS / "box.css").read_text("utf-8"),
        js=(ASSETS / "box.js").read_text("utf-8"),
    )
