"""Writes the ``keras:`` rows of ``core/backbones/catalogue.json``: ``python -m core.features.networks_catalogue``.

Parameters, feature size, blocks, and shape and cost of every block are read off the networks; file names, addresses and
checksums are those the installed Keras would download (caught before it does). Values that cannot be computed are in
the table below: published top-1 (https://keras.io/api/applications/ and the page of MobileNetV3), file sizes (as Keras
prints them while downloading), what they were trained on (the documentation of ``keras.applications``) and the licences
of the weights (the "License" sections of the Keras documentation; ConvNeXt and EfficientNet from their repositories).
Rows that need no download keep what they say; what can be read off their networks is counted again.
"""

import json
from dataclasses import asdict, fields, replace
from typing import Any, NamedTuple
from unittest import mock

import keras

from core.backbones import Backbone, catalogue, get, table
from core.backbones.table import FILE
from core.features import networks
from core.features.measuring import measured
from core.settings import Settings

TOP1_SOURCE = "https://keras.io/api/applications/"
OTHER_SOURCES = {"MobileNetV3": "https://keras.io/api/applications/mobilenet/"}
"""By family, where the table of the first page has no figure."""

TABLE = """
mobilenet_v2 MobileNetV2 MobileNetV2 224 71.3 9406464
mobilenet_v3_small MobileNetV3Small MobileNetV3 224 68.1 4334752
mobilenet_v3_large MobileNetV3Large MobileNetV3 224 75.6 12683000
mobilenet MobileNet MobileNet 224 70.4 17225924
efficientnet_v2_b0 EfficientNetV2B0 EfficientNetV2 224 78.7 24274472
efficientnet_v2_b1 EfficientNetV2B1 EfficientNetV2 240 79.8 28456008
efficientnet_v2_b2 EfficientNetV2B2 EfficientNetV2 260 80.5 35839040
efficientnet_v2_b3 EfficientNetV2B3 EfficientNetV2 300 82.0 52606240
efficientnet_v2_s EfficientNetV2S EfficientNetV2 384 83.9 82420632
efficientnet_v2_m EfficientNetV2M EfficientNetV2 480 85.3 214201816
efficientnet_v2_l EfficientNetV2L EfficientNetV2 480 85.7 473176280
efficientnet_b0 EfficientNetB0 EfficientNet 224 77.1 16705208
efficientnet_b1 EfficientNetB1 EfficientNet 240 79.1 27018416
efficientnet_b2 EfficientNetB2 EfficientNet 260 80.1 31790344
efficientnet_b3 EfficientNetB3 EfficientNet 300 81.6 43941136
efficientnet_b4 EfficientNetB4 EfficientNet 380 82.9 71686520
efficientnet_b5 EfficientNetB5 EfficientNet 456 83.6 115263384
efficientnet_b6 EfficientNetB6 EfficientNet 528 84.0 165234480
efficientnet_b7 EfficientNetB7 EfficientNet 600 84.3 258076736
resnet50 ResNet50 ResNet 224 74.9 94765736
resnet101 ResNet101 ResNet 224 76.4 171446536
resnet152 ResNet152 ResNet 224 76.6 234698864
resnet50_v2 ResNet50V2 ResNetV2 224 76.0 94668760
resnet101_v2 ResNet101V2 ResNetV2 224 77.2 171317808
resnet152_v2 ResNet152V2 ResNetV2 224 78.0 234545216
densenet121 DenseNet121 DenseNet 224 75.0 29084464
densenet169 DenseNet169 DenseNet 224 76.2 51877672
densenet201 DenseNet201 DenseNet 224 77.3 74836368
convnext_tiny ConvNeXtTiny ConvNeXt 224 81.3 111650432
convnext_small ConvNeXtSmall ConvNeXt 224 82.3 198551472
convnext_base ConvNeXtBase ConvNeXt 224 85.3 350926856
convnext_large ConvNeXtLarge ConvNeXt 224 86.3 785596384
convnext_xlarge ConvNeXtXLarge ConvNeXt 224 86.7 1393257616
inception_v3 InceptionV3 Inception 299 77.9 87910968
inception_resnet_v2 InceptionResNetV2 Inception 299 80.3 219055592
xception Xception Xception 299 79.0 83683744
nasnet_mobile NASNetMobile NASNet 224 74.4 19993432
nasnet_large NASNetLarge NASNet 331 82.5 343610240
vgg16 VGG16 VGG 224 71.3 58889256
vgg19 VGG19 VGG 224 71.3 80134624
"""
"""Name, function of ``keras.applications``, family, input size, top-1 in percent, bytes of the file without top."""

