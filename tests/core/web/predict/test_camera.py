"""Frames of the camera: whatever a browser sends, only a small JPEG is passed on."""

import base64

import pytest

from core.web.predict.camera import LONGEST_FRAME, frame_bytes, newest_frame
from tests.factories import tiny_jpeg

JPEG = tiny_jpeg(0, 1)
SENT = "data:image/jpeg;base64," + base64.b64encode(JPEG).decode()


def test_a_frame_is_a_data_uri_of_a_jpeg():
    assert frame_bytes(SENT) == JPEG


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        "",
        SENT.replace("jpeg", "svg+xml"),
        "data:image/jpeg;base64,",
        "data:image/jpeg;base64,???",
        "data:image/jpeg;base64," + "A" * LONGEST_FRAME,
    ],
)
def test_what_is_no_frame_is_left_alone(sent):
    assert frame_bytes(sent) is None


def test_the_newest_frame_has_its_number():
    assert newest_frame({"frame": {"number": 3, "jpeg": SENT}}) == (3, JPEG)


@pytest.mark.parametrize("state", [{}, {"frame": None}, {"frame": "x"}, {"frame": {"jpeg": SENT}}])
def test_before_the_first_frame_there_is_none(state):
    assert newest_frame(state) == (0, None)
