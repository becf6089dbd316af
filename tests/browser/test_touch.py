"""On touch screens, controls that elsewhere appear on hover are always visible and cover nothing."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, new_context, visit_with

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

COVERED = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const seen = e => e.checkVisibility({ opacityProperty: true }) && e.getBoundingClientRect().height > 0;
  const tools = [...main.querySelectorAll('[data-testid=stElementToolbar], .modebar')].filter(seen);
  const things = [...main.querySelectorAll('button, label, h1, h2, h3, p, canvas, .main-svg')];
  const apart = (a, b) => a.bottom <= b.top + 1 || b.bottom <= a.top + 1 || a.right <= b.left || b.right <= a.left;
  const covered = tool => {
    tool.scrollIntoView({ block: 'center' });  // away from the bar that stays at the foot of the page
    return things.filter(thing => seen(thing) && !tool.contains(thing) && !thing.closest('.modebar')
      && !apart(tool.getBoundingClientRect(), thing.getBoundingClientRect()));
  };
  return [tools.length, tools.flatMap(covered).map(thing => `${thing.tagName} ${thing.textContent.slice(0, 40)}`)];
}"""
"""The number of toolbars, and what one of them covers."""


@pytest.fixture(scope="module")
def phone(browser, filled_server) -> Iterator[Visit]:
    """One page for all tests: another one would compile all scripts again."""
    with new_context(browser, **PHONE) as context:
        yield visit_with(context, filled_server)


PAGES = ("/train?start=quick", "/runs", "/datasets?dataset=flowers", "/compare?view=confusion")


@pytest.mark.parametrize("path", PAGES)
def test_the_tools_of_tables_and_charts_cover_nothing_that_can_be_read_or_touched(phone, path):
    page = phone.open(path)
    page.wait_for_function(f"() => ({COVERED})()[0]", timeout=60_000)
    page.wait_for_timeout(1000)  # what is drawn last moves what is above it
    assert page.wait_for_function(
        f"() => {{ const [rows, covered] = ({COVERED})(); return rows && [covered] }}", timeout=60_000
    ).json_value() == [[]]


def test_a_phone_says_so_and_gets_the_accuracy_beside_the_name(phone):
    """The table itself is painted; what is read aloud of it stands in the page."""
    page = phone.open("/runs")
    heads = page.get_by_test_id("stDataFrame").last.locator("canvas th")
    for place, words in enumerate(("Run", "Test accuracy")):
        expect(heads.nth(place)).to_have_text(words)


def test_what_waits_has_its_buttons_in_one_row(phone):
    page = phone.open("/runs")
    row = page.locator('[class*="st-key-waiting-"]').first
    row.wait_for(timeout=60_000)
    earlier, cancel = (row.get_by_role("button", name=name).bounding_box() for name in ("Start earlier", "Cancel"))
    assert earlier and cancel and abs(earlier["y"] - cancel["y"]) < earlier["height"]


def test_a_finger_scrolls_the_page_over_a_chart_and_a_tap_opens_the_photos_of_a_cell(phone):
    page = phone.open("/compare?view=confusion")
    cell = page.locator(".st-key-compare-confusion-a .scatterlayer .textpoint text").first
    cell.wait_for(timeout=60_000)
    before = in_the_middle(page, cell)
    swipe(page, before, up=150)
    page.wait_for_timeout(500)  # it may glide on
    after = cell.bounding_box()
    assert before["y"] - after["y"] > 75, "the page has not moved with the finger"
    page.touchscreen.tap(after["x"] + after["width"] / 2, after["y"] + after["height"] / 2)
    expect(page).to_have_url(re.compile(r"cell="), timeout=30_000)


def in_the_middle(page, cell) -> dict:
    """The place of ``cell`` once it is scrolled to and stays there: what is drawn late above it moves it away again."""
    height, last = page.viewport_size["height"], None
    for _ in range(60):
        cell.evaluate("cell => cell.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(500)
        box = cell.bounding_box()
        if box and box == last and 0 < box["y"] < height:
            return box
        last = box
    raise AssertionError(f"the cell does not stay in the middle of the screen. It was at {last}")


def swipe(page, box: dict, *, up: int) -> None:
    """A finger goes down in the middle of ``box``, moves ``up`` pixels, and is lifted."""
    fingers, x, y = page.context.new_cdp_session(page), box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    places = [y - moved for moved in range(0, up + 1, 10)]
    for kind, place in zip(["touchStart", *["touchMove"] * (len(places) - 1)], places, strict=True):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": place}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
