"""The shared pieces of pages, drawn by Streamlit's own test harness."""

import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.charts.styles import RUN_COLOURS
from core.runs.values import Status
from core.web.parts.thumbnails import thumbnail
from core.web.parts.widgets import STATUSES, status_text, status_word


def test_every_status_has_a_word_an_icon_and_a_colour_of_its_own():
    assert set(STATUSES) == set(Status)
    for part in zip(*STATUSES.values(), strict=True):
        assert len(set(part)) == len(Status)
    assert len({status_word(status)[0] for status in Status}) == len(Status)
    assert "Failed" in status_text(Status.FAILED)
    assert ":red" in status_text(Status.FAILED)


def test_an_error_for_a_person_is_one_sentence_and_the_page_goes_on():
    def script():
        import streamlit as st

        from core.errors import NotFound
        from core.web.parts.widgets import explained

        with explained():
            raise NotFound("There is no run r-*1*.")
        st.write("below")

    at = AppTest.from_function(script, default_timeout=30).run()
    assert [error.value for error in at.error] == [r"There is no run r\-\*1\*\."]
    assert at.markdown[-1].value == "below"


def test_a_mistake_of_ours_is_not_taken_for_one_of_the_users():
    def script():
        from core.web.parts.widgets import explained

        with explained():
            raise ZeroDivisionError("ours")

    at = AppTest.from_function(script, default_timeout=30).run()
    assert len(at.exception) == 1
    assert not at.error


def delete_page():
    import streamlit as st

    from core.web.parts.danger import confirm_danger

    def what():
        st.session_state["weighed"] = st.session_state.get("weighed", 0) + 1
        return "3 runs, 2 models, 148 MB"

    if confirm_danger("wipe", "Delete all", what):
        st.session_state["deleted"] = st.session_state.get("deleted", 0) + 1


def test_danger_needs_a_second_click_and_says_what_goes():
    at = AppTest.from_function(delete_page, default_timeout=30).run()
    assert "weighed" not in at.session_state
    at.button(key="wipe").click().run()
    assert any("148 MB" in text.value for text in at.markdown)
    assert "deleted" not in at.session_state
    at.button(key="wipe-yes").click().run()
    assert at.session_state["deleted"] == 1
    at.run()
    assert at.session_state["deleted"] == 1
    assert not any(button.key == "wipe-yes" for button in at.button)


def test_keeping_deletes_nothing():
    at = AppTest.from_function(delete_page, default_timeout=30).run()
    at.button(key="wipe").click().run()
    at.button(key="wipe-no").click().run()
    assert "deleted" not in at.session_state
    assert not any(button.key == "wipe-yes" for button in at.button)


def test_a_page_without_the_frame_shows_nothing():
    def script():
        import streamlit as st

        from core.web.parts.frame import require_frame

        require_frame()
        st.write("secret")

    at = AppTest.from_function(script, default_timeout=30).run()
    assert not at.exception
    assert [text.value for text in at.markdown] == []
    assert "inside Graft" in at.error[0].value


def test_names_with_markup_stay_text_in_a_chip():
    def script():
        from core.web.parts.widgets import run_chip
        from tests.factories import make_run

        run_chip(make_run(name="<img src=x onerror=alert(1)>"))

    at = AppTest.from_function(script, default_timeout=30).run()
    body = at.get("html")[0].proto.body
    assert "<img" not in body
    assert "&lt;img" in body


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64)])
def test_a_thumbnail_is_small_and_square(tmp_path, size):
    path = tmp_path / "photo.jpg"
    Image.new("RGB", size, "teal").save(path)
    data = thumbnail(path, 0.0)
    with Image.open(io.BytesIO(data)) as small:
        assert small.size == (192, 192)
    assert len(data) < 20_000


def test_photos_that_are_gone_are_left_out():
    def script():
        from pathlib import Path

        from core.web.parts.thumbnails import photo_strip

        photo_strip([Path("/nowhere/a.jpg")], ["a"])

    at = AppTest.from_function(script, default_timeout=30).run()
    assert not at.exception
    assert not at.get("imgs")


def luminance(colour: str) -> float:
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_accent_can_be_read(theme):
    import tomllib

    from core.settings import REPOSITORY

    colours = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text())["theme"][theme]
    for ground in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
        for ink in ("textColor", "primaryColor", "linkColor"):
            assert contrast(colours[ink], ground) >= 4.5, (ink, ground)


@pytest.mark.parametrize("colour", RUN_COLOURS)
def test_a_runs_colour_stands_out_on_both_grounds(colour):
    assert contrast(colour, "#FCFCFA") > 2.8
    assert contrast(colour, "#121614") > 2.8
