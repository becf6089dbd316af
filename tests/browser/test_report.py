"""The report in a browser: from a file, without a server and without any request."""

import pytest

from core.files.home import registry_file
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from core.workbench import Workbench
from tests.browser.conftest import new_context
from tests.factories import fill

HOSTILE = (
    "<img src=https://example.com/x onerror=\"document.title='hacked'\"></script>"
    "<script>document.title='hacked'</script>"
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of runs whose names, notes and classes contain markup."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    registry = Registry.open(registry_file(settings))
    filled = fill(registry, settings, runs=8, class_names=(f"a {HOSTILE}", "b", "c"), name=f"flowers {HOSTILE}")
    finished = filled.with_status(Status.FINISHED)
    for run in finished:
        registry.annotate(run.id, name=f"{run.id} {HOSTILE}", notes=HOSTILE, tags=["<b>new</b>"])
    path = settings.home / "report.html"
    path.write_text(Workbench(settings, registry).report([run.id for run in finished]))
    registry.close()
    return path


@pytest.fixture(scope="module", params=["light", "dark"])
def opened(browser, report, request):
    """The report, opened once: its charts are most of the time."""
    context = new_context(browser, viewport={"width": 390, "height": 844}, color_scheme=request.param)
    page = context.new_page()
    page.asked, page.complaints = [], []
    page.on("request", lambda asked: page.asked.append(asked.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(report.as_uri())
    yield page
    context.close()


def scroll_through(page):
    height = page.evaluate("document.documentElement.scrollHeight")
    for place in range(0, height, 700):
        page.evaluate(f"window.scrollTo(0, {place})")
        page.wait_for_timeout(60)


def test_every_chart_is_drawn_and_nothing_is_asked_for(opened, report):
    scroll_through(opened)
    opened.wait_for_function(
        "[...document.querySelectorAll('.chart')].every((node) => node.querySelector('svg.main-svg'))", timeout=60_000
    )
    outside = [url for url in opened.asked if not url.startswith(("data:", "blob:"))]
    assert outside == [report.as_uri()]
    assert opened.complaints == []


def test_markup_in_names_does_nothing(opened):
    scroll_through(opened)
    assert "hacked" not in opened.evaluate("document.title").replace(HOSTILE, "")
    assert opened.evaluate("document.querySelectorAll('img:not([src^=\"data:image/\"])').length") == 0


def test_it_fits_a_phone_and_text_can_be_read(opened):
    scroll_through(opened)
    assert opened.evaluate("document.documentElement.scrollWidth") == 390
    text, page = (opened.evaluate(f"getComputedStyle(document.body).{one}") for one in ("color", "backgroundColor"))
    light, dark = sorted(map(brightness, (text, page)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 7


def brightness(colour: str) -> float:
    """Relative luminance of ``rgb(r, g, b)`` (WCAG 2)."""
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_printed_it_has_every_chart_on_white_paper(opened, report):
    """Also those that were not scrolled to."""
    opened.goto(report.as_uri())
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.emulate_media(media="print")
    assert opened.evaluate(
        "[...document.querySelectorAll('.chart')].every((node) => node.querySelector('svg.main-svg'))"
    )
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
