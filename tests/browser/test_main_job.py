"""The main workflow in a browser with real photos, and recovery after ``kill -9``."""

import os
import re
import signal
import time
import zipfile
from base64 import b64encode

import pytest
from playwright.sync_api import Page, expect

from core.datasets import DEMO_ARCHIVE
from core.jobs import stop_supervisor
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe
from core.runs.values import Run
from core.workbench import Workbench
from tests.browser.conftest import end_server, start_server, visit_with
from tests.browser.test_accessibility import problems
from tests.browser.test_predict import GIVE, drag_over
from tests.choices import launch

LONG = 600_000
"""Milliseconds; a busy machine starts TensorFlow and exports a network slowly."""
PATIENT = 60_000

pytestmark = pytest.mark.timeout(1800)


def test_a_newcomer_imports_trains_compares_and_predicts_without_the_readme(visit):
    page = visit.open("/")
    _import_the_demo(page)
    _launch_quick(page)
    _watch_until_compare_opens(page)
    _read_the_comparison(page)
    _ask_about_two_photos(page)
    _take_onnx_home(page)
    assert page.get_by_test_id("stException").count() == 0
    assert visit.outside == [] and visit.complaints == []


def _import_the_demo(page: Page) -> None:
    page.get_by_role("button", name="Try it with the demo photos").click()
    page.get_by_text("is imported").wait_for(timeout=LONG)
    page.get_by_role("button", name="Train on this dataset").click()


def _launch_quick(page: Page) -> None:
    """Nothing is typed: Quick is chosen, and the bar with the button is in sight."""
    first_line = page.get_by_test_id("stMain").get_by_test_id("stCaptionContainer").first
    expect(first_line).to_contain_text("Plan: 3 runs, about", timeout=PATIENT)
    expect(page.get_by_role("radio", name="Quick")).to_be_checked()
    launch = page.get_by_role("button", name="Launch 3 runs")
    expect(launch).to_be_in_viewport()
    launch.click()
    expect(page).to_have_url(re.compile(r"/runs\?runs="), timeout=PATIENT)


def _watch_until_compare_opens(page: Page) -> None:
    """The runs show their progress, and the comparison opens without any interaction."""
    expect(page.get_by_text("pretrained classifier").first).to_be_visible(timeout=PATIENT)
    page.get_by_text(re.compile("Computing features|Training|Loading|Saving")).first.wait_for(timeout=LONG)
    page.get_by_role("heading", name="Compare", exact=True).wait_for(timeout=LONG)


def _read_the_comparison(page: Page) -> None:
    """The first sentence recommends a run, and its model can be used at once."""
    verdict = page.get_by_test_id("stMain").get_by_role("heading", level=2).first
    expect(verdict).to_contain_text(re.compile(r"\b[Uu]se Lite0 · "), timeout=PATIENT)
    expect(page.get_by_role("button", name="Predict with it")).to_be_visible()
    expect(page.get_by_role("heading", name="Leaderboard")).to_be_visible()
    page.get_by_role("radio", name="Quality").click()
    page.get_by_role("radio", name="Confusion").click()
    expect(page.get_by_role("combobox", name="Photos of a cell")).to_be_visible(timeout=PATIENT)


def _ask_about_two_photos(page: Page) -> None:
    """Both are dropped on the page, a second model answers too, and one says where it saw what it predicts."""
    page.get_by_role("link", name="Predict", exact=True).click()
    page.get_by_text("Many photos: a ZIP or a folder").wait_for(timeout=PATIENT)  # the page is complete
    drag_over(page)
    for number, photo in enumerate(_two_demo_photos(), start=1):
        page.evaluate(GIVE, [f"mine {number}.jpg", b64encode(photo).decode(), "drop", "h1"])
    expect(page.get_by_text(re.compile("^2 photos: "))).to_be_visible(timeout=PATIENT)
    page.get_by_role("combobox", name="Models").click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    expect(page.get_by_text(re.compile("^2 photos, [23] models: agree on "))).to_be_visible(timeout=PATIENT)
    expect(page.locator('[class*="st-key-row-"]')).to_have_count(2)
    _look_at_the_heat_map(page)


