"""How the pixels of an own network are scaled: what its files say, or what a person chooses. It is never guessed.

Files say it in the JSON of timm (``pretrained_cfg``) or Transformers (``preprocessor_config.json``), or in an ONNX
file's metadata (https://github.com/onnx/onnx/blob/main/docs/MetadataProps.md).
"""

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.backbones.values import Backbone, Scaling
from core.errors import InvalidInput

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BYTE = 1 / 255


@dataclass(frozen=True, kw_only=True)
class ScalingPreset:
    """A usual scaling, by its name on the command line, with a title and who uses it."""

    name: str
    title: str
    used_by: str
    scaling: Scaling


PRESETS = (
    ScalingPreset(
        name="zero_to_one", title="0 to 1", used_by="pixels divided by 255; many networks of PyTorch without Normalize",
        scaling=Scaling(),
    ),
    ScalingPreset(
        name="minus_one_to_one", title="-1 to 1", used_by="MobileNet, Inception and Xception of Keras, TF-Slim, BiT",
        scaling=Scaling(mean=(0.5, 0.5, 0.5), deviation=(0.5, 0.5, 0.5)),
    ),
    ScalingPreset(
        name="imagenet", title="ImageNet mean and deviation", used_by="torchvision, timm, DenseNet of Keras",
        scaling=Scaling(mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION),
    ),
    ScalingPreset(
        name="bgr", title="BGR minus ImageNet mean", used_by="Caffe; VGG and ResNet of Keras",
        scaling=Scaling(mean=(123.68 / 255, 116.779 / 255, 103.939 / 255), deviation=(_BYTE, _BYTE, _BYTE), bgr=True),
    ),
    ScalingPreset(
        name="inside", title="0 to 255, as they are", used_by="networks that scale their input themselves",
        scaling=Scaling(deviation=(_BYTE, _BYTE, _BYTE)),
    ),
)  # fmt: skip
"""The four usual scalings, and none."""


@dataclass(frozen=True, kw_only=True)
class FoundScaling:
    """A scaling that the files of a network say, and where: ``preprocessor_config.json``."""

    scaling: Scaling
    source: str


def preset(name: str) -> ScalingPreset:
    """Raises InvalidInput where there is no preset of this name."""
    for one in PRESETS:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in PRESETS)
    raise InvalidInput(f"Pixels can be scaled in these ways: {names}; or by numbers of your own. Received: {name!r}")


_OF_FAMILY = {
    "ConvNeXt": "imagenet",
    "DenseNet": "imagenet",
    "EfficientNet": "imagenet",
    "Inception": "minus_one_to_one",
    "MobileNet": "minus_one_to_one",
    "MobileNetV1": "minus_one_to_one",
    "MobileNetV2": "minus_one_to_one",
    "MobileNetV3": "minus_one_to_one",
    "NASNet": "minus_one_to_one",
    "ResNet": "bgr",
    "ResNetV2": "minus_one_to_one",
    "SqueezeNet": "bgr",
    "VGG": "bgr",
    "Xception": "minus_one_to_one",
}
"""Families of the catalogue whose networks scale pixels inside (``core.features``), and how."""


def scaling_words(backbone: Backbone) -> str:
    """How the pixels become the input of a backbone; "" where that is not known."""
    if backbone.scaling is not None:
        return title_of(backbone.scaling)
    if backbone.is_added or backbone.is_trained or backbone.family not in (*_OF_FAMILY, *_BY_128):
        return ""
    if backbone.family in _BY_128:
        inner = backbone.family == "EfficientNetV2" and backbone.name.rpartition("_")[2].startswith("b")
        return preset("imagenet" if inner else "minus_one_to_one").title
    return preset(_OF_FAMILY[backbone.family]).title


_BY_128 = ("EfficientNet-Lite", "EfficientNetV2")
"""Scaled by (pixel - 127) / 128 or pixel / 128 - 1, nearly -1 to 1; the smaller networks of EfficientNetV2 (B0 to B3)
by the mean and deviation of ImageNet."""


def title_of(scaling: Scaling) -> str:
    """A scaling in words: the title of its preset, or its numbers."""
    for one in PRESETS:
        if one.scaling == scaling:
            return one.title
    mean, deviation = (" ".join(f"{value:.4g}" for value in values) for values in (scaling.mean, scaling.deviation))
    order = "BGR, " if scaling.bgr else ""
    return f"{order}mean {mean}, deviation {deviation}"


