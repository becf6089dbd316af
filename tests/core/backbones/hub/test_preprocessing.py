"""Size, scaling and fit, as the files of the three layouts say them."""

import pytest

from core.backbones.hub.layouts import HubLayout
from core.backbones.hub.preprocessing import Preprocessing, preprocessing_of
from core.backbones.values import Scaling
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput

IMAGENET = Scaling(mean=(0.485, 0.456, 0.406), deviation=(0.229, 0.224, 0.225))
NORMAL = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}


def of_timm(**about) -> Preprocessing:
    cfg = {"input_size": [3, 224, 224], "mean": NORMAL["image_mean"], "std": NORMAL["image_std"]} | about
    return preprocessing_of(HubLayout.TIMM, {"architecture": "resnet18", "pretrained_cfg": cfg}, {})


def of_transformers(**preprocessor) -> Preprocessing:
    return preprocessing_of(HubLayout.TRANSFORMERS, {"model_type": "vit", "image_size": 384}, preprocessor)


def test_timm_says_all_of_it():
    found = of_timm(crop_pct=0.875, crop_mode="center")
    assert found == Preprocessing(size=224, scaling=IMAGENET, fit=Fit.CROP, crop_pct=0.875)
    assert of_timm(crop_mode="squash", crop_pct=1.0).fit is Fit.SQUASH
    assert of_timm(crop_mode="border").fit is Fit.PAD


def test_a_crop_that_graft_does_not_make_is_told():
    note = of_timm(crop_pct=0.875).note()
    assert "middle 87.5 % of each side (crop_pct 0.875)" in note
    assert of_timm(crop_pct=1.0).note() == ""


def test_transformers_resizes_to_the_square():
    found = of_transformers(size={"height": 224, "width": 224}, **NORMAL)
    assert found == Preprocessing(size=224, scaling=IMAGENET, fit=Fit.SQUASH)
    assert of_transformers(size=224, **NORMAL).size == 224


def test_transformers_crops_the_centre():
    found = of_transformers(
        size={"shortest_edge": 256}, crop_size={"height": 224, "width": 224}, do_center_crop=True, **NORMAL
    )
    assert found == Preprocessing(size=224, scaling=IMAGENET, fit=Fit.CROP, crop_pct=0.875)


def test_a_preprocessor_without_a_size_takes_that_of_the_network():
    assert of_transformers(**NORMAL).size == 384
    assert preprocessing_of(HubLayout.TRANSFORMERS, {"model_type": "clip"}, NORMAL, trained_size=224).size == 224


def test_no_preprocessor_means_an_unknown_scaling_and_not_a_guess():
    assert of_transformers().scaling is None


def test_keras_says_scale_and_offset():
    config = {"registered_name": "keras_hub>ResNetBackbone", "config": {"image_shape": [None, None, 3]}}
    converter = {"config": {"image_size": [224, 224], "scale": [2 / 255] * 3, "offset": [-1.0] * 3}}
    found = preprocessing_of(HubLayout.KERAS, config, converter)
    assert (found.size, found.fit) == (224, Fit.CROP)
    assert found.scaling.mean == pytest.approx([0.5] * 3) and found.scaling.deviation == pytest.approx([0.5] * 3)


def test_keras_without_converter_has_the_size_of_the_network():
    config = {"registered_name": "keras_hub>ResNetBackbone", "config": {"image_shape": [96, 96, 3]}}
    assert preprocessing_of(HubLayout.KERAS, config, {}) == Preprocessing(size=96, scaling=None, fit=Fit.CROP)


@pytest.mark.parametrize("size", [[3, 224, 192], [3, 8, 8], [3, 1024, 1024], "224", None, [3, True, True], [3, -1, -1]])
def test_inputs_that_are_no_square_of_a_possible_size_are_refused(size):
    with pytest.raises(InvalidInput, match="must be a square of 16 to 768 px"):
        of_timm(input_size=size)
