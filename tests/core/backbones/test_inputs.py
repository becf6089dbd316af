"""The same network with another input: what depends on its size."""

import pytest

from core.backbones import catalogue, get
from core.backbones.inputs import larger_size, with_input
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.datasets.decoding.photos import STORED_SIDE
from core.errors import InvalidInput

LITE0, LITE2 = get("efficientnet_lite0"), get("efficientnet_lite2")


@pytest.mark.parametrize("backbone", catalogue(), ids=lambda one: one.name)
def test_its_own_size_is_the_backbone_of_the_catalogue(backbone):
    assert with_input(backbone) == with_input(backbone, backbone.input_size) == backbone


def test_feature_maps_grow_with_the_input():
    sides = [shape[0] for shape in with_input(LITE0, 320).block_shapes]
    assert (sides[0], sides[-1]) == (160, 10)
    assert [shape[0] for shape in with_input(LITE2, 380).block_shapes][-1] == 12
    assert [shape[2] for shape in with_input(LITE0, 320).block_shapes] == [shape[2] for shape in LITE0.block_shapes]


def test_the_work_grows_with_the_area():
    assert with_input(LITE0, 448).multiply_adds == 4 * LITE0.multiply_adds
    assert 2.0 < with_input(LITE0, 320).multiply_adds / LITE0.multiply_adds < 2.1


def test_the_fit_is_kept_unless_another_is_chosen():
    cropped = with_input(LITE0, fit=Fit.CROP)
    assert (cropped.fit, with_input(cropped, 320).fit) == (Fit.CROP, Fit.CROP)
    assert with_input(cropped, fit=Fit.SQUASH) == LITE0


@pytest.mark.parametrize(("name", "size"), [("efficientnet_lite0", 31), ("xception", 70), ("efficientnet_lite0", 769)])
def test_a_size_the_network_cannot_take_is_refused_in_one_sentence(name, size):
    with pytest.raises(InvalidInput, match=rf"takes inputs of \d+ to 768 px. Received: input_size={size}"):
        with_input(get(name), size)


@pytest.mark.parametrize(
    ("name", "larger"),
    [("efficientnet_lite0", 320), ("efficientnet_lite1", 352), ("efficientnet_lite2", 384), ("efficientnet_b7", None)],
)
def test_the_suggested_larger_size(name, larger):
    assert larger_size(get(name)) == larger


def test_no_input_is_larger_than_a_stored_photo():
    assert LARGEST_INPUT == STORED_SIDE
