"""Tiny random networks in stages as Transformers and timm store them, and what these libraries compute with them.

``staged_reference.json`` has the names and shapes of the tensors and the outputs; ``staged_reference`` wrote it. The
values of the tensors are drawn from their names, so that both sides have the same.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from safetensors.numpy import save

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 1000
REFERENCE = Path(__file__).parent / "staged_reference.json"


def _resnet(**changes: Any) -> dict[str, Any]:
    usual = {"model_type": "resnet", "architectures": ["ResNetForImageClassification"], "embedding_size": 8,
             "hidden_sizes": [16, 32], "depths": [2, 1], "layer_type": "bottleneck"}  # fmt: skip
    return usual | changes


def _convnext(model_type: str) -> dict[str, Any]:
    name = {"convnext": "ConvNext", "convnextv2": "ConvNextV2"}[model_type]
    return {"model_type": model_type, "architectures": [f"{name}ForImageClassification"], "num_stages": 2,
            "hidden_sizes": [8, 16], "depths": [1, 2], "layer_scale_init_value": 1e-6, "image_size": 64}  # fmt: skip


TRANSFORMERS: dict[str, dict[str, Any]] = {
    "resnet": _resnet(),
    "resnet_basic": _resnet(layer_type="basic", hidden_sizes=[8, 16]),
    "resnet_first": _resnet(downsample_in_bottleneck=True, downsample_in_first_stage=True),
    "convnext": _convnext("convnext"),
    "convnextv2": _convnext("convnextv2"),
    "swin": {
        "model_type": "swin",
        "architectures": ["SwinForImageClassification"],
        "image_size": 32,
        "embed_dim": 8,
        "depths": [2, 2],
        "num_heads": [1, 2],
        "window_size": 4,
    },
}
"""``config.json`` without the names of the classes."""

TIMM: dict[str, dict[str, Any]] = {
    "timm_convnext": {"architecture": "convnext_atto", "model_args": {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16]}},
    "timm_convnextv2": {"architecture": "convnextv2_tiny",
                        "model_args": {"depths": [1, 1, 1, 1], "dims": [8, 8, 16, 16]}},
    "timm_swin": {"architecture": "swin_tiny_patch4_window7_224",
                  "model_args": {"img_size": 48, "window_size": 3, "embed_dim": 8, "depths": [2, 2],
                                 "num_heads": [1, 2]}},
}  # fmt: skip
"""Architecture and ``model_args``."""

SIZES: dict[str, int] = {"swin": 32, "timm_swin": 48}
"""Side of the inputs; 64 px where none is named."""


def size_of(name: str) -> int:
    return SIZES.get(name, 64)


def value_of(tensor: str, shape: tuple[int, ...]) -> np.ndarray:
    """Random values of a tensor, the same wherever they are drawn."""
    random = np.random.default_rng(crc32(tensor.encode()))
    if tensor.endswith("num_batches_tracked"):
        return np.zeros(shape, np.int64)
    values = random.normal(0, 1, shape)
    if tensor.endswith("running_var"):
        values = 1 + np.abs(values)
    elif len(shape) > 1 and "bias" not in tensor and "grn" not in tensor:
        values *= (2 / np.prod(shape[1:])) ** 0.5
    elif tensor.endswith(("weight", "gamma", "layer_scale_parameter")) and "grn" not in tensor:
        values = 1 + 0.2 * values
    else:
        values *= 0.2
    return np.asarray(values, np.float32)


def photos(size: int) -> np.ndarray:
    """Two random photos, uint8 as float32."""
    return np.random.default_rng(7).integers(0, 256, (2, size, size, 3)).astype(np.float32)


@cache
def reference() -> dict[str, Any]:
    """By name: ``tensors`` (name: shape), ``features`` (pooled, of both photos), ``logits`` (the first 20)."""
    found: dict[str, Any] = json.loads(REFERENCE.read_text())
    return found


def tensors_of(name: str) -> dict[str, np.ndarray]:
    return {tensor: value_of(tensor, tuple(shape)) for tensor, shape in reference()[name]["tensors"].items()}


def config_of(name: str) -> dict[str, Any]:
    """``config.json`` as a hub has it, with the names of ImageNet's classes."""
    from core.backbones import imagenet_classes

    if name in TIMM:
        return TIMM[name] | {
            "num_classes": CLASSES,
            "pretrained_cfg": {"input_size": [3, size_of(name)] + [size_of(name)], "mean": MEAN, "std": DEVIATION,
                               "num_classes": CLASSES, "crop_pct": 0.9},
        }  # fmt: skip
    return TRANSFORMERS[name] | {"id2label": {str(at): label for at, label in enumerate(imagenet_classes())}}


def repository_of(name: str) -> dict[str, bytes]:
    """The files of a repository of a hub."""
    size = size_of(name)
    files = {"config.json": json.dumps(config_of(name)).encode(), "model.safetensors": save(tensors_of(name))}
    about = {"do_normalize": True, "do_resize": True, "image_mean": MEAN, "image_std": DEVIATION, "size": size}
    return files if name in TIMM else files | {"preprocessor_config.json": json.dumps(about).encode()}
