"""Compare in a real browser: a click on a confusion cell opens its photos, and the link shows the same again."""

import re

from playwright.sync_api import Page, expect

from tests.jobs_home import eventually

PATIENT = 30_000


def test_a_click_on_a_cell_opens_its_photos_with_both_answers_and_the_link_keeps_it(filled_visit):
    page = filled_visit.open("/compare?view=confusion")
    expect(page.get_by_role("heading", name="Which classes are confused?")).to_be_visible(timeout=PATIENT)
    _click_a_cell(page, "compare-confusion-a", place=1)
    expect(page).to_have_url(re.compile(r"cell="), timeout=PATIENT)
    filled_visit.settle()
    words = _chosen_cell(page)
    photos = _photos(page)
    assert photos and all(re.search(r", A: .+\s%.*, B: .+\s%", alt) for alt in photos)

    first = page.url
    _click_a_cell(page, "compare-confusion-b", place=2)
    expect(page).not_to_have_url(first, timeout=PATIENT)
    expect(page.get_by_role("combobox", name="Photos of a cell")).not_to_have_value(words, timeout=PATIENT)
    filled_visit.settle()
    address, words, photos = page.url, _chosen_cell(page), _photos(page)

    filled_visit.open(_copied_link(page).removeprefix(filled_visit.server.url))
    expect(page.get_by_role("combobox", name="Photos of a cell")).to_have_value(words, timeout=PATIENT)
    eventually(lambda: _photos(page) == photos, "the link shows the same photos")
    assert page.url == address
    assert page.get_by_test_id("stException").count() == 0
    assert filled_visit.outside == [] and filled_visit.complaints == []


def _click_a_cell(page: Page, chart: str, *, place: int) -> None:
    """A mouse click in the middle of the cell with the number at ``place``."""
    number = page.locator(f".st-key-{chart} .scatterlayer .textpoint text").nth(place)
    number.scroll_into_view_if_needed(timeout=PATIENT)
    number.element_handle().wait_for_element_state("stable", timeout=PATIENT)
    box = number.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    page.locator(f".st-key-{chart} .hoverlayer .hovertext").first.wait_for(timeout=PATIENT)  # Plotly knows the cell
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _copied_link(page: Page) -> str:
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Copy link").click()
    dialog = page.get_by_role("dialog")
    link = dialog.locator("code").inner_text(timeout=PATIENT)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog.get_by_test_id("stCode").hover()
    dialog.get_by_role("button", name="Copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.keyboard.press("Escape")
    return link


def _chosen_cell(page: Page) -> str:
    return page.get_by_role("combobox", name="Photos of a cell").input_value()


def _photos(page: Page) -> list[str]:
    pictures = page.get_by_test_id("stMain").locator("img[alt*=', B: ']")
    pictures.first.wait_for(timeout=PATIENT)
    return [pictures.nth(place).get_attribute("alt") for place in range(pictures.count())]


def test_the_leaderboard_and_the_whole_chart_beside_it_are_seen_without_scrolling(filled_visit):
    page = filled_visit.open("/compare")
    assert page.viewport_size == {"width": 1440, "height": 900}
    expect(page.locator('[data-testid="stPlotlyChart"] .xtitle').first).to_be_in_viewport(ratio=1)
    table, chart = (page.get_by_test_id(name).first for name in ("stDataFrame", "stPlotlyChart"))
    left, right = table.bounding_box(), chart.bounding_box()
    assert left and right and left["x"] + left["width"] < right["x"] and left["y"] < 600
