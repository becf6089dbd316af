"""One browser for all tests of the folder: Playwright starts once in a process."""

from tests.browser.conftest import browser

__all__ = ["browser"]
