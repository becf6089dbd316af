"""The numbers of a network of tokens (a vision transformer), and what follows from them.

Its photo is cut into square patches; each is one token, beside tokens that belong to no place (class, distillation,
registers). ``token_config`` reads the numbers from a ``config.json``; ``core.features.tokens`` builds the network.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput


class Pooling(StrEnum):
    """How the tokens after a block become one vector."""

    OWN = "own"  # as the network was trained
    CLASS_TOKEN = "class_token"
    MEAN = "mean"  # of the patches' tokens


class Activation(StrEnum):
    """Between the two dense layers of a block."""

    GELU = "gelu"
    GELU_TANH = "gelu_tanh"  # approximated with tanh
    QUICK_GELU = "quick_gelu"  # x * sigmoid(1.702 x)
    RELU = "relu"
    SWIGLU = "swiglu"  # silu of one dense layer times another


class TokenTop(StrEnum):
    """What the ImageNet classifier of the checkpoint looks at."""

    NONE = "none"  # there is none
    POOLED = "pooled"  # the pooled features
    DISTILLED = "distilled"  # class token and distillation token, each with a layer of its own; the mean of both
    CLASS_AND_MEAN = "class_and_mean"  # class token and mean of the patches, side by side


STEM, HEAD = "stem", "head"
"""Blocks besides the transformer blocks: patches and positions; attention pooling."""


@dataclass(frozen=True, kw_only=True)
class TokenNetwork:
    """The architecture of a network of tokens.

    Args:
        family: for display: ``ViT``, ``DeiT``, ``DINOv2``, ``CLIP``, ``SigLIP``.
        naming: of the tensors in its file, see ``core.features.token_tensors``.
        size: side in pixels of the inputs that its stored positions belong to. patch: side of a patch.
        width, depth, heads, mlp_width: of a token, number of blocks, attention heads, the wider dense layer.
        class_token, distillation_token, registers: tokens besides the patches, in this order.
        positions_of: how many of these, from the first on, have a position.
        pre_norm: whether the tokens are normalised before the first block. layer_scale: whether every branch is scaled.
        qkv_bias: whether queries, keys and values have a bias.
        activation, epsilon: of the dense layers; of the layer normalisation.
        pooling: how the network itself pools, ``CLASS_TOKEN`` or ``MEAN``.
        attention_pool: whether a last block ``head`` pools by attention into one token.
        antialias: whether positions are interpolated as timm does, else as Transformers does.
        top: of the checkpoint. projection: size of the space shared with texts (CLIP); 0 without one.
    """

    family: str
    naming: str
    size: int
    patch: int
    width: int
    depth: int
    heads: int
    mlp_width: int
    class_token: bool = True
    distillation_token: bool = False
    registers: int = 0
    positions_of: int = 1
    pre_norm: bool = False
    layer_scale: bool = False
    qkv_bias: bool = True
    activation: Activation = Activation.GELU
    epsilon: float = 1e-6
    pooling: Pooling = Pooling.CLASS_TOKEN
    attention_pool: bool = False
    antialias: bool = False
    top: TokenTop = TokenTop.NONE
    projection: int = 0

    @property
    def prefix_tokens(self) -> int:
        """Tokens that belong to no patch."""
        return int(self.class_token) + int(self.distillation_token) + self.registers

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks from input to output, with the network's own pooling."""
        numbered = tuple(f"block{number}" for number in range(1, self.depth + 1))
        return (STEM, *numbered, *((HEAD,) if self.attention_pool else ()))

    def side(self, size: int) -> int:
        """Patches in a row of an input of ``size`` pixels; what does not fill a patch is left out."""
        return size // self.patch

    def tokens(self, size: int) -> int:
        """Of an input of ``size`` pixels."""
        return self.prefix_tokens + self.side(size) ** 2

    def shapes(self, size: int) -> tuple[tuple[int, int], ...]:
        """(tokens, channels) after every block, for an input of ``size`` pixels."""
        shape = (self.tokens(size), self.width)
        head = ((1, self.width),) if self.attention_pool else ()
        return (shape,) * (1 + self.depth) + head

    def block_parameters(self, size: int) -> tuple[int, ...]:
        """Of every block; there is one vector of positions for every token."""
        norm = 2 * self.width
        stem = 3 * self.patch**2 * self.width + self.tokens(size) * self.width + (norm if self.pre_norm else 0)
        scales = norm if self.layer_scale else 0
        block = 2 * norm + _attention(self.width) + self._mlp() + scales
        head = self.width + _attention(self.width) + norm + self._mlp()
        return self._of_blocks(stem, block, block + norm, head)

    def block_multiply_adds(self, size: int) -> tuple[int, ...]:
        """Of every block in one forward pass: projections, dense layers, and attention, each token with each."""
        tokens, width = self.tokens(size), self.width
        stem = 3 * self.patch**2 * width * tokens
        dense = self._mlp_kernels()
        block = tokens * (4 * width**2 + dense) + 2 * tokens**2 * width
        head = 2 * (tokens + 1) * width**2 + dense + 2 * tokens * width
        return self._of_blocks(stem, block, block, head)

    def _of_blocks(self, stem: int, block: int, last: int, head: int) -> tuple[int, ...]:
        return (stem, *(block,) * (self.depth - 1), last, *((head,) if self.attention_pool else ()))

    def row(self, size: int) -> dict[str, Any]:
        """The fields of a ``Backbone`` with this network and inputs of ``size`` pixels that follow from its numbers."""
        return {
            "tokens": self,
            "input_size": size,
            "smallest_size": 2 * self.patch,
            "feature_size": self.width,
            "blocks": self.blocks,
            "block_shapes": self.shapes(size),
            "block_parameters": self.block_parameters(size),
            "parameters": sum(self.block_parameters(size)),
            "block_multiply_adds": self.block_multiply_adds(size),
            "multiply_adds": sum(self.block_multiply_adds(size)),
            "classes": self.top is not TokenTop.NONE,
        }

    def pooled_by(self, pooling: Pooling) -> "TokenNetwork":
        """The same network with another pooling instead of its own; attention pooling is then left out.

        Raises:
            InvalidInput: it has no such token.
        """
        if pooling is Pooling.OWN or (pooling is self.pooling and not self.attention_pool):
            return self
        if pooling is Pooling.CLASS_TOKEN and not self.class_token:
            raise InvalidInput(
                f"A {self.family} network without a class token cannot be pooled by it. Choose pooling=own or "
                "pooling=mean. Received: pooling=class_token"
            )
        return replace(self, pooling=pooling, attention_pool=False)

    def _mlp_kernels(self) -> int:
        """Weights of the dense layers of a block."""
        gated = self.activation is Activation.SWIGLU
        return (3 if gated else 2) * self.width * self.mlp_width

    def _mlp(self) -> int:
        """With their biases."""
        gated = self.activation is Activation.SWIGLU
        return self._mlp_kernels() + (2 if gated else 1) * self.mlp_width + self.width


def token_network_from(data: dict[str, Any]) -> TokenNetwork:
    """The value of a row as JSON has it."""
    kinds = {"activation": Activation, "pooling": Pooling, "top": TokenTop}
    return TokenNetwork(**data | {name: kind(data[name]) for name, kind in kinds.items()})


def _attention(width: int) -> int:
    """Parameters of queries, keys, values and the output."""
    return 4 * (width**2 + width)
