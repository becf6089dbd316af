"""Files of other machines on a page: it says that they are fetched, and why they cannot be."""

import time
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.artifacts.bringing import bring
from core.errors import GraftError
from core.files.here import fetch_with
from core.settings import Settings

_KINDS = {"datasets": "the photos", "backbones": "the backbone"}
_PARTS = {
    "model": "the model",
    "results": "the predictions",
    "photo_map": "the map",
    "tensorboard": "the curves",
    "exports": "the export",
}


AGAIN_SECONDS = 15.0
_failed: dict[str, float] = {}


def install() -> None:
    """Called when the web process starts."""
    fetch_with(_bring)


def what(name: str) -> str:
    """What an artifact is, in words: ``the model of r-1``."""
    kind, id_, part = f"{name}//".split("/")[:3]
    return f"{_KINDS.get(kind) or _PARTS.get(part, 'files')} of {id_}"


def _bring(settings: Settings, name: str, folder: Path, *, into: bool, newer: bool) -> None:
    """Fetches; on a page with a line that says so. What fails there is said, and the files are missing."""
    if get_script_run_ctx(suppress_warning=True) is None:
        bring(settings, name, folder, into=into, newer=newer)
        return
    if (newer and folder.exists()) or name in _failed:  # rarely more than a question to the registry
        _told(settings, name, folder, into, newer)
        return
    with st.spinner(f"Fetching {what(name)} from the store …"):
        _told(settings, name, folder, into, newer)


def _told(settings: Settings, name: str, folder: Path, into: bool, newer: bool) -> None:
    """Fetches; what failed a moment ago is not tried again for each of a hundred photos."""
    if time.monotonic() - _failed.get(name, -AGAIN_SECONDS) < AGAIN_SECONDS:
        return
    try:
        bring(settings, name, folder, into=into, newer=newer)
    except GraftError as error:
        _failed[name] = time.monotonic()
        st.warning(str(error))
