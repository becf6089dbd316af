"""What ``test_conversion`` does not see of a ResNet."""

import keras
import pytest

from core.backbones.staged.resnet import resnet_of
from core.features.staged import resnet
from core.features.staged.layers import TensorLayers
from tests import staged_networks as tiny

pytestmark = pytest.mark.keras


def sides(name: str) -> list[int]:
    made = TensorLayers(tiny.tensors_of(name), resnet.PREFIXES)
    inputs = keras.Input((64, 64, 3))
    model = keras.Model(inputs, resnet.features(inputs, resnet_of(tiny.config_of(name)), made))
    return [model.get_layer(f"stage{stage}_block1_out").output.shape[1] for stage in (1, 2)]


def test_the_first_stage_halves_the_map_only_where_the_config_says_so():
    assert sides("resnet") == [16, 8]
    assert sides("resnet_first") == [8, 4]
