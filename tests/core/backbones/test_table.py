"""The catalogue of pretrained networks, as data."""

import subprocess
import sys

import pytest

from core.backbones import catalogue, get, imagenet_classes
from core.errors import NotFound
from core.settings import REPOSITORY


def test_the_networks_that_need_no_download_come_first():
    offline = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "mobilenet_v1", "squeezenet"]
    assert [row.name for row in catalogue() if not row.source.startswith("keras:")] == offline
    assert [row.name for row in catalogue()[:5]] == offline
    assert len({get(name).family for name in offline}) == 3


def test_every_row_is_complete():
    for row in catalogue():
        assert 0.58 < row.top1 < 0.9 and row.top1_source.startswith("https://"), row.name
        assert row.parameters > 500_000 and row.feature_size >= 512 and row.input_size >= 224, row.name
        assert row.licence and row.blocks and len(set(row.blocks)) == len(row.blocks), row.name


def test_every_block_of_every_row_has_a_shape_and_maps_shrink_from_input_to_output():
    for row in catalogue():
        assert len(row.block_shapes) == len(row.blocks), row.name
        heights = [height for height, _, _ in row.block_shapes]
        assert heights == sorted(heights, reverse=True) and heights[0] < row.input_size, row.name
        assert row.block_shapes[-1][-1] == row.feature_size, row.name


def test_parameters_and_multiply_adds_of_the_blocks_are_those_of_the_network():
    for row in catalogue():
        assert len(row.block_parameters) == len(row.block_multiply_adds) == len(row.blocks), row.name
        assert sum(row.block_parameters) == row.parameters, row.name
        assert sum(row.block_multiply_adds) == row.multiply_adds, row.name


def test_every_row_says_what_the_network_was_trained_on():
    assert all(row.trained_on.startswith("ImageNet-") for row in catalogue())
    assert [row.name for row in catalogue() if "21k" in row.trained_on] == [
        "convnext_base", "convnext_large", "convnext_xlarge",
    ]  # fmt: skip


def test_every_block_of_every_row_says_what_of_it_can_be_trained_alone():
    for row in catalogue():
        assert len(row.adaptable) == len(row.blocks), row.name
        for kind in ("lora", "norm", "bias"):
            pairs = [getattr(block, kind) for block in row.adaptable]
            assert all((layers == 0) == (parameters == 0) for layers, parameters in pairs), row.name
            assert sum(parameters for _, parameters in pairs) < row.parameters / 10, (row.name, kind)
        assert sum(block.lora[0] for block in row.adaptable) > 0, row.name
    assert not any(block.norm[0] for name in ("squeezenet", "vgg16") for block in get(name).adaptable)
    assert get("efficientnet_lite0").adaptable[-1].lora == (1, 320 + 1280)


def test_names_and_titles_are_unique():
    assert len({row.name for row in catalogue()}) == len({row.title for row in catalogue()}) == len(catalogue())


def test_what_is_downloaded_has_an_address_over_https_and_a_digest():
    downloads = [row for row in catalogue() if row.source.startswith("keras:")]
    assert len(downloads) == 40
    for row in downloads:
        assert row.weights_url.startswith("https://storage.googleapis.com/"), row.name
        assert row.weights_file.endswith(".h5") and row.top_file.endswith(".h5"), row.name
        assert row.weights_digest != row.top_digest or row.name == "mobilenet", row.name


def test_all_but_two_checksums_were_published():
    sizes_only = {row.name for row in catalogue() if row.weights_digest.startswith("size:")}
    assert sizes_only == {"mobilenet", "mobilenet_v2"}


def test_the_size_of_a_weights_file_fits_its_parameters():
    for row in catalogue():
        """SqueezeNet's top is 0.7 times as large as all below it."""
        most = 1.72 if row.name == "squeezenet" else 1.45
        assert 0.98 < row.weights_bytes / (4 * row.parameters) < most, row.name


def test_an_unknown_name_is_answered_with_the_names():
    with pytest.raises(NotFound, match="There is no backbone 'resnet'.*efficientnet_lite0.*resnet50"):
        get("resnet")


def test_imagenet_has_a_thousand_different_class_names():
    names = imagenet_classes()
    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[8], names[49], names[999]) == ("tench", "hen", "African crocodile", "toilet tissue")


def test_looking_at_the_catalogue_imports_no_tensorflow():
    code = (
        "import sys; from core.backbones import catalogue, availability; from core.settings import Settings;"
        "[availability(row, Settings()) for row in catalogue()];"
        "sys.exit(bool({'tensorflow', 'keras', 'torch'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=120).returncode == 0
