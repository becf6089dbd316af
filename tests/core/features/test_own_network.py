"""What an own network is, as a value, and the row that it gets."""

from dataclasses import replace

import pytest

from core.backbones.scalings import FoundScaling, preset
from core.errors import InvalidInput
from core.features.own_network import OwnBlock, OwnNetwork, inspect_own_file
from core.recipes.allowed import refused_patterns
from core.recipes.patterns import Pattern
from tests.onnx_files import residual

NETWORK = OwnNetwork(
    kind="onnx_file",
    name="mine.onnx",
    size=224,
    any_size=False,
    blocks=(
        OwnBlock(name="stem", tensor="a", shape=(56, 56, 8), parameters=10, multiply_adds=100),
        OwnBlock(name="block1", tensor="b", shape=(28, 28, 16), parameters=20, multiply_adds=300),
    ),
    feature_size=16,
    last="b",
)
IMAGENET = preset("imagenet").scaling


def test_a_choice_goes_before_what_the_file_says_and_nothing_is_guessed():
    told = replace(NETWORK, scaling=FoundScaling(scaling=IMAGENET, source="config.json"))
    assert told.chosen_scaling({}).source == "config.json"
    assert told.chosen_scaling({"scaling": "bgr"}) == FoundScaling(scaling=preset("bgr").scaling, source="chosen")
    with pytest.raises(InvalidInput, match=r"mine\.onnx does not say how the pixels of a photo are scaled") as caught:
        NETWORK.chosen_scaling({})
    assert "zero_to_one, minus_one_to_one, imagenet, bgr, inside" in str(caught.value)


def test_the_row_is_that_of_a_frozen_network():
    row = NETWORK.row("mine", "Mine", IMAGENET, {"licence": "MIT", "trained_on": "my photos"})
    assert (row.parameters, row.multiply_adds, row.feature_size) == (30, 400, 16)
    assert (row.blocks, row.block_shapes) == (("stem", "block1"), ((56, 56, 8), (28, 28, 16)))
    assert (row.licence, row.trained_on, row.source) == ("MIT", "my photos", "onnx_file:mine.onnx")
    assert (row.fixed_size, row.classes, row.trainable, row.is_onnx) == (True, False, False, True)
    frozen = {Pattern.INTEGRATED_EXTRACTOR, Pattern.STANDALONE_EXTRACTOR, Pattern.CASCADE}
    assert not frozen & set(refused_patterns(row))
    assert {Pattern.CLASSIFIER, Pattern.FINE_TUNING, Pattern.FROM_SCRATCH} <= set(refused_patterns(row))


def test_an_onnx_file_is_inspected(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(residual().SerializeToString())
    found = inspect_own_file(path, file_name="mine.onnx")
    assert (found.kind, found.name, found.size, found.classes, found.imagenet) == (
        "onnx_file", "mine.onnx", 32, 5, False,
    )  # fmt: skip
    assert [block.name for block in found.blocks] == ["stem", "block1", "block2"]
    assert len(found.compared) == 5
    assert found.scaling is None
    chosen = inspect_own_file(path, file_name="x", answers={"scaling": "bgr", "last_layer": "one"})
    assert (chosen.last, len(chosen.compared), len(chosen.blocks)) == ("one", 1, 2)


@pytest.mark.parametrize(
    ("shape", "size", "reason"),
    [
        (None, 64, "has an input of 32 px. Another size is chosen for each run"),
        (None, 5, "An input has 16 to 768 px. Received: input_size=5"),
        (None, "big", "Received: input_size=big"),
        ((1, 3, 800, 800), 0, "has an input of 800 px; squares of 16 to 768 px can be made of photos"),
    ],
)
def test_other_sizes_are_refused(tmp_path, shape, size, reason):
    path = tmp_path / "mine.onnx"
    path.write_bytes(residual(shape=shape).SerializeToString())
    with pytest.raises(InvalidInput, match=reason.replace(".", r"\.")):
        inspect_own_file(path, answers={"input_size": size, "scaling": "imagenet"})


def test_a_free_size_is_the_chosen_one(tmp_path):
    path = tmp_path / "mine.onnx"
    path.write_bytes(residual(shape=("n", 3, "h", "w")).SerializeToString())
    found = inspect_own_file(path, answers={"input_size": 48, "scaling": "imagenet"})
    row = found.row("mine", "", IMAGENET, {"fit": "crop"})
    assert (row.input_size, row.fixed_size, row.fit) == (48, False, "crop")
