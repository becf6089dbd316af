"""Which files of a repository are taken, and which repositories are refused."""

import pytest

from core.backbones.hub.address import address_of
from core.backbones.hub.layouts import HubLayout, chosen_files, index_of, layout_of
from core.backbones.hub.repository import HubFile, HubRepository
from core.errors import InvalidInput


def a_repository(*names: str, size: int = 10) -> HubRepository:
    files = {name: HubFile(path=name, size=size, blob="0" * 40) for name in names}
    return HubRepository(address=address_of("graft/tiny"), files=files)


def names_of(files) -> list[str]:
    return [file.path for file in files]


@pytest.mark.parametrize(
    ("config", "layout"),
    [
        ({"model_type": "dinov2"}, HubLayout.TRANSFORMERS),
        ({"architecture": "resnet18", "pretrained_cfg": {}}, HubLayout.TIMM),
        ({"registered_name": "keras_hub>ResNetBackbone", "config": {}}, HubLayout.KERAS),
    ],
)
def test_the_layout_is_that_of_the_config(config, layout):
    assert layout_of(config) is layout


def test_a_config_of_nobody_is_refused():
    with pytest.raises(InvalidInput, match="not that of Keras, Transformers or timm"):
        layout_of({"model_type": 7})


def test_only_what_describes_the_network_and_safetensors_are_taken():
    repository = a_repository(
        "config.json", "preprocessor_config.json", "README.md", "LICENSE", "model.safetensors", "pytorch_model.bin",
        "model.onnx", "train.py", "onnx/model.safetensors",
    )  # fmt: skip
    chosen = chosen_files(repository, HubLayout.TRANSFORMERS)
    assert names_of(chosen.described) == ["config.json", "preprocessor_config.json", "README.md", "LICENSE"]
    assert names_of(chosen.weights) == ["model.safetensors"] and chosen.bytes == 50


def test_weights_in_several_files_are_taken_by_their_index():
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    repository = a_repository("config.json", "model.safetensors.index.json", *shards)
    index = {"weight_map": {"a": shards[0], "b": shards[1], "c": shards[1]}}
    assert index_of(repository, HubLayout.TIMM).path == "model.safetensors.index.json"
    chosen = chosen_files(repository, HubLayout.TIMM, index)
    assert names_of(chosen.weights) == shards
    assert "model.safetensors.index.json" in names_of(chosen.described)


@pytest.mark.parametrize(
    "name", ["missing.safetensors", "../model.safetensors", "pytorch_model.bin", "a/b.safetensors"]
)
def test_an_index_that_names_other_files_is_refused(name):
    repository = a_repository("config.json", "model.safetensors.index.json", "pytorch_model.bin", "a/b.safetensors")
    with pytest.raises(InvalidInput, match="names files of weights that are not there"):
        chosen_files(repository, HubLayout.TIMM, {"weight_map": {"a": name}})


def test_an_empty_index_is_refused():
    with pytest.raises(InvalidInput, match="not there: none"):
        chosen_files(a_repository("config.json", "model.safetensors.index.json"), HubLayout.TIMM, {})


def test_pickles_are_never_opened():
    with pytest.raises(InvalidInput, match="only pytorch_model.bin, which can hold programs"):
        chosen_files(a_repository("config.json", "pytorch_model.bin"), HubLayout.TRANSFORMERS)


def test_files_that_can_be_added_otherwise_are_named():
    with pytest.raises(InvalidInput, match="but model.onnx. Download that file and add it as a file of your own"):
        chosen_files(a_repository("config.json", "model.onnx", "pytorch_model.bin"), HubLayout.TIMM)


def test_a_repository_without_weights_is_refused():
    with pytest.raises(InvalidInput, match="no weights that Graft could load"):
        chosen_files(a_repository("config.json"), HubLayout.TIMM)


def test_weights_of_keras_are_taken():
    chosen = chosen_files(a_repository("config.json", "metadata.json", "model.weights.h5"), HubLayout.KERAS)
    assert names_of(chosen.files) == ["config.json", "metadata.json", "model.weights.h5"]


def test_texts_that_are_too_large_are_left_out():
    chosen = chosen_files(a_repository("config.json", "README.md", "model.safetensors", size=3 * 10**6), HubLayout.TIMM)
    assert names_of(chosen.described) == ["config.json"]
