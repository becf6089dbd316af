"""A page by keyboard: a walk with the Tab key, what it reaches, and what it misses."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import READY

SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")
MAIN = "[data-testid=stMain]"
MOST_STOPS = 300
"""Presses of the Tab key after which a page must have been left."""
PATIENCE_MS, _POLL_MS = 30_000, 100
_AT_ONCE, _DRAWN = 10, 10

BY_OTHER_KEYS = {
    "[data-testid=stSelectbox] button[tabindex='-1']": "the arrow of a box: the Down key opens it",
    "[data-testid=stMultiSelect] button[tabindex='-1']": "the arrow: Down; what is chosen: Backspace removes it",
    "[data-testid^=stNumberInputStep]": "the steps of a number: the Up and Down keys",
    "[data-testid=stDataFrame] canvas:not([data-testid=data-grid-canvas])": "the shadow of a table's head, no action",
}
"""Of Streamlit's widgets, what the Tab key leaves out because other keys do the same."""


@dataclass(frozen=True)
class Walk:
    """Names of elements.

    Args:
        reached: in the order of the walk. missed: actions that the walk did not reach. ringless: look the same with and
            without the focus. back: steps that led upwards, against the order in which the page is read.
    """

    reached: list[str]
    missed: list[str]
    ringless: list[str]
    back: list[str]

    @property
    def faults(self) -> list[str]:
        named = {"not reached": self.missed, "no visible focus": self.ringless, "against the order": self.back}
        return [f"{fault}: {name}" for fault, names in named.items() for name in names]


def walk(page: Page, start: str = MAIN) -> Walk:
    """Presses Tab from an element (a selector) to the end of the page; fails where the focus does not get there."""
    page.wait_for_selector(start, state="attached")
    wait_until_drawn(page)
    page.evaluate("(start) => graftKeys.begin(start)", start)
    for _ in range(MOST_STOPS // _AT_ONCE):
        for _ in range(_AT_ONCE):
            page.keyboard.press("Tab")
        if page.evaluate("graftKeys.isRound()"):
            return Walk(**page.evaluate("(others) => graftKeys.found(others)", list(BY_OTHER_KEYS)))
    raise AssertionError(f"The focus does not leave the page; it is at {where(page)}.")


def wait_until_drawn(page: Page) -> None:
    """Until the page has had the same number of actions for a second: what is drawn later cannot be reached, and
    closes the menu that is open."""
    page.evaluate(SCRIPT)
    counts: list[int] = []
    for _ in range(PATIENCE_MS // _POLL_MS):
        counts.append(page.evaluate("graftKeys.drawn()"))
        if counts[-1] > 0 and counts[-_DRAWN:] == [counts[-1]] * _DRAWN:
            return
        page.wait_for_timeout(_POLL_MS)
    raise AssertionError(f"The page is not drawn after {PATIENCE_MS / 1000:g} s; its actions: {counts[-5:]}.")


def where(page: Page) -> str:
    """The element that has the focus; "" for none."""
    page.evaluate(SCRIPT)
    return str(page.evaluate("graftKeys.where()") or "")


def expect_focus(page: Page, name: str) -> None:
    """Waits until an element of this name (part of it) has the focus; the page's CSP lets no script of a test wait."""
    for _ in range(PATIENCE_MS // _POLL_MS):
        if name in where(page):
            return
        page.wait_for_timeout(_POLL_MS)
    raise AssertionError(f"{name!r} does not get the focus; it is at {where(page)}.")


def tab_to(page: Page, name: str, *, key: str = "Tab") -> None:
    """Presses Tab until an element of this name (part of it) has the focus."""
    page.wait_for_selector(READY)
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if name in where(page):
            return
    raise AssertionError(f"{name!r} does not get the focus; it is at {where(page)}.")
