"""ResNet (He et al. 2015) of Transformers; blocks ``stem``, ``stage1_block1`` ..."""

import keras
from keras import layers

from core.backbones.staged.resnet import ResNetNumbers
from core.features.staged.layers import TensorLayers

PREFIXES = ("resnet.",)


def features(x: keras.KerasTensor, a: ResNetNumbers, made: TensorLayers) -> keras.KerasTensor:
    """Scaled pixels -> the last feature map."""
    x = _normalised(x, "embedder.embedder", "stem_conv", made, stride=2, padding=3, filters=a.stem)
    x = layers.ZeroPadding2D(1, name="stem_pool_padding")(x)  # nothing is below zero here
    x = layers.MaxPooling2D(3, 2, name="stem_pool")(x)
    for stage, (width, depth) in enumerate(zip(a.widths, a.depths, strict=True)):
        for block in range(depth):
            first = block == 0 and (stage > 0 or a.downsample_first)
            tensor = f"encoder.stages.{stage}.layers.{block}"
            x = _block(x, tensor, f"stage{stage + 1}_block{block + 1}", a, made, width, 2 if first else 1)
    return x


def logits(x: keras.KerasTensor, _numbers: ResNetNumbers, made: TensorLayers) -> keras.KerasTensor:
    """The last feature map -> (n, 1000)."""
    return made.dense(layers.GlobalAveragePooling2D(name="mean")(x), "classifier.1", "logits")


def _block(
    x: keras.KerasTensor, tensor: str, name: str, a: ResNetNumbers, made: TensorLayers, width: int, stride: int
) -> keras.KerasTensor:
    shortcut = x
    if x.shape[-1] != width or stride != 1:
        shortcut = made.conv(x, f"{tensor}.shortcut.convolution", f"{name}_shortcut", stride=stride)
        shortcut = made.batch_norm(shortcut, f"{tensor}.shortcut.normalization", f"{name}_shortcut_bn")
    paddings = (0, 1, 0) if a.bottleneck else (1, 1)
    strided = 1 if a.bottleneck and not a.stride_first else 0
    for at, padding in enumerate(paddings):
        x = _normalised(
            x, f"{tensor}.layer.{at}", f"{name}_conv{at + 1}", made, stride=stride if at == strided else 1,
            padding=padding, relu=at < len(paddings) - 1, filters=width if at == len(paddings) - 1 else None,
        )  # fmt: skip
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, shortcut]))


def _normalised(
    x: keras.KerasTensor, tensor: str, name: str, made: TensorLayers, *, stride: int, padding: int, relu: bool = True,
    filters: int | None = None,
) -> keras.KerasTensor:  # fmt: skip
    """Convolution, batch normalisation, ReLU."""
    x = made.conv(x, f"{tensor}.convolution", name, stride=stride, padding=padding, filters=filters)
    x = made.batch_norm(x, f"{tensor}.normalization", f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x) if relu else x
