"""Networks of the hub are built from their folder, whatever their kind."""

from dataclasses import replace

import numpy as np
import pytest

from core.backbones.token_config import token_network_of
from core.features import hub
from tests.core.registry.test_backbones import an_added
from tests.tiny_tokens import config_of, write_folder

pytestmark = pytest.mark.keras


def test_a_network_of_tokens_is_read_from_its_safetensors(tmp_path):
    architecture = token_network_of(config_of("vit"), "transformers")
    backbone = replace(an_added().backbone, name="tiny", **architecture.row(32))
    photos = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    folder, outputs = write_folder(tmp_path, "vit"), []
    for _ in range(2):
        model = hub.network(backbone, folder)
        hub.load(model, folder)
        outputs.append(np.asarray(model(photos)))
    assert np.array_equal(*outputs) and outputs[0].shape == (2, 17, 32)
