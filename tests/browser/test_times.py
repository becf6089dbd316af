"""Times in the time zone of the browser, with the exact one on hover and for screen readers."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import new_context, visit_with


@pytest.mark.parametrize(("zone", "names"), [("America/New_York", ("EST", "EDT")), ("Asia/Tokyo", ("JST",))])
def test_a_time_is_that_of_the_visitor(browser, filled_server, zone, names):
    with new_context(browser, timezone_id=zone) as context:
        page = visit_with(context, filled_server).open("/datasets?dataset=flowers")
        shown = page.locator("time").first
        expect(shown).to_contain_text("ago")
        exact = shown.get_attribute("title")
        assert exact.endswith(names)
        aloud = shown.locator(".read-aloud")
        assert aloud.text_content() == f" ({exact})"
        page.wait_for_function("document.querySelector('.read-aloud').getBoundingClientRect().width <= 1")
        assert "UTC" not in page.locator('[data-testid="stMain"]').inner_text()
