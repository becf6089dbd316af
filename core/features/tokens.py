"""Networks of tokens (vision transformers) of stock Keras layers, and their weights from Transformers and timm files.

One architecture for ViT, DeiT, DINOv2 and the image towers of CLIP and SigLIP; ``TokenNetwork`` has the numbers.
Blocks: ``stem`` (patches and positions), ``block1`` ... ``blockN`` (the last with the final normalisation), and for
attention pooling ``head``. docs/decisions/0015-added-backbones.md says why keras-hub's networks are not used.
"""

from collections.abc import Mapping

import keras
import numpy as np
from keras import initializers, layers

from core.backbones.token_network import Activation, Pooling, TokenNetwork, TokenTop
from core.backbones.values import Backbone, Scaling
from core.errors import InvalidInput, Unavailable
from core.features.scaling import scaled
from core.features.token_tensors import weights_of


def network(backbone: Backbone, architecture: TokenNetwork, *, top: bool = False) -> keras.Model:
    """The network with random weights: raw RGB 0..255 (n, size, size, 3) in; tokens (n, tokens, width) after the last
    block out, or logits (n, 1000).

    Raises:
        InvalidInput: ``top`` is True and the network has no ImageNet classifier.
    """
    if top and architecture.top is TokenTop.NONE:
        raise InvalidInput(f"{backbone.title} has no ImageNet classifier.")
    size = backbone.input_size
    inputs = keras.Input((size, size, 3), name="photo")
    x = _stem(scaled(inputs, backbone.scaling or Scaling()), architecture, size)
    for number in range(1, architecture.depth + 1):
        x = _block(x, f"block{number}", architecture)
    x = _norm(x, f"block{architecture.depth}_norm", architecture)
    if architecture.attention_pool:
        x = _attention_pool(x, architecture)
    if top:
        x = _logits(x, architecture)
    return keras.Model(inputs, x, name=backbone.name)


def load(model: keras.Model, architecture: TokenNetwork, tensors: Mapping[str, np.ndarray]) -> None:
    """Puts the tensors of a Transformers or timm file into ``network``.

    Raises:
        Unavailable: they do not fit it.
    """
    size = model.input.shape[1]
    classifies = any(layer.name.startswith("logits") for layer in model.layers)
    found = weights_of(tensors, architecture, size, top=classifies)
    for variable in model.variables:
        values = found.pop(variable.path, None)
        if values is None or values.shape != tuple(variable.shape):
            raise Unavailable(f"The weights do not fit {model.name}: {variable.path} has no values of its shape.")
        variable.assign(values)


# --- parts of the network ---


def _stem(x: keras.KerasTensor, a: TokenNetwork, size: int) -> keras.KerasTensor:
    """Pixels -> tokens with their positions.

    Patches are rows of pixels. Rows of zeros before them become class token and registers, because the bias of every
    token is its own: its position, and where it is no patch the token itself.
    """
    side, patch = a.side(size), a.patch
    if size % patch:
        x = layers.Cropping2D(((0, size % patch), (0, size % patch)), name="stem_crop")(x)
    x = layers.Reshape((side, patch, side, patch * 3), name="stem_rows")(x)
    x = layers.Permute((1, 3, 2, 4), name="stem_patches")(x)
    x = layers.Reshape((side**2, patch**2 * 3), name="stem_pixels")(x)
    if a.prefix_tokens:
        x = layers.ZeroPadding1D((a.prefix_tokens, 0), name="stem_prefix")(x)
    x = layers.EinsumDense(
        "abc,cd->abd",
        output_shape=(a.tokens(size), a.width),
        bias_axes="bd",
        bias_initializer=initializers.TruncatedNormal(stddev=0.02),
        name="stem_tokens",
    )(x)
    return _norm(x, "stem_norm", a) if a.pre_norm else x


