"""Folders of a hub whose network cannot be built or loaded."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import InvalidInput, Unavailable
from tests import tiny_tokens

pytestmark = pytest.mark.keras


def loaded(backbone, folder):
    from core.features import token_folder

    token_folder.load(token_folder.network(backbone, folder), folder)


def test_layouts_are_told_apart():
    from core.features.token_folder import layout_of

    assert [layout_of(tiny_tokens.config_of(name)) for name in ("vit", "timm_vit")] == ["transformers", "timm"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), r"config.json cannot be read"),
        (lambda folder: (folder / "config.json").unlink(), r"config.json cannot be read"),
        (
            lambda folder: (folder / "config.json").write_text(json.dumps({"model_type": "resnet"})),
            "describes no network of tokens that Graft builds",
        ),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"damaged"), r"model.safetensors cannot be read"),
        (lambda folder: (folder / "model.safetensors").unlink(), "There are no .safetensors in"),
    ],
)
def test_a_damaged_folder_is_one_sentence(settings, change, message):
    backbone = tiny_tokens.added(settings, "vit")
    folder = tiny_tokens.write_folder(settings.home / "one", "vit")
    change(folder)
    with pytest.raises(Unavailable, match=message):
        loaded(backbone, folder)


def test_weights_may_be_in_several_files_and_in_half_precision(settings):
    from core.features import token_folder

    backbone = tiny_tokens.added(settings, "vit")
    folder = tiny_tokens.write_folder(settings.home / "two", "vit")
    (folder / "model.safetensors").unlink()
    tensors = {name: one.astype(np.float16) for name, one in tiny_tokens.tensors_of("vit").items()}
    first = {name: one for name, one in tensors.items() if "layer.1" in name}
    save_file(first, folder / "model-00001-of-00002.safetensors")
    save_file({name: one for name, one in tensors.items() if name not in first}, folder / "model-00002.safetensors")
    model = token_folder.network(backbone, folder)
    token_folder.load(model, folder)
    kernel = np.asarray(model.get_layer("block2_mlp1").kernel)
    assert np.array_equal(kernel, tensors["vit.encoder.layer.1.intermediate.dense.weight"].T.astype(np.float32))


def test_another_network_is_refused(settings):
    from dataclasses import replace

    from core.features import token_folder

    with pytest.raises(InvalidInput, match="is no network of tokens"):
        token_folder.network(replace(tiny_tokens.added(settings, "vit"), tokens=None), settings.home)