def own_scaling(mean: Sequence[float], deviation: Sequence[float], *, bgr: bool = False) -> Scaling:
    """A scaling by numbers, for pixels from 0 to 1.

    Raises:
        InvalidInput: there are not three of each, or they are no possible ones.
    """
    means, deviations = _three(mean), _three(deviation)
    if means is None or deviations is None:
        raise InvalidInput(
            "Mean and deviation are three numbers each, of red, green and blue. Received: "
            f"{_listed(mean)} and {_listed(deviation)}"
        )
    if not all(0 < value <= 10 for value in deviations) or not all(-10 <= value <= 10 for value in means):
        raise InvalidInput(
            "For pixels from 0 to 1 a mean is from -10 to 10 and a deviation from 0 to 10; divide numbers for pixels "
            f"from 0 to 255 by 255. Received: mean {_listed(mean)}, deviation {_listed(deviation)}"
        )
    return Scaling(mean=means, deviation=deviations, bgr=bgr)


def scaling_answer(answers: Mapping[str, Any]) -> Scaling | None:
    """The scaling that a person chose: ``scaling`` (a preset's name), or ``mean``, ``deviation`` and ``bgr``; None
    where nothing was chosen.

    Raises:
        InvalidInput: it is none.
    """
    name, mean, deviation = (answers.get(key) for key in ("scaling", "mean", "deviation"))
    if mean is None and deviation is None:
        return None if name is None else preset(str(name)).scaling
    if name is not None:
        raise InvalidInput(f"Choose a scaling by name or by numbers, not both. Received: {name!r} and numbers")
    return own_scaling(mean or (), deviation or (), bgr=bool(answers.get("bgr", False)))


# --- what files say ---


def scaling_of_config(config: Mapping[str, Any]) -> Scaling | None:
    """The scaling in a JSON of timm or Transformers; None where it says nothing that can be used."""
    inner = config.get("pretrained_cfg", config)
    if not isinstance(inner, Mapping):
        return None
    if "mean" in inner and "std" in inner:
        return _from_numbers(inner["mean"], inner["std"])
    if "do_normalize" in config or "image_mean" in config or "do_rescale" in config:
        return _of_transformers(config)
    return None


def scaling_of_metadata(metadata: Mapping[str, str]) -> Scaling | None:
    """The scaling in the metadata of an ONNX file; None where it says nothing that can be used."""
    for value in (metadata, *(_json(text) for text in metadata.values())):
        found = scaling_of_config(value) if isinstance(value, Mapping) else None
        if found is not None:
            return found
    ranges = {"NominalRange_0_255": "inside", "Normalized_0_1": "zero_to_one", "Normalized_1_1": "minus_one_to_one"}
    name = ranges.get(metadata.get("Image.NominalPixelRange", ""))
    if name is None:
        return None
    scaling = preset(name).scaling
    bgr = metadata.get("Image.BitmapPixelFormat", "").lower().startswith("bgr")
    return Scaling(mean=scaling.mean, deviation=scaling.deviation, bgr=bgr)


def _of_transformers(config: Mapping[str, Any]) -> Scaling | None:
    """Of a ``preprocessor_config.json``: rescaled first, then normalized."""
    factor = config.get("rescale_factor", _BYTE) if config.get("do_rescale", True) else 1.0
    if not isinstance(factor, int | float) or not factor > 0:
        return None
    mean, deviation = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if config.get("do_normalize", True):
        means, deviations = _three(config.get("image_mean")), _three(config.get("image_std"))
        if means is None or deviations is None or min(deviations) <= 0:
            return None
        mean, deviation = means, deviations
    scale = _BYTE / factor  # of numbers for ``pixel * factor`` to those for ``pixel / 255``
    return Scaling(
        mean=(mean[0] * scale, mean[1] * scale, mean[2] * scale),
        deviation=(deviation[0] * scale, deviation[1] * scale, deviation[2] * scale),
        bgr=bool(config.get("do_flip_channel_order", False)),
    )


def _from_numbers(mean: Any, deviation: Any) -> Scaling | None:
    """Numbers for pixels from 0 to 1, or from 0 to 255 where a mean or deviation is above 2."""
    means, deviations = (_three(_json(value) if isinstance(value, str) else value) for value in (mean, deviation))
    if means is None or deviations is None or min(deviations) <= 0:
        return None
    by = 255.0 if max(*means, *deviations) > 2 else 1.0
    return Scaling(
        mean=(means[0] / by, means[1] / by, means[2] / by),
        deviation=(deviations[0] / by, deviations[1] / by, deviations[2] / by),
    )


def _three(values: Any) -> tuple[float, float, float] | None:
    """Three finite numbers; a single one stands for all three."""
    if isinstance(values, int | float) and not isinstance(values, bool):
        values = [values] * 3
    if not isinstance(values, Sequence) or isinstance(values, str):
        return None
    with suppress(TypeError, ValueError):
        found = [float(value) for value in values]
        if len(found) == 1:
            found *= 3
        if len(found) == 3 and all(map(math.isfinite, found)):
            return found[0], found[1], found[2]
    return None


def _json(text: str) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return None


def _listed(values: Sequence[float]) -> str:
    return " ".join(map(str, values)) or "none"
