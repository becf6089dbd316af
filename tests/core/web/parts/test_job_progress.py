"""The bar of a job in the background and the button that stops it."""

from streamlit.testing.v1 import AppTest


def _page(stop_fails: bool, role: str) -> None:
    import streamlit as st

    from core.errors import NotFound
    from core.jobs.background import JobState
    from core.people.acting import Person, Role, acting_as
    from core.web.parts.job_progress import job_progress

    def stop() -> None:
        if stop_fails:
            raise NotFound("The dataset was deleted.")
        st.session_state.stopped = True

    with acting_as(Person(name="vera", role=Role(role))):
        job_progress(JobState(state="running", stage="Reading photos", done=3, total=12), stop, key="check")


def _opened(stop_fails: bool = False, role: str = "trainer") -> AppTest:
    return AppTest.from_function(_page, kwargs={"stop_fails": stop_fails, "role": role}).run()


def test_what_is_done_is_said_and_the_button_stops_it():
    page = _opened()
    (bar,) = page.get("progress")
    assert bar.proto.text == "Reading photos: 3 of 12" and bar.proto.value == 25
    page.button(key="check.cancel").click().run()
    assert page.session_state.stopped


def test_what_cannot_be_stopped_is_one_sentence():
    page = _opened(stop_fails=True)
    page.button(key="check.cancel").click().run()
    assert not page.exception and "The dataset was deleted" in page.error[0].value


def test_a_viewer_cannot_stop_it():
    button = _opened(role="viewer").button(key="check.cancel")
    assert button.disabled and "needs the role trainer" in button.help
