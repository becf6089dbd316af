"""TensorBoard on the page Board: chosen runs only, light and dark mode, below the path of a proxy."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from core.files.home import dataset_folder, registry_file, run_folder
from core.models.projector import projector_files
from core.registry import Registry
from core.runs.predictions import read_predictions
from core.runs.values import Run, Status
from core.settings import Settings
from tests.browser.conftest import (
    FONTS,
    Server,
    Visit,
    chromium,
    fill_home,
    new_context,
    start_server,
    stop_server,
    visit_with,
)
from tests.browser.proxy import stripping_proxy

FRAME = 'iframe[title="TensorBoard"]'
WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")


@pytest.fixture(scope="module")
def below_a_path(tmp_path_factory) -> Iterator[Server]:
    """A filled server at ``/graft`` of its port: what works there works at the root too."""
    folder = tmp_path_factory.mktemp("board")
    fill_home(folder / "home")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRAFT_BASE_PATH", "graft")
        server = start_server(folder / "home", folder / "server.log")
    yield replace(server, url=f"{server.url}/graft")
    stop_server(server)


@pytest.fixture
def at_board(tab, below_a_path, request) -> Iterator[Visit]:
    with tab.lent(below_a_path, request.node) as visit:
        yield visit


@pytest.fixture(scope="module")
def finished(below_a_path) -> list[Run]:
    """Two finished runs with figures, the first with a map of its test photos."""
    settings = below_a_path.settings
    registry = Registry.open(registry_file(settings))
    runs = [run for run in registry.runs() if run.status is Status.FINISHED]
    write_map(runs[0], registry, settings)
    registry.close()
    return runs


def write_map(run: Run, registry: Registry, settings: Settings) -> None:
    predictions, dataset = read_predictions(run.id, "test", settings), registry.dataset(run.dataset_id)
    photos = dataset_folder(settings, dataset.id).path / "photos"
    projector_files(
        run_folder(settings, run.id).path / "tensorboard",
        vectors=predictions.probabilities,
        labels=predictions.labels,
        predicted=predictions.predicted,
        class_names=dataset.class_names,
        files=predictions.digests,
        jpegs=[(photos / f"{digest}.jpg").read_bytes() for digest in predictions.digests],
    )


def board(page: Page) -> FrameLocator:
    return page.frame_locator(FRAME)


def inner_address(page: Page) -> str:
    return next((frame.url for frame in page.frames if "/tb/of/" in frame.url and "/data/" not in frame.url), "")


def test_the_board_reloads_and_holds_curves_hyperparameters_and_figures_of_the_chosen_run_only(at_board, finished):
    chosen, other = finished
    page = at_board.open(f"/board?runs={chosen.id}")
    expect(board(page).get_by_text("accuracy/training").first).to_be_visible()
    board(page).get_by_text(chosen.name, exact=True).first.wait_for()
    assert board(page).get_by_text(other.name, exact=True).count() == 0
    assert page.evaluate("JSON.parse(localStorage.getItem('_tb_global_settings'))")["autoReload"] is True
    page.get_by_role("radio", name="HParams").click()
    for words in ("test accuracy", "Feature extraction", chosen.name):
        expect(board(page).get_by_text(words).filter(visible=True).first).to_be_visible()
    expect(board(page).get_by_text(f"{chosen.test_accuracy:.5f}"[:5]).first).to_be_attached()
    assert board(page).get_by_text(other.name, exact=True).count() == 0
    # people go on inside TensorBoard, and the page follows
    board(page).get_by_role("tab", name="Time Series").click()
    expect(page.get_by_role("radio", name="Time series")).to_be_checked(timeout=20_000)
    expect(page).to_have_url(re.compile("dashboard=timeseries"))
    assert inner_address(page).startswith(f"{at_board.server.url}/tb/of/{chosen.id}/")
    assert at_board.outside == [] and at_board.complaints == []


def test_tensorboard_is_as_dark_as_the_page_until_somebody_chooses_in_it(at_board, finished):
    page = at_board.open(f"/board?runs={finished[0].id}")
    body = board(page).locator("body")
    expect(board(page).get_by_text("accuracy/training").first).to_be_visible()
    expect(body).not_to_have_class(re.compile("dark-mode"))
    page.emulate_media(color_scheme="dark")
    expect(body).to_have_class(re.compile("dark-mode"))
    page.evaluate(
        """() => { const key = '_tb_global_settings', known = JSON.parse(localStorage.getItem(key));
                   localStorage.setItem(key, JSON.stringify({...known, theme: 'light'})); }"""
    )
    page.reload()
    at_board.settle()
    expect(board(page).get_by_text("accuracy/training").first).to_be_visible()
    expect(body).not_to_have_class(re.compile("dark-mode"))


def test_behind_a_proxy_that_takes_a_path_away_everything_is_found(context, below_a_path, finished):
    with stripping_proxy(below_a_path.settings.port, "/outside") as address:
        visit = visit_with(context, replace(below_a_path, url=f"{address}/graft"))
        missing = []
        visit.page.on("response", lambda answer: answer.status >= 400 and missing.append(answer.url))
        visit.open(f"/board?runs={finished[0].id}&dashboard=hparams")
        expect(board(visit.page).get_by_text("test accuracy").first).to_be_visible()
        assert inner_address(visit.page).startswith(f"{address}/graft/tb/of/")
        assert "Inter" in visit.page.evaluate(FONTS)
        assert [url for url in missing if "_stcore" not in url] == []  # Streamlit tries out where it is
        assert visit.outside == []
        visit.page.close()


def test_the_projector_shows_every_test_photo_of_a_chosen_run(browser, below_a_path, finished):
    with_webgl = browser.browser_type.launch(executable_path=chromium(), args=["--no-sandbox", *WEBGL])
    try:
        visit = visit_with(new_context(with_webgl, viewport={"width": 1440, "height": 1000}), below_a_path)
        visit.open(f"/board?runs={finished[0].id}&dashboard=projector")
        points = board(visit.page).frame_locator("iframe").frame_locator("iframe")
        photos = len(read_predictions(finished[0].id, "test", below_a_path.settings).digests)
        expect(points.get_by_text(re.compile(f"Points: {photos}"))).to_be_visible(timeout=60_000)
        assert visit.outside == []
    finally:
        with_webgl.close()


def test_on_a_phone_the_names_of_the_runs_have_the_whole_width(at_board, finished):
    at_board.page.set_viewport_size({"width": 390, "height": 844})
    page = at_board.open(f"/board?runs={finished[0].id},{finished[1].id}")
    name = board(page).locator("runs-data-table").get_by_text(finished[0].name, exact=True)
    expect(name).to_be_visible(timeout=60_000)
    cell, frame = name.bounding_box(), page.locator(FRAME).bounding_box()
    assert cell and frame and cell["width"] > 0.5 * frame["width"]
    assert cell["height"] < 30, "one line of text"
    card = board(page).get_by_text("accuracy/training").first.bounding_box()
    assert card and card["y"] > cell["y"], "the charts stand below"
