"""Which networks of the hub Graft builds: of tokens and in stages itself, other convolutional ones with keras-hub."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from core.backbones.hub.layouts import HubLayout
from core.backbones.staged.config import FAMILIES_OF_TIMM, FAMILIES_OF_TRANSFORMERS
from core.errors import InvalidInput, Unavailable

KERAS_FAMILIES = {
    "ResNetBackbone": "ResNet",
    "DenseNetBackbone": "DenseNet",
    "VGGBackbone": "VGG",
    "EfficientNetBackbone": "EfficientNet",
    "MobileNetBackbone": "MobileNetV3",
    "HGNetV2Backbone": "HGNetV2",
    "CSPNetBackbone": "CSPNet",
}
"""Classes of keras-hub whose graph can be cut into blocks, with their family for display."""

IMAGENET_CLASSES = 1000

_TIMM_FAMILIES = (
    ("resnetv2_", "ResNetV2"), ("resnet", "ResNet"), ("csp", "CSPNet"), ("dark", "CSPNet"), ("densenet", "DenseNet"),
    ("mobilenetv3", "MobileNetV3"), ("vgg", "VGG"), ("efficientnet_", "EfficientNet"),
    ("efficientnetv2_", "EfficientNetV2"), ("hgnetv2", "HGNetV2"),
)  # fmt: skip
"""Beginnings of timm's names of architectures that keras-hub converts."""

FAMILIES = (
    f"ViT, DeiT, DINOv2, CLIP and SigLIP; of Transformers also {', '.join(FAMILIES_OF_TRANSFORMERS)}; of timm also "
    + ", ".join(sorted({*FAMILIES_OF_TIMM, *(family for _, family in _TIMM_FAMILIES)}))
)


def convolutional_family(layout: HubLayout, config: Mapping[str, Any]) -> str:
    """The family of a convolutional network.

    Raises:
        InvalidInput: it is none that Graft builds.
    """
    name = architecture_of(layout, config)
    if layout is HubLayout.TIMM:
        for beginning, family in _TIMM_FAMILIES:
            if name.startswith(beginning):
                return family
    if layout is HubLayout.KERAS and config.get("registered_name") == f"keras_hub>{name}" and name in KERAS_FAMILIES:
        _refuse_objects(config.get("config"))
        _refuse_unknown_shortcuts(config.get("config"))
        return KERAS_FAMILIES[name]
    raise InvalidInput(
        f"Its architecture is {name[:60]} ({layout}), which Graft does not build. It builds {FAMILIES}; an ONNX file "
        "of any other network can be added as a file of your own."
    )


def _refuse_objects(value: Any) -> None:
    """Raises InvalidInput where a serialised object is within, which keras-hub would create; a dtype may be one."""
    if isinstance(value, Mapping):
        if "class_name" in value and value.get("class_name") != "DTypePolicy":
            raise InvalidInput(
                f"Its config.json has an object of the class {str(value['class_name'])[:60]!r} in it, which no "
                "backbone needs. Choose another model."
            )
        for inner in value.values():
            _refuse_objects(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_objects(inner)


def _refuse_unknown_shortcuts(about: Any) -> None:
    """Raises InvalidInput of an EfficientNet of which keras-hub 0.32 did not save which stages have no shortcut: those
    that force the filters of their first stage (EL, EM and ES) have one without."""
    forced = about.get("stackwise_force_input_filters") if isinstance(about, Mapping) else None
    if isinstance(forced, list) and any(forced) and "stackwise_nores_option" not in about:
        raise InvalidInput(
            "Its config.json does not say stackwise_nores_option (which stages have no shortcut), which keras-hub does "
            "not save of EfficientNet-EL, EM and ES; a wrong guess gives wrong features. Choose a repository of the "
            "same network in timm's layout."
        )


_HEAD_ARGUMENTS = {"pooling": str, "pooling_hidden_dim": int, "num_features": int, "head_filters": int}
"""What the ``task.json`` of a classifier may say of its head; nothing else is used, and no object of it is made."""


def keras_head_of(config: Mapping[str, Any], task: Mapping[str, Any]) -> dict[str, Any] | None:
    """The arguments of the ImageNet classifier that ``task.json`` describes beside the ``config.json`` of a backbone in
    the layout of Keras; None where it is no classifier of 1,000 classes of that backbone."""
    backbone = architecture_of(HubLayout.KERAS, config)
    about = task.get("config")
    named = f"keras_hub>{backbone.removesuffix('Backbone')}ImageClassifier"
    if task.get("registered_name") != named or backbone not in KERAS_FAMILIES or not isinstance(about, Mapping):
        return None
    if about.get("num_classes") != IMAGENET_CLASSES:
        return None
    return {name: about[name] for name, kind in _HEAD_ARGUMENTS.items() if type(about.get(name)) is kind}


def architecture_of(layout: HubLayout, config: Mapping[str, Any]) -> str:
    """Its name in its library: ``resnet18``, ``dinov2``, ``ResNetBackbone``."""
    if layout is HubLayout.KERAS:
        return str(config.get("registered_name", "")).rpartition(">")[2]
    return str(config.get("architecture" if layout is HubLayout.TIMM else "model_type", ""))


def require_keras_hub() -> None:
    """Raises:
    Unavailable: keras-hub, which converts convolutional networks, is not installed.
    """
    if find_spec("keras_hub") is None:
        raise Unavailable(
            "Convolutional networks of the hub are converted with keras-hub, which is not installed. Run "
            "`make setup HUB=1` and try again; vision transformers do not need it."
        )
