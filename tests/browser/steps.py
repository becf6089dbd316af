"""What is clicked before a picture of a page is taken, where its address alone does not show it."""

from collections.abc import Callable
from functools import partial

from core.web.train.forecasts_panel import TITLE as FORECASTS
from core.web.train.search_card import TITLE as SEARCH
from core.web.train.shortlist_card import TITLE as SHORTLIST
from tests.browser.conftest import Visit

PHONE = 640
"""Pixels of width from which on the navigation stands beside the page."""


def _press(visit: Visit, button: str) -> None:
    visit.page.get_by_role("button", name=button).first.click()
    visit.settle()


def _expand(visit: Visit, *titles: str) -> None:
    for title in titles:
        summary = visit.page.locator("summary", has_text=title).first
        if not summary.evaluate("element => element.closest('details').open"):
            summary.click()
            visit.settle()


def _tick_samples(visit: Visit, photos: int = 3) -> None:
    for place in range(photos):
        visit.page.locator("[class*='st-key-sample-'] label").nth(2 * place).click()
        said = f"{place + 1} photos:" if place else "Predicted:"
        visit.page.get_by_test_id("stMain").get_by_text(said).first.wait_for(timeout=60_000)
        visit.settle()


def _open_heat_map(visit: Visit) -> None:
    _tick_samples(visit, 1)
    _press(visit, "Probabilities")
    dialog = visit.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Heat map").click()
    dialog.get_by_text("speaks most for").wait_for(timeout=120_000)
    visit.settle()


def _tables_as_text(visit: Visit) -> None:
    """By the switch in the navigation, which a phone hides."""
    page = visit.page
    is_phone = page.evaluate("innerWidth") < PHONE
    if is_phone:
        page.get_by_test_id("stExpandSidebarButton").click()
        page.wait_for_timeout(1000)
    page.get_by_text("Tables as text").click()
    visit.settle()
    if is_phone:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
        page.wait_for_timeout(1000)


def _start_camera(visit: Visit) -> None:
    visit.page.get_by_text("Camera", exact=True).click()
    visit.page.get_by_role("button", name="Start camera").click()
    visit.page.locator(".st-key-live-answer .answer").first.wait_for()


STEPS: dict[str, Callable[[Visit], None]] = {
    "take-home": partial(_press, button="Take it home"),
    "import": lambda visit: _expand(visit, "Import photos"),
    "train-advice": lambda visit: _expand(visit, SHORTLIST, SEARCH, FORECASTS),
    "predict-photos": _tick_samples,
    "predict-camera": _start_camera,
    "predict-table": lambda visit: _expand(visit, "Many photos"),
    "predict-heat-map": _open_heat_map,
    "compare-text": _tables_as_text,
}
"""What is clicked before the picture is taken, where the address alone does not show it."""
