"""The camera live: a frame each half second from the browser, and what the models say about it beside the picture."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from core.models.predict import PhotoPredictions
from core.text.units import milliseconds
from core.web.parts.widgets import explained
from core.web.predict.details import Runs
from core.web.predict.sources import FRAMES
from core.web.predict.wall import answer_block
from core.workbench import Workbench

ASSETS = Path(__file__).parent / "camera_assets"
LONGEST_FRAME = 1_000_000
"""Characters of a frame: one of 480 pixels has about 50,000."""

_KEY = "predict.live"
_ANSWERED = "predict.live.answered"
_PREFIX = "data:image/jpeg;base64,"


def camera(bench: Workbench, runs: Runs) -> None:
    """A switch that shows the camera; the browser asks for permission only when it is started."""
    if st.toggle("Camera", key="predict.camera", help="A frame each half second; nothing is kept unless you keep it."):
        st.fragment(_live)(bench, runs)


def _live(bench: Workbench, runs: Runs) -> None:
    """Answers the newest frame before the component is mounted: then the browser sends the next one."""
    picture, beside = st.columns([3, 2], gap="medium")
    number, jpeg = newest_frame(st.session_state.get(_KEY, {}))
    with beside, explained():
        _answer(bench, runs, number, jpeg)
    with picture:
        result = _mount()(
            key=_KEY, data={"answered": number}, on_frame_change=lambda: None, on_kept_change=lambda: None
        )
    kept = frame_bytes(result.get("kept"))
    if kept is not None:
        st.session_state[FRAMES] = [*st.session_state.get(FRAMES, []), kept]
        st.rerun(scope="app")


def _answer(bench: Workbench, runs: Runs, number: int, jpeg: bytes | None) -> None:
    if jpeg is None or not runs:
        st.caption("The predictions are shown here once the camera runs." if runs else "Choose a model.")
        return
    asked = (number, tuple(runs))
    before, found = st.session_state.get(_ANSWERED, (None, None))
    if asked != before:
        found = bench.predict(list(runs), [("camera.jpg", jpeg)], top=3)[0]
        st.session_state[_ANSWERED] = (asked, found)
    if found is not None:
        _show(found, runs)


def _show(found: PhotoPredictions, runs: Runs) -> None:
    if found.problem:
        st.caption("This frame could not be read.")
        return
    with st.container(key="live-answer"):
        answer_block(found, runs)
    took = sum(one.milliseconds or 0.0 for one in found.predictions)
    st.caption(f"{milliseconds(took)} a frame in the models")


def newest_frame(state: Mapping[str, Any]) -> tuple[int, bytes | None]:
    """Number and JPEG bytes of the newest frame in the state of the component; 0 and None before the first."""
    sent = state.get("frame")
    if not isinstance(sent, Mapping) or not isinstance(sent.get("number"), int | float):
        return 0, None
    return int(sent["number"]), frame_bytes(sent.get("jpeg"))


def frame_bytes(sent: object) -> bytes | None:
    """The bytes of a data URI of a JPEG; None of anything else, which no browser with this page sends."""
    if not isinstance(sent, str) or not sent.startswith(_PREFIX) or len(sent) > LONGEST_FRAME:
        return None
    try:
        return base64.b64decode(sent.removeprefix(_PREFIX), validate=True) or None
    except binascii.Error:
        return None


def _mount() -> Any:
    files: Sequence[str] = [(ASSETS / f"camera.{kind}").read_text("utf-8") for kind in ("html", "css", "js")]
    return st.components.v2.component("graft_camera", html=files[0], css=files[1], js=files[2])