def _look_at_the_heat_map(page: Page) -> None:
    page.get_by_role("button", name="Probabilities").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Heat map").first.click(timeout=PATIENT)
    expect(dialog.get_by_role("img", name="heat map for")).to_be_visible(timeout=LONG)
    expect(dialog.get_by_text("with the hottest fifth hidden")).to_be_visible()
    expect(dialog.get_by_role("slider", name="Opacity")).to_be_visible()
    assert problems(page) == []
    dialog.get_by_role("combobox", name="Class").click()
    page.get_by_role("option", name="tool").click()
    expect(dialog.get_by_role("img", name="heat map for tool")).to_be_visible(timeout=PATIENT)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def _take_onnx_home(page: Page) -> None:
    """The recommended model becomes an ONNX file that was checked, and is downloaded with all that runs it."""
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("button", name="Take it home").first.click(timeout=PATIENT)
    onnx = page.get_by_role("dialog").locator('[class*="st-key-export-row-onnx"]')
    onnx.get_by_role("button", name="Prepare").click(timeout=PATIENT)
    onnx.get_by_text("largest difference of a probability").wait_for(timeout=LONG)
    with page.expect_download(timeout=PATIENT) as download:
        onnx.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = {name.split("/")[1] for name in archive.namelist()}
    assert {"model.onnx", "predict.py", "README.md", "requirements.txt", "Dockerfile", "SHA256SUMS"} <= names
    page.keyboard.press("Escape")


def _two_demo_photos() -> list[bytes]:
    """Real photos of two classes."""
    with zipfile.ZipFile(DEMO_ARCHIVE) as archive:
        by_class = {name.split("/")[-2]: name for name in sorted(archive.namelist()) if name.lower().endswith(".jpg")}
        return [archive.read(by_class[name]) for name in ("animal", "monument")]


@pytest.fixture
def killed_home(tmp_path):
    """A home with the demo photos; processes that still run in it are ended afterwards."""
    from core.settings import Settings

    bench = Workbench.open(Settings(home=tmp_path / "home"))
    bench.import_photos("demo")
    yield bench
    stop_supervisor(bench.settings, now=True)
    bench.registry.close()


def test_a_run_survives_the_web_server_and_its_trainer_and_can_be_paused(killed_home, context, tmp_path):
    bench = killed_home
    server = start_server(bench.settings.home, tmp_path / "server.log")
    run = _launch_a_long_run(bench)
    page = visit_with(context, server).open(f"/runs?run={run.id}")
    _wait(lambda: bench.registry.run(run.id).epochs_done >= 2, "two epochs")
    page.get_by_test_id("stProgress").get_by_text(re.compile("Training: ")).wait_for(timeout=PATIENT)

    server.process.kill()
    server.process.wait()
    reached = bench.registry.run(run.id).epochs_done
    _wait(lambda: bench.registry.run(run.id).epochs_done > reached, "the run to go on without the web server")

    server = start_server(bench.settings.home, tmp_path / "server.log")
    try:
        page = visit_with(context, server).open(f"/runs?run={run.id}")
        page.get_by_test_id("stProgress").get_by_text(re.compile("Training: ")).wait_for(timeout=PATIENT)
        _kill_the_trainer(bench, run)
        _wait(lambda: len(bench.registry.attempts(run.id)) == 2, "the killed run to start again")
        done = bench.registry.attempts(run.id)[1].first_epoch
        assert done > reached
        _wait(lambda: bench.registry.run(run.id).epochs_done > done, "the run to go on")
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("menuitem", name="Pause now").click()
        page.get_by_text("Stopped").first.wait_for(timeout=PATIENT)
        assert [attempt.number for attempt in bench.registry.attempts(run.id)] == [1, 2]
    finally:
        end_server(server)


def _launch_a_long_run(bench: Workbench) -> Run:
    recipe = Recipe(backbone="efficientnet_lite0", hyperparameters=Hyperparameters(epochs=10_000, batch_size=16))
    return launch(bench, bench.registry.datasets()[0].id, [recipe])[0][1]


def _kill_the_trainer(bench: Workbench, run: Run) -> None:
    attempt = bench.registry.attempts(run.id)[-1]
    process = bench.registry.process(run.id, attempt.number)
    os.kill(process["pid"], signal.SIGKILL)


def _wait(condition, what: str, seconds: float = LONG / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"Waited {seconds:.0f} s for {what}."
        time.sleep(0.3)
