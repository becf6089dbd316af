"""Predict in a browser: photos from the wall of samples, from anywhere on the page, and from the camera."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.settings import REPOSITORY
from tests.browser.conftest import (
    FAKE_CAMERA,
    FLAGS,
    Server,
    Visit,
    chromium,
    fill_home,
    new_context,
    start_server,
    stop_server,
    visit_with,
)
from tests.browser.test_accessibility import problems
from tests.factories import tiny_jpeg

ANSWERING = f"""
import runpy, sys
sys.path.insert(0, {str(REPOSITORY)!r})
from core.models.predict import ClassProbability, PhotoPredictions, Prediction
from core.workbench import Workbench

def predict(self, references, photos, *, top=5, confidence=0.95):
    classes = tuple(ClassProbability(class_name=name, probability=p) for name, p in (("rose", 0.8), ("tulip", 0.2)))
    made = tuple(Prediction(run_id=one, title="", classes=classes, milliseconds=8.0) for one in references)
    content = lambda given: getattr(given, "jpeg", given)
    return [PhotoPredictions(name=n, jpeg=content(data), width=9, height=9, predictions=made) for n, data in photos]

Workbench.predict = predict
runpy.run_path({str(REPOSITORY / "app.py")!r}, run_name="__main__")
"""
"""The models of a generated home cannot predict: here they all answer "rose"."""


@pytest.fixture(scope="module")
def answering_server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("answering")
    fill_home(folder / "home")
    script = folder / "answering.py"
    script.write_text(ANSWERING)
    server = start_server(folder / "home", folder / "server.log", script)
    yield server
    stop_server(server)


@pytest.fixture
def visit(tab, answering_server, request) -> Iterator[Visit]:
    with tab.lent(answering_server, request.node) as visit:
        yield visit


def first_line(page: Page):
    return page.get_by_test_id("stMain").get_by_test_id("stCaptionContainer").first


def test_a_click_on_a_test_photo_answers_it_and_a_click_on_the_answer_opens_the_bars(visit):
    page = visit.open("/predict?view=wall")
    picture = page.locator('[class*="st-key-sample-"] img').first.bounding_box()
    page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    expect(first_line(page)).to_have_text("Predicted: rose.")
    answer = page.locator('[class*="st-key-photo-"] strong')
    expect(answer).to_have_text("rose")
    assert problems(page) == []
    answer.scroll_into_view_if_needed()
    place = answer.bounding_box()
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    expect(page.get_by_role("dialog").get_by_text("tulip · 20.0 %")).to_be_visible()
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_ticks_a_test_photo_and_opens_the_bars(visit):
    page = visit.open("/predict")
    page.get_by_role("checkbox", name="daisy").first.focus()
    page.keyboard.press("Space")
    expect(first_line(page)).to_have_text("Predicted: rose.")
    page.get_by_role("button", name="Probabilities").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("tulip · 20.0 %")).to_be_visible()


GIVE = """([name, encoded, kind, target]) => {
  const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: 'image/jpeg' }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === 'paste'
    ? new ClipboardEvent('paste', { ...options, clipboardData: transfer })
    : new DragEvent(kind, { ...options, dataTransfer: transfer });
  return !document.querySelector(target).dispatchEvent(event);
}"""


OPEN_AND_GIVE = f"""async (given) => {{
  document.querySelector('a[href$="/predict"]').click();
  while (!location.pathname.endsWith('/predict')) await new Promise(requestAnimationFrame);
  return ({GIVE})(given);
}}"""
"""``GIVE`` in the moment in which the page Predict is opened."""


def drag_over(page: Page) -> None:
    """Drag a file over the title until the page shows that it may be dropped; the script comes after the page."""
    page.wait_for_function(
        f"""() => {{ ({GIVE})(['mine.jpg', '', 'dragover', 'h1']);
        return document.documentElement.classList.contains('graft-dropping'); }}"""
    )


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_is_dropped_anywhere_or_pasted(visit, kind):
    page = visit.open("/predict?view=wall")
    drag_over(page)
    encoded = base64.b64encode(tiny_jpeg(0, 1)).decode()
    prevented = page.evaluate(GIVE, ["mine.jpg", encoded, kind, "h1"])
    assert prevented or kind == "paste", "the browser would open the file instead"
    expect(first_line(page)).to_have_text("Predicted: rose.")
    expect(page.locator('[class*="st-key-photo-"]')).to_contain_text("mine.jpg")


SCRIPTS = "**/static/js/*.js"
"""Streamlit's, without which nothing is drawn."""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_photo_that_is_dropped_as_soon_as_the_document_is_there_is_predicted(visit, kind):
    held = []  # on a busy machine the page would be drawn before the test goes on
    visit.page.route(SCRIPTS, lambda route: held.append(route))
    visit.page.goto(f"{visit.server.url}/predict?view=wall", wait_until="commit")
    visit.page.wait_for_selector("body", state="attached")
    encoded = base64.b64encode(tiny_jpeg(0, 1)).decode()
    prevented = visit.page.evaluate(GIVE, ["early.jpg", encoded, kind, "body"])
    titles = visit.page.locator("h1").count()
    visit.page.unroute(SCRIPTS)  # which lets them go on
    assert held and titles == 0, "nothing is drawn yet"
    assert prevented or kind == "paste", "the browser would open the file instead"
    expect(first_line(visit.page)).to_have_text("Predicted: rose.")
    expect(visit.page.locator('[class*="st-key-photo-"]')).to_contain_text("early.jpg")
    assert visit.complaints == []


