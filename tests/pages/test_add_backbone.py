"""Add a backbone: what a model of the hub or an own file is, and its addition."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.added import AddedBackbone
from core.backbones.additions import AdditionRequest
from core.backbones.scalings import PRESETS
from core.backbones.suggested import suggestions
from core.recipes.labels import PATTERNS
from core.web.parts.upload_box import Uploaded
from tests.hub_server import LocalHub
from tests.onnx_files import residual
from tests.pages.conftest import first_line, text_of, visit
from tests.tiny_hub import token_files

NON_COMMERCIAL = {"license": "cc-by-nc-4.0", "datasets": ["imagenet-1k"]}


@pytest.fixture
def hub(monkeypatch):
    for name in ("GRAFT_OFFLINE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setattr("core.backbones.hub.client.time.sleep", lambda seconds: None)
    with LocalHub() as hub:
        monkeypatch.setenv("GRAFT_HUB_URL", hub.url)
        yield hub


@pytest.fixture
def requests(monkeypatch) -> list[AdditionRequest]:
    """What would be added; no process is started."""
    asked: list[AdditionRequest] = []
    monkeypatch.setattr(
        "core.jobs.background_additions.start_addition",
        lambda request, settings, registry: asked.append(request) or "a1",
    )
    return asked


def said(at) -> str:
    return text_of(at).replace("\\", "")


def send(at, key: str):
    return at.button(key=key).click().run()


# --- the hub ---


def test_the_list_leads_to_the_page(bench):
    at = send(visit("backbones"), "backbones.add")
    assert at.title[0].value == "Add a backbone" and "before it is added" in first_line(at)


def test_the_ten_suggestions_come_first_and_are_looked_up_by_one_click(bench, hub):
    hub.add("facebook/dinov2-small", token_files("dinov2"), card={"license": "mit"})
    at = visit("backbones", add="hub")
    buttons = [button.key for button in at.button if button.key.startswith("suggested.")]
    assert len(buttons) == len(suggestions()) == 10 and "Suggested" in text_of(at)
    send(at, "suggested.dinov2_small")
    assert not at.exception and at.query_params["add"] == "facebook/dinov2-small"
    assert at.text_input(key="backbone.hub.text").value == "facebook/dinov2-small"
    assert "Vision transformer of the family DINOv2" in said(at) and "Suggested" not in text_of(at)


def test_a_suggestion_that_was_added_is_not_suggested_again(bench):
    backbone = replace(get("squeezenet"), name="dinov2_small", title="Small", source="hub:facebook/x@abc")
    bench.registry.add_backbone(AddedBackbone(backbone=backbone, files=(), added_at=1.0))
    keys = [button.key for button in visit("backbones", add="hub").button]
    assert "suggested.dinov2_base" in keys and "suggested.dinov2_small" not in keys


def test_a_model_is_looked_up_before_it_is_added(bench, hub, requests):
    tiny = hub.add("graft/tiny", token_files("dinov2"), card={"license": "mit", "datasets": ["imagenet-1k"]})
    at = visit("backbones", add="hub")
    at.text_input(key="backbone.hub.text").input("https://huggingface.co/graft/tiny")
    send(at, "backbone.hub.look")
    text = said(at)
    assert not at.exception and at.query_params["add"] == "https://huggingface.co/graft/tiny"
    assert "Vision transformer of the family DINOv2" in text and "Trained on: ImageNet-1k" in text
    assert "Input: 56 px, pixels scaled: ImageNet mean and deviation" in text and tiny.commit[:12] in text
    assert f"check_circle:] {PATTERNS['fine_tuning'].title}" in text and "has no ImageNet classifier" in text
    assert not [box for box in at.checkbox if box.key == "backbone.hub.accept"]
    send(at, "backbone.hub.add")
    (request,) = requests
    assert (request.kind, request.name, request.title) == ("hub", "tiny", "tiny")
    assert request.source == f"graft/tiny@{tiny.commit}" and request.accepted_licence is None
    assert at.query_params["add"] == "hub" and not at.error


def test_a_licence_that_forbids_commerce_must_be_accepted(bench, hub, requests):
    hub.add("graft/tiny", token_files("dinov2"), card=NON_COMMERCIAL)
    at = visit("backbones", add="graft/tiny")
    assert "does not allow commercial use" in said(at)
    send(at, "backbone.hub.add")
    assert requests == [] and "Accept the licence" in at.error[0].value
    at.checkbox(key="backbone.hub.accept").check()
    send(at, "backbone.hub.add")
    assert requests[0].accepted_licence == "cc-by-nc-4.0"


def test_a_scaling_that_the_files_do_not_say_is_chosen(bench, hub, requests):
    files = token_files("dinov2")
    del files["preprocessor_config.json"]
    hub.add("graft/tiny", files, card={"license": "mit"})
    at = visit("backbones", add="graft/tiny")
    assert "scaling of the pixels not known" in said(at) and not at.exception
    send(at, "backbone.hub.add")
    assert requests == [] and "do not say how pixels are scaled" in at.error[0].value
    assert len(at.radio(key="backbone.hub.scaling").options) == len(PRESETS) + 1
    at.radio(key="backbone.hub.scaling").set_value("imagenet")
    send(at, "backbone.hub.add")
    assert requests[0].answers == {"scaling": "imagenet"}


def test_a_scaling_can_be_given_by_numbers(bench, hub, requests):
    files = token_files("dinov2")
    del files["preprocessor_config.json"]
    hub.add("graft/tiny", files, card={"license": "mit"})
    at = visit("backbones", add="graft/tiny")
    at.radio(key="backbone.hub.scaling").set_value("numbers")
    at.text_input(key="backbone.hub.mean").input("0.5, 0.4 0.3")
    send(at, "backbone.hub.add")
    assert requests == [] and "three numbers each" in at.error[0].value
    at.text_input(key="backbone.hub.deviation").input("0.2")
    send(at, "backbone.hub.add")
    assert requests[0].answers == {"mean": [0.5, 0.4, 0.3], "deviation": [0.2]}


@pytest.mark.parametrize(
    "address, words",
    [
        ("not an address", "A model of the hub is named owner/name"),
        ("graft/nothing", "graft/nothing"),
        ("graft/pickle", "safetensors"),
    ],
)
def test_what_cannot_be_added_is_one_sentence(bench, hub, requests, address, words):
    files = token_files("dinov2")
    weights = files.pop("model.safetensors")
    hub.add("graft/pickle", files | {"pytorch_model.bin": weights}, card={"license": "mit"})
    at = visit("backbones", add="hub")
    at.text_input(key="backbone.hub.text").input(address)
    send(at, "backbone.hub.look")
    assert not at.exception and words in at.error[0].value.replace("\\", "") and requests == []
    assert at.text_input(key="backbone.hub.text").value == address


def test_a_hub_that_is_not_there_is_one_sentence(bench, monkeypatch):
    monkeypatch.setenv("GRAFT_OFFLINE", "1")
    at = visit("backbones", add="graft/tiny")
    assert not at.exception and "GRAFT\\_OFFLINE forbids" in at.error[0].value


def test_markup_from_the_hub_stays_text(bench, hub):
    evil = "<script>alert(1)</script> ![x](http://x/y.png)"
    card = {"license": "other", "license_name": evil, "license_link": "https://x/) [y](http://z", "datasets": [evil]}
    hub.add("graft/tiny", token_files("dinov2"), card=card)
    at = visit("backbones", add="graft/tiny")
    assert not at.exception
    for kind in ("markdown", "caption", "header"):
        for element in at.get(kind):
            assert "<script>" not in element.value and "![x](" not in element.value and "(http://z" not in element.value
    assert "![x](" not in at.checkbox(key="backbone.hub.accept").label


def test_a_name_that_is_taken_is_refused_before_anything_starts(bench, hub):
    hub.add("graft/tiny", token_files("dinov2"), card={"license": "mit"})
    at = visit("backbones", add="graft/tiny")
    at.text_input(key="backbone.hub.name").input("resnet50")
    send(at, "backbone.hub.add")
    assert "catalogue already has a backbone resnet50" in at.error[0].value and not at.exception


# --- an own file ---


@pytest.fixture
def upload(monkeypatch, tmp_path):
    """An upload that is complete; which keys were released."""
    released: list[str] = []

    def upload(content: bytes, name: str) -> list[str]:
        path = tmp_path / "upload"
        path.write_bytes(content)
        sent = Uploaded(path=path, name=name, size_bytes=len(content))
        monkeypatch.setattr("core.web.backbones.file_panel.upload_any_size", lambda key, label, suffixes: sent)
        monkeypatch.setattr("core.web.backbones.file_panel.release_upload", released.append)
        return released

    return upload


def test_an_onnx_file_is_tried_under_every_scaling_and_added(bench, upload, requests):
    released = upload(residual().SerializeToString(), "My Net.onnx")
    at = visit("backbones", add="file")
    text = said(at)
    assert not at.exception and "ONNX network, used frozen" in text and "Scaling of the pixels: not in the file" in text
    captions = at.radio(key="backbone.file.scaling").proto.captions
    assert sum("check photos most similar to one of their class" in caption for caption in captions) == len(PRESETS)
    send(at, "backbone.file.add")
    assert requests == [] and released == [] and "does not say how the pixels" in at.error[0].value
    at.radio(key="backbone.file.scaling").set_value("imagenet")
    at.text_input(key="backbone.file.licence").input("MIT")
    send(at, "backbone.file.add")
    (request,) = requests
    assert (request.kind, request.name, request.title, request.own_source) == ("onnx_file", "my-net", "My Net", True)
    assert request.answers == {"file_name": "My Net.onnx", "scaling": "imagenet", "licence": "MIT"}
    assert released == ["backbone.file"] and not at.exception


def test_a_file_that_is_no_network_is_one_sentence(bench, upload, requests):
    upload(b"\x80\x02not a network", "net.onnx")
    at = visit("backbones", add="file")
    assert not at.exception and "pickle file" in at.error[0].value and requests == []
    assert at.button(key="backbone.file.drop")


def test_before_an_upload_the_page_says_what_can_be_added(bench):
    at = visit("backbones", add="file")
    assert not at.exception and "**.keras**" in text_of(at) and "**.onnx**" in text_of(at)
