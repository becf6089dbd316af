"""Whether the classes of a checkpoint are ImageNet's 1,000 in their usual order, by what its ``config.json`` says."""

from collections.abc import Mapping
from typing import Any

from core.backbones.table import imagenet_classes

_LABELS_TO_COMPARE = range(0, 1000, 37)


def classifies_imagenet(config: Mapping[str, Any]) -> bool:
    """Whether a checkpoint of Transformers has a classifier of ImageNet's classes."""
    classifies = has_architecture(config, "ForImageClassification") or has_architecture(config, "WithTeacher")
    return classifies and are_imagenet(config.get("id2label") or {})


def timm_classifies_imagenet(config: Mapping[str, Any]) -> bool:
    """The same of timm, whose heads of 1,000 classes are ImageNet's unless the labels are named."""
    pretrained = config.get("pretrained_cfg") or {}
    named = config.get("label_names") or pretrained.get("label_names")
    classes = config.get("num_classes", pretrained.get("num_classes"))
    return classes == len(imagenet_classes()) and (not named or are_imagenet(dict(enumerate(named))))


def has_architecture(config: Mapping[str, Any], ending: str) -> bool:
    """Whether the name of a class of Transformers that the file lists ends so."""
    return any(str(name).endswith(ending) for name in config.get("architectures") or ())


def are_imagenet(labels: Mapping[Any, Any]) -> bool:
    """Some of the labels are compared: ``"0": "tench, Tinca tinca"``; names of one thing differ between lists."""
    known = imagenet_classes()
    if len(labels) != len(known):
        return False
    pairs = [(str(labels.get(str(at), labels.get(at, ""))), known[at]) for at in _LABELS_TO_COMPARE]
    same = sum(name.casefold() in label.casefold() or label.casefold() in name.casefold() for label, name in pairs)
    return same >= 0.7 * len(pairs)
