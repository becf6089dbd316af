"""Networks of the hub, built from the folder of an added backbone: of tokens, or convolutional."""

from pathlib import Path

import keras

from core.backbones.values import Backbone
from core.features import converted, token_folder


def network(backbone: Backbone, folder: Path, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; tokens or last feature map, or logits
    (n, 1000).
    """
    return (token_folder if backbone.tokens else converted).network(backbone, folder, top=top)


def load(model: keras.Model, folder: Path) -> None:
    """Puts the weights in the folder into ``network``.

    Raises:
        Unavailable: they do not fit it.
    """
    (converted if (folder / converted.NETWORK).exists() else token_folder).load(model, folder)
