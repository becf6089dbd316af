"""Tiny random models as repositories of a hub: of tokens, without TensorFlow, and convolutional ones of timm."""

import json
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import save

from tests.tiny_tokens import config_of, layout_of, tensors_of, tokenizer

PREPROCESSOR = {
    "do_normalize": True, "do_rescale": True, "do_resize": True, "rescale_factor": 1 / 255, "do_center_crop": False,
    "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225],
}  # fmt: skip
SIZES = {"dinov2": 56}
"""Of the inputs of tiny networks; the others have 32."""


def token_files(name: str, **preprocessor: Any) -> dict[str, bytes]:
    """The repository of one of ``tests.tiny_tokens.NAMES``."""
    config = config_of(name)
    size = SIZES.get(name.partition("_")[0], 32)
    files = {"model.safetensors": save(tensors_of(name)), "README.md": b"# Tiny\n"}
    if layout_of(name) == "timm":
        config["pretrained_cfg"] |= {"mean": [0.5] * 3, "std": [0.5] * 3, "crop_pct": 0.9, "crop_mode": "center"}
    else:
        about = PREPROCESSOR | {"size": {"height": size, "width": size}} | preprocessor
        files["preprocessor_config.json"] = json.dumps(about).encode()
    if "text_config" in config:
        files["tokenizer.json"] = tokenizer(ends=name == "clip").to_str().encode()
    return files | {"config.json": json.dumps(config).encode()}


def timm_files(architecture: str, size: int = 64, seed: int = 0) -> dict[str, bytes]:
    """The repository of a convolutional network of timm with random weights; needs keras-hub."""
    config = {
        "architecture": architecture,
        "num_classes": 1000,
        "num_features": 1024,
        "pretrained_cfg": {
            "input_size": [3, size, size], "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
            "crop_pct": 0.95, "crop_mode": "center", "interpolation": "bicubic", "num_classes": 1000,
            "classifier": "classifier",
        },
    }  # fmt: skip
    return {"config.json": json.dumps(config).encode(), "model.safetensors": save(_tensors(config, seed))}


def keras_files(network: Any, size: int = 64) -> dict[str, bytes]:
    """The repository of a backbone or classifier of keras-hub."""
    with TemporaryDirectory() as folder:
        network.save_to_preset(folder)
        files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    converter = {"config": {"image_size": [size, size], "scale": 1 / 255, "offset": 0.0, "crop_to_aspect_ratio": True}}
    return files | {"image_converter.json": json.dumps(converter).encode()}


def _tensors(config: dict[str, Any], seed: int) -> dict[str, np.ndarray]:
    """Random tensors under the names and in the shapes that keras-hub's converter of this network asks for."""
    from keras_hub.src.utils.timm.preset_loader import TimmPresetLoader

    loader = TimmPresetLoader("", config)
    found = _Asked(seed)
    backbone = loader.converter.backbone_cls(**loader.converter.convert_backbone_config(config))
    loader.converter.convert_weights(backbone, found, config)
    classifier = _classifier(backbone, config)
    if classifier is not None:
        loader.converter.convert_head(classifier, found, config)
    return found.tensors


def _classifier(backbone: Any, config: dict[str, Any]) -> Any:
    import keras_hub

    kind = next(
        (one for one in vars(keras_hub.models).values() if getattr(one, "backbone_cls", None) is type(backbone)
         and issubclass(one, keras_hub.models.ImageClassifier)), None,
    )  # fmt: skip
    if kind is None:
        return None
    extra = {"num_features": config["num_features"]} if "mobilenet" in config["architecture"] else {}
    return kind(backbone=backbone, preprocessor=None, num_classes=config["num_classes"], **extra)


class _Asked:
    """A loader that invents every tensor it is asked for."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.tensors: dict[str, np.ndarray] = {}
        self.safetensor_config = None

    def port_weight(self, keras_variable: Any, hf_weight_key: str, hook_fn: Any = None) -> None:
        wanted = tuple(keras_variable.shape)
        self.tensors[hf_weight_key] = self._values(hf_weight_key, _stored_shape(wanted, hook_fn))

    def get_tensor(self, hf_weight_key: str) -> np.ndarray:
        return self.tensors.setdefault(hf_weight_key, self._values(hf_weight_key, ()))

    def _values(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        values = self._random.normal(0, (2 / max(int(np.prod(shape[1:])), 1)) ** 0.5 if len(shape) > 1 else 0.05, shape)
        if "var" in name:
            values = 1 + np.abs(values)
        elif name.endswith("weight") and len(shape) == 1:
            values = 1 + values
        return np.asarray(values, np.float32)


def _stored_shape(wanted: tuple[int, ...], hook: Any) -> tuple[int, ...]:
    """The shape in the file that becomes ``wanted``."""
    if hook is None:
        return wanted
    for shape in dict.fromkeys(permutations(wanted)):
        try:
            made = np.shape(hook(np.zeros(shape, np.float32), list(wanted)))
        except (ValueError, IndexError, AssertionError):
            continue
        if made == wanted:
            return shape
    raise AssertionError(f"no shape becomes {wanted}")
