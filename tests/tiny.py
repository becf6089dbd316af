"""A tiny backbone for tests: 16 px, three blocks, eight features, milliseconds. Its weights come from a fixed seed.

    def test_something(monkeypatch, tmp_path):
        tiny = use_tiny(monkeypatch)             # get("tiny"), obtain, build and prefix work now
        networks.prefix(tiny, Settings(home=tmp_path))

It only affects the process of the test; a subprocess has the unchanged catalogue.
"""

from pathlib import Path

import pytest

from core.backbones import Backbone, table, weights

TINY = Backbone(
    name="tiny",
    title="Tiny",
    family="Tiny",
    source="tiny:seeded",
    parameters=368,
    input_size=16,
    feature_size=8,
    top1=0.001,
    top1_source="never trained",
    licence="Apache-2.0",
    blocks=("stem", "block1", "head"),
    block_shapes=((8, 8, 8), (4, 4, 8), (4, 4, 8)),
    weights_digest="sha256:" + "0" * 64,
    weights_bytes=0,
)


def use_tiny(monkeypatch: pytest.MonkeyPatch, backbone: Backbone = TINY, *, keras: bool = True) -> Backbone:
    """Puts ``backbone`` into the catalogue of this process, for this test; with ``keras=False`` as a row only."""
    monkeypatch.setitem(table.rows(), backbone.name, backbone)
    monkeypatch.setitem(weights.SOURCES, "tiny", _Here())
    if keras:
        from core.features import networks

        monkeypatch.setitem(networks.KINDS, "tiny", networks.Kind(_network, lambda model, path: None))
    return backbone


class _Here:
    def is_here(self, backbone, settings):
        return True

    def availability(self, backbone, settings):
        return weights.Availability.READY

    def obtain(self, backbone, settings, progress, top):
        return Path("no file: seeded weights")


def _network(backbone: Backbone, *, top: bool = False):
    import keras
    from keras import layers

    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scaling")(inputs)
    for seed, (block, stride) in enumerate(zip(backbone.blocks, (2, 2, 1), strict=True), start=1):
        kernel = keras.initializers.HeNormal(seed=seed)
        x = layers.Conv2D(
            8, 3 if seed == 1 else 1, stride, padding="same", kernel_initializer=kernel, name=f"{block}_conv"
        )(x)
        x = layers.ReLU(6.0, name=f"{block}_relu")(x)
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(1000, kernel_initializer=keras.initializers.HeNormal(seed=9), name="logits")(x)
    return keras.Model(inputs, x, name=backbone.name)
