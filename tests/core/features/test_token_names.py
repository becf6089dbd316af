"""Every layout names everything that its networks need."""

from core.backbones.token_config import token_network_of
from core.features.token_names import NAMES
from tests import tiny_tokens


def test_every_naming_of_a_network_is_known():
    networks = [
        token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name)) for name in tiny_tokens.NAMES
    ]
    assert {network.naming for network in networks if network} == set(NAMES)


def test_a_layout_names_what_its_networks_have():
    for name in tiny_tokens.NAMES:
        network = token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
        assert network is not None
        names = NAMES[network.naming]
        assert bool(names.head) or not network.attention_pool
        assert bool(names.class_token) or not network.class_token
        assert all(names.scales) or not network.layer_scale