def test_another_page_takes_no_photos_and_predict_takes_them_as_soon_as_it_is_opened_again(visit):
    page = visit.open("/predict?view=wall")
    drag_over(page)
    page.get_by_role("link", name="Runs").first.click()  # a page without a file box of its own
    page.wait_for_url("**/runs")
    visit.settle()
    assert not page.evaluate("document.documentElement.classList.contains('graft-dropping')")
    assert not page.evaluate(GIVE, ["mine.jpg", "", "dragover", "h1"])
    encoded = base64.b64encode(tiny_jpeg(0, 1)).decode()
    assert page.evaluate(OPEN_AND_GIVE, ["mine.jpg", encoded, "drop", "body"]), (
        "the browser would open the file instead"
    )
    expect(first_line(page)).to_have_text("Predicted: rose.")


def test_without_a_camera_one_sentence_says_so(visit):
    page = visit.open("/predict")
    page.get_by_text("Camera", exact=True).click()
    page.get_by_role("button", name="Start camera").click()
    problem = page.locator(".camera .problem")
    expect(problem).to_contain_text("drop photos instead")
    assert problem.inner_text().count(".") == 2
    expect(page.get_by_role("button", name="Start camera")).to_be_visible()


@pytest.fixture
def camera_visit(browser, answering_server) -> Iterator[Visit]:
    """A visit by a browser whose camera shows a moving test picture."""
    other = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *FAKE_CAMERA])
    yield visit_with(new_context(other), answering_server)
    other.close()


def test_the_camera_is_answered_live_and_a_frame_can_be_kept(camera_visit):
    page = camera_visit.open("/predict?view=wall")
    page.get_by_text("Camera", exact=True).click()
    page.get_by_role("button", name="Start camera").click()
    answer = page.locator(".st-key-live-answer strong")
    expect(answer).to_have_text("rose")
    assert frames_in(page, 5000) >= 4
    page.get_by_role("button", name="Keep this frame").click()
    expect(page.locator('[class*="st-key-photo-"]')).to_contain_text("camera 1.jpg")
    expect(answer).to_be_visible()
    assert frames_in(page, 3000) >= 2, "the camera goes on"
    page.get_by_role("button", name="Stop camera").click()
    page.wait_for_timeout(1000)
    assert frames_in(page, 2000) == 0
    assert camera_visit.complaints == [] and camera_visit.outside == []


COUNT = """() => {
  window.sent = 0;
  const canvas = CanvasRenderingContext2D.prototype;
  window.draw ??= canvas.drawImage;
  canvas.drawImage = function (...all) { window.sent += 1; return window.draw.apply(this, all); };
}"""


def frames_in(page: Page, milliseconds: int) -> int:
    """How many frames the page takes of the camera."""
    page.evaluate(COUNT)
    page.wait_for_timeout(milliseconds)
    return page.evaluate("window.sent")


def test_photos_that_are_dropped_while_a_model_is_added_are_all_predicted(visit):
    page = visit.open("/predict?view=side-by-side")
    drag_over(page)
    drop(page, 1)
    expect(first_line(page)).to_have_text("Predicted: rose.")
    box = page.get_by_role("combobox", name="Models")
    box.click()
    page.get_by_role("option").first.click()
    for number in range(2, 41):  # each file that has arrived makes the page begin anew
        drop(page, number)
        page.wait_for_timeout(20)
    page.keyboard.press("Escape")
    expect(first_line(page)).to_have_text("40 photos, 2 models: agree on all.")
    expect(page.locator('[class*="st-key-row-"]')).to_have_count(10)  # of a page
    expect(page.get_by_text("agrees")).to_have_count(20)
    assert problems(page) == []
    assert visit.complaints == [] and visit.outside == []


def drop(page: Page, number: int) -> None:
    """A photo of its own content, anywhere on the page."""
    page.evaluate(GIVE, [f"{number}.jpg", base64.b64encode(tiny_jpeg(0, number)).decode(), "drop", "h1"])
