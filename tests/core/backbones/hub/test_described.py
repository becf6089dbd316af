"""What is told of a model before anything large is downloaded."""

import json

import pytest

from core.backbones.hub import architectures
from core.backbones.hub.address import address_of
from core.backbones.hub.described import describe, suggested_name
from core.backbones.hub.layouts import HubLayout
from core.backbones.values import Scaling
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput, Unavailable
from tests.tiny_hub import PREPROCESSOR, token_files

MIT = {"license": "mit", "datasets": ["imagenet-1k", "graft/own"]}


def test_a_network_of_tokens_is_described_by_its_small_files_only(hub, client):
    tiny = hub.add("graft/tiny-dino", token_files("dinov2"), card=MIT)
    model = describe("graft/tiny-dino", client)
    assert (model.layout, model.architecture, model.family) == (HubLayout.TRANSFORMERS, "dinov2", "DINOv2")
    assert model.address.revision == tiny.commit
    assert (model.preprocessing.size, model.licence.id, model.classes) == (56, "mit", False)
    assert model.trained_on == "ImageNet-1k and graft/own"
    assert model.parameters > 10_000 and model.chosen.bytes > 10_000
    assert "model.safetensors" not in [file for file, _ in hub.asked]


def test_its_row_is_complete_but_for_the_digest(hub, client):
    hub.add("graft/tiny-dino", token_files("dinov2"), card=MIT)
    model = describe("graft/tiny-dino", client)
    row = model.row("tiny", "Tiny")
    assert (row.name, row.title, row.source) == ("tiny", "Tiny", f"hub:{model.address}")
    assert row.blocks == ("stem", "block1", "block2", "block3") and row.has_tokens and row.feature_size == 32
    assert row.scaling == Scaling(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
    assert row.parameters == sum(row.block_parameters) and row.licence == "mit"


def test_a_model_of_photos_and_texts_is_a_zero_shot_classifier_where_its_texts_can_be_split(hub, client):
    files = token_files("clip")
    hub.add("graft/clip", files, card=MIT)
    model = describe("graft/clip", client)
    assert model.row("clip").text_tower and "tokenizer.json" in [file.name for file in model.chosen.described]
    hub.add("graft/half", {name: content for name, content in files.items() if name != "tokenizer.json"}, card=MIT)
    assert not describe("graft/half", client).row("half").text_tower


def test_timm_says_its_classes_and_crop(hub, client):
    hub.add("graft/tiny", token_files("timm_vit"), card=MIT)
    model = describe("graft/tiny", client)
    assert model.classes and model.preprocessing.fit is Fit.CROP
    assert "crop_pct 0.9" in model.notes()[0]


def test_a_scaling_that_the_files_do_not_say_must_be_chosen(hub, client):
    files = token_files("vit")
    del files["preprocessor_config.json"]
    hub.add("graft/tiny", files, card=MIT)
    model = describe("graft/tiny", client)
    assert any("do not say how pixels are scaled" in note for note in model.notes())
    with pytest.raises(InvalidInput, match="do not say how pixels are scaled"):
        model.row("tiny")
    assert model.row("tiny", answers={"scaling": "minus_one_to_one"}).scaling.mean == (0.5, 0.5, 0.5)


def test_a_licence_must_be_accepted_by_its_name(hub, client):
    hub.add("graft/tiny", token_files("vit"), card={"license": "cc-by-nc-4.0"})
    model = describe("graft/tiny", client)
    for accepted in (None, "mit", ""):
        with pytest.raises(InvalidInput, match="does not allow commercial use. Accept the licence 'cc-by-nc-4.0'"):
            model.refuse_unaccepted(accepted)
    model.refuse_unaccepted("cc-by-nc-4.0")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"config.json": None}, "has no config.json"),
        ({"config.json": b"no"}, "is no JSON object"),
        ({"config.json": b"[]"}, "is no JSON object"),
        ({"config.json": b"[" * 100_000}, "is no JSON object"),
        ({"config.json": b" " * (5 * 10**6)}, "which no description needs"),
        ({"config.json": b'{"model_type": "bert"}'}, "Its architecture is bert"),
        ({"model.safetensors": None}, "no weights that Graft could load"),
        ({"model.safetensors": None, "pytorch_model.bin": b"x"}, "which can hold programs"),
        ({"preprocessor_config.json": json.dumps(PREPROCESSOR | {"size": {"height": 32, "width": 24}}).encode(),
          "config.json": json.dumps({"model_type": "vit", "image_size": 2000}).encode()}, "must be a square"),
    ],
)  # fmt: skip
def test_what_cannot_be_added_is_refused_with_one_sentence(hub, client, changes, sentence):
    files = {name: content for name, content in (token_files("vit") | changes).items() if content is not None}
    hub.add("graft/tiny", files, card=MIT)
    with pytest.raises(InvalidInput, match=sentence):
        describe("graft/tiny", client)


def test_a_config_that_was_changed_on_the_way_is_refused(hub, client):
    hub.add("graft/tiny", token_files("vit"), card=MIT)
    hub.faults.other_content["config.json"] = b"{}"
    with pytest.raises(Unavailable, match="another checksum"):
        describe("graft/tiny", client)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("facebook/dinov2-small", "dinov2-small"),
        ("timm/resnet18.a1_in1k", "resnet18.a1_in1k"),
        ("Owner/UPPER_Case", "upper_case"),
        ("keras/resnet50", "keras-resnet50"),  # the catalogue has a resnet50
        ("a/r-1", "a-r-1"),  # ids of runs begin so
    ],
)
def test_a_name_is_suggested(address, name):
    assert suggested_name(address_of(address)) == name


def test_the_keras_layout_classifies_where_it_has_a_classifier_of_imagenets_classes(hub, client, monkeypatch):
    monkeypatch.setattr(architectures, "find_spec", lambda name: name)
    config = {"registered_name": "keras_hub>ResNetBackbone", "config": {"image_shape": [32, 32, 3]}}
    task = {"registered_name": "keras_hub>ResNetImageClassifier", "config": {"num_classes": 1000}}
    files = {"config.json": json.dumps(config).encode(), "model.weights.h5": b"x"}
    head = {"task.json": json.dumps(task).encode(), "task.weights.h5": b"y"}
    hub.add("graft/whole", files | head, card=MIT)
    model = describe("graft/whole", client)
    assert model.classes and {"task.json", "task.weights.h5"} <= {file.name for file in model.chosen.files}
    ten = json.dumps(task | {"config": {"num_classes": 10}}).encode()
    for name, others in (("none", {}), ("half", {"task.json": head["task.json"]}), ("ten", head | {"task.json": ten})):
        hub.add(f"graft/{name}", files | others, card=MIT)
        model = describe(f"graft/{name}", client)
        assert not model.classes and "task.weights.h5" not in {file.name for file in model.chosen.files}, name
