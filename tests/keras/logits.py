"""Logits of a network on a synthetic pattern and demo photos, compared with a reference computed by other code."""

import zipfile

import keras
import numpy as np
from PIL import Image

from core.backbones import Backbone, obtain
from core.features import networks
from core.settings import REPOSITORY, Settings

PHOTOS = REPOSITORY / "core" / "datasets" / "demo" / "demo-photos.zip"


def pattern(size: int) -> np.ndarray:
    y, x, channel = np.mgrid[:size, :size, :3]
    return ((3 * x + 5 * y + 7 * channel + x * y // 16) % 256).astype(np.float32)


def photo(name: str, size: int) -> np.ndarray:
    with zipfile.ZipFile(PHOTOS) as archive, archive.open(name) as file:
        return np.asarray(Image.open(file).convert("RGB").resize((size, size), Image.Resampling.BICUBIC), np.float32)


def pixels(name: str, size: int) -> np.ndarray:
    return pattern(size) if name == "pattern" else photo(name, size)


def with_top(backbone: Backbone) -> keras.Model:
    """The network up to its logits."""
    kind = networks.KINDS[backbone.source.partition(":")[0]]
    model = kind.network(backbone, top=True)
    kind.load(model, obtain(backbone, Settings(), top=True))
    return model


def answers(model: keras.Model, batch: np.ndarray) -> np.ndarray:
    """Without ``predict``, which would take seconds to compile for five photos."""
    return keras.ops.convert_to_numpy(model(batch, training=False))


def largest_difference(model: keras.Model, reference: dict) -> float:
    """Between ``model`` and the five highest and every fiftieth logit of ``{input: logits}``."""
    size = model.input.shape[1]
    found = answers(model, np.stack([pixels(name, size) for name in reference]))
    differences = []
    for mine, theirs in zip(found, reference.values(), strict=True):
        differences += [mine[::50] - theirs["every_50th"], mine[theirs["top5"]] - theirs["top5_logits"]]
    return float(np.abs(np.concatenate(differences)).max())
