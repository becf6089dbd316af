"""Adding a backbone in the browser: a model of a local hub and an own file, from the field to its page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from core.files.home import registry_file
from core.registry import Registry
from tests.browser.conftest import Server, start_server, stop_server
from tests.hub_server import LocalHub
from tests.onnx_files import residual
from tests.tiny_hub import token_files

ADDED = 180_000
"""Milliseconds until a tiny network is added on a busy machine."""


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        hub.add("graft/tiny-dino", token_files("dinov2"), card={"license": "cc-by-nc-4.0", "datasets": ["imagenet-1k"]})
        yield hub


@pytest.fixture(scope="module")
def server(tmp_path_factory, hub) -> Iterator[Server]:
    """A server that asks the local hub."""
    folder = tmp_path_factory.mktemp("backbones")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_HUB_URL", hub.url)
        patch.setenv("no_proxy", "127.0.0.1,localhost")
        patch.delenv("HF_TOKEN", raising=False)
        patch.delenv("GRAFT_OFFLINE", raising=False)
        server = start_server(folder / "home", folder / "server.log")
    yield server
    stop_server(server)


def test_a_model_of_the_hub_is_looked_up_accepted_added_and_used(visit):
    page = visit.open("/backbones")
    page.get_by_role("button", name="Add a backbone").click()
    page.get_by_label("Model", exact=True).fill("graft/tiny-dino")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("heading", name="graft/tiny-dino")).to_be_visible()
    expect(page.get_by_text("Vision transformer of the family")).to_be_visible()
    expect(page).to_have_url(re.compile("add=graft%2Ftiny-dino"))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("does not allow commercial use. Accept the licence")).to_be_visible()
    page.get_by_text("I accept the licence").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("was added and can be used")).to_be_visible(timeout=ADDED)
    page.get_by_role("link", name="Open its page").click()
    expect(page.get_by_role("heading", name="tiny-dino")).to_be_visible()
    expect(page.get_by_text("features computed by")).to_be_visible()
    expect(page.get_by_text("licence cc-by-nc-4.0 accepted")).to_be_visible()
    page.get_by_role("button", name="Train with it").click()
    expect(page).to_have_url(re.compile("/train.*try=tiny-dino"))
    assert not visit.complaints and not visit.outside


def test_an_own_onnx_file_is_uploaded_tried_and_added(visit, server, tmp_path):
    path = tmp_path / "My Net.onnx"
    path.write_bytes(residual().SerializeToString())
    page = visit.open("/backbones?add=file")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_text("ONNX network, used frozen")).to_be_visible(timeout=ADDED)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("does not say how the pixels of a photo are scaled")).to_be_visible()
    page.get_by_text("ImageNet mean and deviation").click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("My Net was added and can be used")).to_be_visible(timeout=ADDED)
    registry = Registry.open(registry_file(server.settings))
    backbone = registry.added_backbone("my-net").backbone
    registry.close()
    assert backbone.source == "onnx_file:My Net.onnx" and not backbone.trainable
    assert not visit.complaints and not visit.outside