LICENCES = {
    "ConvNeXt": "MIT",
    "DenseNet": "BSD-3-Clause",
    "ResNet": "MIT",
    "ResNetV2": "BSD-3-Clause",
    "VGG": "CC-BY-4.0",
    "Xception": "MIT",
}
"""By family; the others, all from Google, are under Apache-2.0."""

IMAGENET = "ImageNet-1k (1.28 million photos, 1,000 classes)"
LARGER = "ImageNet-21k (14 million photos), then ImageNet-1k (1.28 million photos, 1,000 classes)"
TRAINED_ON = dict.fromkeys(("convnext_base", "convnext_large", "convnext_xlarge"), LARGER)
"""By name; the others on ImageNet-1k only."""

KEPT = ("short", "smallest_size", "sized_classifier")
"""Fields of a row that are written by hand into the catalogue."""

REVISIONS = {"EfficientNet": 2}
"""By family, where ``Backbone.revision`` was raised: until 0.7 a layer of these networks was missing."""

TOP_BYTES = {"mobilenet": 17225924, "mobilenet_v2": 14536120}
"""Of the files with top for which Keras has no checksum: then the size is checked."""


class _File(NamedTuple):
    name: str
    url: str
    file_hash: str | None


class _CaughtError(Exception):
    """Stops Keras where it would download."""


def main() -> None:
    offline = [row for row in catalogue() if row.comes_with_graft]
    rows = [asdict(_measured(replace(row, trained_on=IMAGENET))) for row in offline]
    for line in TABLE.split("\n"):
        if line:
            rows.append(asdict(_row(*line.split())))
            print(rows[-1]["title"], flush=True)
            keras.backend.clear_session()
    FILE.write_text("[\n" + ",\n".join(_pretty(row) for row in rows) + "\n]\n")


def _row(name: str, function: str, family: str, input_size: str, top1: str, size: str) -> Backbone:
    plain, top = (_weights_file(function, int(input_size), include_top=include_top) for include_top in (False, True))
    row = Backbone(
        name=name,
        title=function,
        family=family,
        source=f"keras:{function}",
        parameters=0,
        input_size=int(input_size),
        feature_size=0,
        top1=round(float(top1) / 100, 4),
        top1_source=OTHER_SOURCES.get(family, TOP1_SOURCE),
        licence=LICENCES.get(family, "Apache-2.0"),
        trained_on=TRAINED_ON.get(name, IMAGENET),
        revision=REVISIONS.get(family, 1),
        blocks=(),
        weights_digest=_digest(plain.file_hash, int(size)),
        weights_bytes=int(size),
        weights_url=plain.url,
        weights_file=plain.name,
        top_url=top.url,
        top_file=top.name,
        top_digest=_digest(top.file_hash, TOP_BYTES.get(name)),
        **{field: getattr(get(name), field) for field in KEPT if name in table.rows()},
    )
    return _measured(row)


def _measured(row: Backbone) -> Backbone:
    return measured(row, networks.build(row, Settings(), weights=False))


def _weights_file(function: str, size: int, *, include_top: bool) -> _File:
    def caught(name: str, url: str, file_hash: str | None = None, **_other: Any) -> str:
        raise _CaughtError(_File(name, url, file_hash))

    with mock.patch("keras.src.utils.file_utils.get_file", caught):
        try:
            getattr(keras.applications, function)(include_top=include_top, input_shape=(size, size, 3))
        except _CaughtError as error:
            return _File(*error.args[0])
    raise ValueError(f"{function} did not ask for weights")


def _digest(file_hash: str | None, size: int | None) -> str:
    if file_hash is None:
        return f"size:{size}"
    return f"{'md5' if len(file_hash) == 32 else 'sha256'}:{file_hash}"


def _pretty(row: dict) -> str:
    """One line a field, and no fields that have their default."""
    usual = {field.name: field.default for field in fields(Backbone)}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in row.items() if value != usual[key]]
    return "{\n" + ",\n".join(lines) + "\n}"


if __name__ == "__main__":
    main()