def _block(x: keras.KerasTensor, name: str, a: TokenNetwork) -> keras.KerasTensor:
    """Attention, then two dense layers; both normalised first and added to what they got (Vaswani et al. 2017)."""
    y = _norm(x, f"{name}_norm1", a)
    y = layers.MultiHeadAttention(a.heads, a.width // a.heads, name=f"{name}_attention")(y, y)
    x = layers.Add(name=f"{name}_add1")([x, _scale(y, f"{name}_scale1", a)])
    y = _mlp(_norm(x, f"{name}_norm2", a), name, a)
    return layers.Add(name=f"{name}_add2")([x, _scale(y, f"{name}_scale2", a)])


def _norm(x: keras.KerasTensor, name: str, a: TokenNetwork) -> keras.KerasTensor:
    return layers.LayerNormalization(epsilon=a.epsilon, name=name)(x)


def _scale(x: keras.KerasTensor, name: str, a: TokenNetwork) -> keras.KerasTensor:
    """LayerScale (Touvron et al. 2021): every channel times one number; a convolution of one position does this."""
    if not a.layer_scale:
        return x
    return layers.DepthwiseConv1D(1, use_bias=False, depthwise_initializer="ones", name=name)(x)


def _mlp(x: keras.KerasTensor, name: str, a: TokenNetwork) -> keras.KerasTensor:
    y = _dense(x, a.mlp_width, f"{name}_mlp1")
    if a.activation is Activation.SWIGLU:
        gate = layers.Activation("silu", name=f"{name}_activation")(_dense(x, a.mlp_width, f"{name}_gate"))
        y = layers.Multiply(name=f"{name}_gated")([gate, y])
    else:
        y = _activated(y, f"{name}_activation", a.activation)
    return _dense(y, a.width, f"{name}_mlp2")


def _dense(x: keras.KerasTensor, width: int, name: str) -> keras.KerasTensor:
    """A dense layer of every token. ``Dense`` would compute the shapes of its input while it runs, which takes LiteRT
    longer than the product itself."""
    return layers.EinsumDense("abc,cd->abd", output_shape=(x.shape[1], width), bias_axes="d", name=name)(x)


def _activated(x: keras.KerasTensor, name: str, activation: Activation) -> keras.KerasTensor:
    if activation is Activation.GELU_TANH:
        return keras.ops.gelu(x, approximate=True)
    if activation is Activation.QUICK_GELU:
        sigmoid = layers.Activation("sigmoid", name=name)(layers.Rescaling(1.702, name=f"{name}_scaling")(x))
        return layers.Multiply(name=f"{name}_product")([x, sigmoid])
    return layers.Activation(str(activation), name=name)(x)


def _attention_pool(x: keras.KerasTensor, a: TokenNetwork) -> keras.KerasTensor:
    """SigLIP's pooling: a learned token asks all tokens, then two dense layers; one token is left."""
    count = x.shape[1] * a.width
    number = layers.Reshape((count, 1), name="head_numbers")(x)
    number = layers.Cropping1D((0, count - 1), name="head_number")(number)
    zero = layers.Rescaling(0.0, name="head_zero")(layers.Reshape((1,), name="head_index")(number))
    probe = layers.Embedding(1, a.width, name="head_probe")(zero)  # one and the same row for every photo
    x = layers.MultiHeadAttention(a.heads, a.width // a.heads, name="head_attention")(probe, x)
    y = _mlp(_norm(x, "head_norm", a), "head", a)
    return layers.Add(name="head_add")([x, y])


def _logits(x: keras.KerasTensor, a: TokenNetwork) -> keras.KerasTensor:
    """The checkpoint's ImageNet classifier."""
    tokens = x.shape[1]

    def mean_of(first: int, last: int, name: str) -> keras.KerasTensor:
        chosen = layers.Cropping1D((first, tokens - last), name=f"{name}_tokens")(x)
        return layers.GlobalAveragePooling1D(name=name)(chosen)

    if a.top is TokenTop.DISTILLED:
        both = [
            layers.Dense(1000, name=f"logits_{name}")(mean_of(at, at + 1, f"{name}_token"))
            for at, name in enumerate(("class", "distillation"))
        ]
        return layers.Average(name="mean_logits")(both)
    first = (
        mean_of(0, 1, "class_token") if a.pooling is Pooling.CLASS_TOKEN else mean_of(a.prefix_tokens, tokens, "mean")
    )
    if a.top is TokenTop.CLASS_AND_MEAN:
        first = layers.Concatenate(name="class_and_mean")([first, mean_of(a.prefix_tokens, tokens, "mean")])
    return layers.Dense(1000, name="logits")(first)
