"""Scalings: what files say, what a person chooses, and what is no answer."""

from dataclasses import replace

import pytest

from core.backbones import catalogue, get
from core.backbones.scalings import (
    PRESETS,
    own_scaling,
    preset,
    scaling_answer,
    scaling_of_config,
    scaling_of_metadata,
    scaling_words,
    title_of,
)
from core.backbones.values import Scaling
from core.errors import InvalidInput

GREY = (128, 128, 128)
HALF = Scaling(mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5))


def applied(scaling: Scaling, pixel=(255, 128, 0)) -> list[float]:
    found = [(p / 255 - m) / d for p, m, d in zip(pixel, scaling.mean, scaling.deviation, strict=True)]
    return [round(value, 3) for value in (reversed(found) if scaling.bgr else found)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zero_to_one", [1, 0.502, 0]),
        ("minus_one_to_one", [1, 0.004, -1]),
        ("imagenet", [2.249, 0.205, -1.804]),
        ("bgr", [-103.939, 11.221, 131.32]),
        ("inside", [255, 128, 0]),
    ],
)
def test_presets_do_what_their_titles_say(name, expected):
    assert applied(preset(name).scaling) == pytest.approx(expected, abs=1e-3)


def test_presets_are_the_four_usual_ones_and_none():
    assert [one.name for one in PRESETS] == ["zero_to_one", "minus_one_to_one", "imagenet", "bgr", "inside"]
    assert [title_of(one.scaling) for one in PRESETS] == [one.title for one in PRESETS]
    assert title_of(own_scaling([0.1], [0.2, 0.3, 0.4], bgr=True)) == "BGR, mean 0.1 0.1 0.1, deviation 0.2 0.3 0.4"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"pretrained_cfg": {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}}, HALF),
        ({"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}, preset("imagenet").scaling),
        ({"do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "rescale_factor": 1 / 255}, HALF),
        ({"do_normalize": False, "do_rescale": True}, Scaling()),
        ({"do_normalize": False, "do_rescale": False}, preset("inside").scaling),
        ({"do_normalize": True, "do_rescale": False, "image_mean": [127.5] * 3, "image_std": [127.5] * 3}, HALF),
        ({"do_normalize": False, "do_flip_channel_order": True}, Scaling(bgr=True)),
        ({"model_type": "vit"}, None),
        ({"mean": [0.5, 0.5], "std": [0.5, 0.5, 0.5]}, None),
        ({"mean": [0.5, 0.5, 0.5], "std": [0, 0.5, 0.5]}, None),
        ({"do_normalize": True, "image_mean": "none"}, None),
    ],
)
def test_json_of_timm_and_transformers_is_understood(config, expected):
    found = scaling_of_config(config)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert applied(found) == pytest.approx(applied(expected), abs=1e-3)
        assert found.bgr == expected.bgr


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"mean": "[123.675, 116.28, 103.53]", "std": "[58.395, 57.12, 57.375]"}, preset("imagenet").scaling),
        ({"preprocessor": '{"image_mean": [0.5], "image_std": [0.5], "do_normalize": true}'}, HALF),
        ({"Image.NominalPixelRange": "Normalized_1_1"}, HALF),
        (
            {"Image.NominalPixelRange": "NominalRange_0_255", "Image.BitmapPixelFormat": "Bgr8"},
            Scaling(deviation=preset("inside").scaling.deviation, bgr=True),
        ),
        ({"author": "me", "broken": "{"}, None),
        ({}, None),
    ],
)
def test_metadata_of_onnx_files_is_understood(metadata, expected):
    found = scaling_of_metadata(metadata)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert applied(found) == pytest.approx(applied(expected), abs=1e-3)


def test_an_answer_is_a_name_or_numbers_and_nothing_is_no_answer():
    assert scaling_answer({}) is None
    assert scaling_answer({"scaling": "bgr"}) == preset("bgr").scaling
    assert scaling_answer({"mean": [0.5], "deviation": [0.5]}) == HALF
    assert scaling_answer({"mean": [0.5], "deviation": [0.5], "bgr": True}) == Scaling(
        mean=HALF.mean, deviation=HALF.deviation, bgr=True
    )


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ({"scaling": "caffe"}, "Received: 'caffe'"),
        ({"scaling": "bgr", "mean": [0.5], "deviation": [1]}, "by name or by numbers, not both"),
        ({"mean": [0.5]}, "three numbers each"),
        ({"mean": [0.5, 0.5], "deviation": [1, 1, 1]}, "three numbers each"),
        ({"mean": [float("nan")], "deviation": [1]}, "three numbers each"),
        ({"mean": [123.0], "deviation": [58.0]}, "divide numbers for pixels from 0 to 255 by 255"),
        ({"mean": [0], "deviation": [0]}, "a deviation from 0 to 10"),
    ],
)
def test_what_is_no_answer_is_refused_in_a_sentence(answers, reason):
    with pytest.raises(InvalidInput, match=reason):
        scaling_answer(answers)


@pytest.mark.parametrize(
    "name, words",
    [
        ("efficientnet_lite0", "-1 to 1"),
        ("efficientnet_v2_b0", "ImageNet mean and deviation"),
        ("efficientnet_v2_s", "-1 to 1"),
        ("resnet50", "BGR minus ImageNet mean"),
        ("densenet121", "ImageNet mean and deviation"),
    ],
)
def test_the_scaling_of_a_backbone_in_words(name, words):
    assert scaling_words(get(name)) == words


def test_the_scaling_of_every_network_of_the_catalogue_is_known():
    assert all(scaling_words(row) for row in catalogue())
    assert scaling_words(replace(get("resnet50"), source="hub:a/b@c")) == ""
    assert scaling_words(replace(get("resnet50"), source="hub:a/b@c", scaling=Scaling())) == "0 to 1"
