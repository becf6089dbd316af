"""What a backbone is, needs and allows, in words."""

from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.values import Availability
from core.recipes.labels import OFFERED
from core.web.backbones import facts

LITE0 = get("efficientnet_lite0")


@pytest.mark.parametrize(
    "state, words",
    [
        (Availability.READY, "on this machine."),
        (Availability.DOWNLOAD, "(19 MB) are not on this machine: the first run downloads them."),
        (Availability.NO_NETWORK, "there is no network to download them."),
        (Availability.GONE, "Its files are gone."),
    ],
)
def test_the_first_line_ends_with_the_state_of_the_weights(state, words):
    assert facts.what_it_is(LITE0, state).endswith(words)


@pytest.mark.parametrize(
    "source, words",
    [
        ("hub:timm/resnet18@" + "a1" * 20, "Hugging Face Hub, `timm/resnet18` at commit `a1a1a1a1a1a1`"),
        ("keras:ResNet50", "Keras Applications (`ResNet50`)"),
        ("shipped:squeezenet", "this repository"),
        ("onnx_file:net`x`.onnx", "an own ONNX file, net\\`x\\`\\.onnx"),
        ("what:else", "not known"),
    ],
)
def test_the_source_in_words(source, words):
    assert facts.source(replace(LITE0, source=source)).startswith(words)


def test_a_checksum_that_was_not_published_is_said():
    assert facts.checksum(get("mobilenet_v2")) == "none was published; the size of 9406464 bytes is checked"
    assert facts.checksum(LITE0) == f"`{LITE0.weights_digest}`, verified before it is used"


def test_a_larger_size_is_only_suggested_where_the_network_takes_it():
    assert facts.suggested_size(LITE0) == 320 and facts.suggested_size(get("efficientnet_b7")) is None
    assert "No other size is suggested." in facts.input_needs(get("efficientnet_b7"))


def test_every_pattern_is_allowed_or_has_its_reason():
    assert len(facts.patterns(LITE0)) == len(OFFERED) and not any("block" in line for line in facts.patterns(LITE0))
    frozen = facts.patterns(replace(LITE0, classes=False, trainable=False))
    assert sum(":material/block:" in line for line in frozen) >= 4
