"""Everything by keyboard: Tab, Shift and Tab, Enter, Space, Escape and the arrow keys.

What is done by a click in a picture has another way on the page. Charts are drawn by Plotly, which takes no keys: a
cell of a confusion matrix and a photo of the map are chosen in a box beside them, a run of a chart as *A* of *Head to
head*, a backbone under its table. Buttons in the cells of a table are drawn on Streamlit's canvas and take none either:
a ticked run has a link, a backbone is chosen in the box. Labelling by keyboard is in ``test_label.py``.
"""

import re

from playwright.sync_api import expect

from tests.browser.conftest import visit_with
from tests.browser.keyboard import SCRIPT, expect_focus, tab_to, wait_until_drawn, walk, where
from tests.browser.test_accessibility import PAGES, address_of


def test_the_tab_key_reaches_every_action_of_a_grid_in_order_and_shows_where_it_is(filled_visit):
    """Of every other page and view: ``test_accessibility.py``."""
    found = walk(filled_visit.open(address_of("train-custom", filled_visit.server)))
    assert not found.faults, "\n".join(found.faults)


def test_the_navigation_and_the_way_back(context, filled_server):
    """From the link to the content through all pages; Shift and Tab goes the same way back. The tab has
    shown nothing before."""
    page = visit_with(context, filled_server).open("/machines")
    found = walk(page, "[data-testid=stSkipToContent]")
    assert not found.faults, "\n".join(found.faults)
    assert [name for name in PAGES if name not in ("people",)] == [
        name for name in PAGES if any(f'{name.capitalize()}"' in one or _title(name) in one for one in found.reached)
    ]
    page.evaluate("graftKeys.begin('[data-testid=stSkipToContent]')")
    page.keyboard.press("Shift+Tab")
    there = []
    for _ in range(len(found.reached)):
        there.append(where(page))
        page.keyboard.press("Shift+Tab")
    assert [one for one in there if one in found.reached][::-1] == found.reached


def _title(name: str) -> str:
    return {"access": ' API"', "audit": 'Audit log"'}.get(name, f' {name.capitalize()}"')


def test_what_cannot_be_reached_or_seen_is_found(filled_visit):
    page = filled_visit.open("/machines")
    page.evaluate(
        """() => document.querySelector('[data-testid=stMain]').insertAdjacentHTML('beforeend',
        '<a href=x tabindex=-1>never</a><button style="outline:none">unseen</button>')"""
    )
    found = walk(page)
    assert [fault.partition(" (")[0] for fault in found.faults] == [
        'not reached: a "never" ', 'no visible focus: button "unseen" ',
    ]  # fmt: skip


def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(filled_visit):
    page = filled_visit.open(address_of("run", filled_visit.server))
    tab_to(page, "Delete weights")
    opener = where(page)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_visible()
    expect_focus(page, "stDialog")
    inside = "document.querySelector('[role=dialog]').contains(document.activeElement)"
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(inside), where(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect_focus(page, opener)


def test_menus_and_boxes_open_and_close_by_keyboard(filled_visit):
    page = filled_visit.open(address_of("compare-pairs", filled_visit.server))
    wait_until_drawn(page)
    tab_to(page, "More")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Copy link").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menuitem")).to_have_count(0)
    expect_focus(page, "stMenuButtonButton")
    tab_to(page, "Filter")
    page.keyboard.press("Enter")
    page.get_by_test_id("stPopoverBody").wait_for()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect_focus(page, "Filter")
    tab_to(page, "st-key-compare-a ")
    before = page.get_by_role("combobox", name="A", exact=True).input_value()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("[?&]a=r-"))
    assert page.get_by_role("combobox", name="A", exact=True).input_value() != before


def test_arrow_keys_choose_in_a_group(filled_visit):
    page = filled_visit.open("/train")
    tab_to(page, "Quick")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Thorough")).to_be_focused()
    page.keyboard.press("Space")
    page.wait_for_url(re.compile("start=thorough"))


def test_rows_of_a_table_are_ticked_by_keyboard(filled_visit):
    page = filled_visit.open("/compare")
    tab_to(page, "st-key-compare-table (data-grid-canvas")
    page.keyboard.press("ArrowDown")
    page.locator("td[aria-selected=true]").wait_for(state="attached")
    page.keyboard.press("Shift+Space")
    page.wait_for_url(re.compile("runs=r-"))
    page.keyboard.press("Shift+Space")
    expect(page).not_to_have_url(re.compile("runs=r-"))
    tab_to(page, "stDataFrame", key="Shift+Tab")  # no trap: out of the table again
    tab_to(page, "st-key-compare-settings", key="Shift+Tab")


def test_a_page_whose_script_still_runs_is_not_walked_yet(filled_visit):
    """On a busy machine a chart takes the server seconds, and what stands there meanwhile does not change."""
    page = filled_visit.open("/machines")
    page.evaluate(SCRIPT)
    assert page.evaluate("graftKeys.drawn()") > 0
    page.evaluate("document.querySelector('[data-testid=stApp]').dataset.testScriptState = 'running'")
    assert page.evaluate("graftKeys.drawn()") == -1


def test_the_script_can_be_given_twice(filled_visit):
    page = filled_visit.open("/machines")
    page.evaluate(SCRIPT)
    page.evaluate("graftKeys.mark = 1")
    page.evaluate(SCRIPT)
    assert page.evaluate("graftKeys.mark") == 1
