"""Photos without a class are labelled by keyboard in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from core.advising.label_values import LABEL_METHOD
from core.curation.decisions import decisions_on, standing
from core.files import atomic
from core.files.home import dataset_folder, registry_file
from core.registry import Registry
from tests.browser.conftest import fill_home, start_server, stop_server
from tests.core.advising.test_label_values import make_order
from tests.pools import fill_pool


@pytest.fixture
def labelling(tmp_path, tab, request):
    """A visit to a server whose dataset has five photos to label; its dataset and the photos' digests."""
    fill_home(tmp_path / "home", runs=0)
    server = start_server(tmp_path / "home", tmp_path / "server.log")
    registry = Registry.open(registry_file(server.settings))
    (dataset,) = registry.datasets()
    pool = fill_pool(server.settings, dataset, 5)
    order = make_order(*pool, dataset_id=dataset.id)
    atomic.write_json(dataset_folder(server.settings, dataset.id).label_order(LABEL_METHOD), order.to_json())
    with tab.lent(server, request.node) as visit:
        yield visit, dataset, pool, registry
    registry.close()
    stop_server(server)


def test_labels_by_keyboard_become_a_version(labelling):
    visit, dataset, pool, registry = labelling
    settings = visit.server.settings

    def labels():
        return {one: decision.target for one, decision in standing(decisions_on(dataset, settings)).items()}

    page = visit.open(f"/datasets?dataset={dataset.id}&label=next")
    expect(page.get_by_role("heading", name="1 of 5")).to_be_visible()
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="2 of 5")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="3 of 5")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="4 of 5")).to_be_visible()
    assert labels() == {pool[0]: "rose", pool[2]: ""}
    page.keyboard.press("u")
    expect(page.get_by_text("4 photos have no class; labelled so far: 1 rose.")).to_be_visible()
    assert labels() == {pool[0]: "rose"}
    name = page.get_by_label("Another class")
    name.fill("orchid")
    name.press("Enter")
    page.get_by_role("button", name="Add orchid as a new class").click()
    expect(page.get_by_role("heading", name="5 of 5")).to_be_visible()
    assert labels() == {pool[0]: "rose", pool[3]: "orchid"}
    page.get_by_role("button", name="Make version 2").click()
    page.wait_for_url(re.compile("/datasets"))
    expect(page.get_by_role("heading", name="flowers · v2")).to_be_visible()
    made = registry.dataset("flowers:2")
    assert [registry.photo(made.id, digest).class_name for digest in (pool[0], pool[3])] == ["rose", "orchid"]
    assert made.unlabelled == 3 and not visit.complaints and not visit.outside
