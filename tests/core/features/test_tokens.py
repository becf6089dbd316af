"""Networks of tokens: what is refused when they are built or loaded. Numbers: tests/keras/test_tokens_numbers.py."""

from dataclasses import replace

import pytest

from core.backbones import Backbone, get
from core.backbones.token_config import token_network_of
from core.errors import InvalidInput, Unavailable
from tests import tiny_tokens

pytestmark = pytest.mark.keras


def row(name: str) -> Backbone:
    network = token_network_of(tiny_tokens.config_of(name), tiny_tokens.layout_of(name))
    assert network is not None
    return replace(get("squeezenet"), name=name, title=name, **network.row(network.size))


def test_a_network_without_classifier_has_no_logits():
    from core.features import tokens

    clip = row("clip")
    with pytest.raises(InvalidInput, match="clip has no ImageNet classifier"):
        tokens.network(clip, clip.tokens, top=True)


def test_the_tensors_of_another_network_are_refused():
    from core.features import tokens

    vit = row("vit")
    model = tokens.network(vit, vit.tokens)
    with pytest.raises(Unavailable, match="have no tensor"):
        tokens.load(model, vit.tokens, tiny_tokens.tensors_of("clip"))
    wider = replace(vit.tokens, depth=2)
    with pytest.raises(Unavailable, match="does not know"):
        tokens.load(tokens.network(vit, wider), wider, tiny_tokens.tensors_of("vit"))
