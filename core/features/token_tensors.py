"""Tensors of Transformers and timm as the weights of our networks of tokens. No Keras here.

Their dense kernels are (out, in), the kernel of the patches is (out, 3, patch, patch).
"""

from collections.abc import Mapping

import numpy as np

from core.backbones.token_network import Activation, TokenNetwork, TokenTop
from core.errors import Unavailable
from core.features.positions import interpolated
from core.features.token_names import NAMES, TensorNames

Weights = dict[str, np.ndarray]
"""By the path of the variable: ``block1_attention/query/kernel``."""


def weights_of(tensors: Mapping[str, np.ndarray], network: TokenNetwork, size: int, *, top: bool = False) -> Weights:
    """All weights of ``core.features.tokens.network`` for inputs of ``size`` pixels, float32.

    Args:
        tensors: of the file, in any float type. top: with those of the ImageNet classifier.

    Raises:
        Unavailable: a tensor is missing, has another shape, or belongs to something that is not built.
    """
    return _Conversion(tensors, network).all(size, top=top)


def projection_of(tensors: Mapping[str, np.ndarray]) -> np.ndarray:
    """(width, projected): pooled features times this are CLIP's embedding of the photo.

    Raises:
        Unavailable: the file has none.
    """
    if "visual_projection.weight" not in tensors:
        raise Unavailable(
            "The weights have no tensor visual_projection.weight, so texts cannot be compared with photos."
        )
    return np.asarray(tensors["visual_projection.weight"], np.float32).T


class _Conversion:
    """Reads tensors once each, and knows which were not read."""

    def __init__(self, tensors: Mapping[str, np.ndarray], network: TokenNetwork) -> None:
        self._tensors, self._network = tensors, network
        self._names: TensorNames = NAMES[network.naming]
        patches = f"{self._names.patches}.weight"
        self._prefix = next((one for one in self._names.prefixes if f"{one}{patches}" in tensors), "")
        self._read: set[str] = set()

    def all(self, size: int, *, top: bool) -> Weights:
        network, names = self._network, self._names
        found = self._stem(size)
        for number in range(network.depth):
            found |= self._block(number)
        found |= self._norm(names.norm, f"block{network.depth}_norm")
        if network.attention_pool:
            found |= self._head()
        if top:
            found |= self._classifier()
        self._check_all_read()
        return found

    # --- parts ---

    def _stem(self, size: int) -> Weights:
        network, names = self._network, self._names
        width, patch = network.width, network.patch
        kernel = self._take(f"{names.patches}.weight", (width, 3, patch, patch))
        bias = self._maybe(f"{names.patches}.bias", (width,), known=not network.pre_norm)
        found = {
            "stem_tokens/kernel": kernel.transpose(2, 3, 1, 0).reshape(-1, width),
            "stem_tokens/bias": self._tokens(bias, size),
        }
        return found | (self._norm(names.pre_norm, "stem_norm") if network.pre_norm else {})

    def _tokens(self, bias: np.ndarray, size: int) -> np.ndarray:
        """(tokens, width): what is added to every token, positions included."""
        network = self._network
        grid = network.side(network.size)
        positions = self._take(self._names.positions, (network.positions_of + grid**2, network.width), flat=True)
        first, places = np.split(positions, [network.positions_of])
        places = interpolated(places.reshape(grid, grid, -1), network.side(size), antialias=network.antialias)
        special = self._special()
        special[: len(first)] += first
        return np.concatenate([special, places.reshape(-1, network.width) + bias])

    def _special(self) -> np.ndarray:
        """(prefix tokens, width)."""
        network, names = self._network, self._names
        wanted = (
            (names.class_token, int(network.class_token)),
            (names.distillation_token, int(network.distillation_token)),
            (names.registers, network.registers),
        )
        rows = [self._take(name, (count, network.width), flat=True) for name, count in wanted if count]
        return np.concatenate([np.zeros((0, network.width), np.float32), *rows])

    def _block(self, number: int) -> Weights:
        network, names = self._network, self._names
        begin, ours = names.block.format(number), f"block{number + 1}"
        found: Weights = {}
        for at, norm in enumerate(names.norms, 1):
            found |= self._norm(f"{begin}{norm}", f"{ours}_norm{at}")
        if network.layer_scale:
            for at, scale in enumerate(names.scales, 1):
                scales = self._take(f"{begin}{scale}", (network.width,))
                found[f"{ours}_scale{at}/kernel"] = scales.reshape(1, -1, 1)
        parts = [f"{begin}{part}" for part in names.attention]
        found |= self._attention(self._queries(parts), f"{begin}{names.output}", f"{ours}_attention")
        return found | self._mlp(begin, ours)

    def _mlp(self, begin: str, ours: str) -> Weights:
        """``begin``: of the tensors' names; ``ours``: of the layers' names."""
        network, names = self._network, self._names
        width, wide = network.width, network.mlp_width
        if network.activation is not Activation.SWIGLU:
            first, second = names.dense
            found = self._dense(f"{begin}{first}", (width, wide), f"{ours}_mlp1")
            return found | self._dense(f"{begin}{second}", (wide, width), f"{ours}_mlp2")
        first, second = names.gated
        both = self._dense(f"{begin}{first}", (width, 2 * wide), "both")
        found = self._dense(f"{begin}{second}", (wide, width), f"{ours}_mlp2")
        for layer, half in ((f"{ours}_gate", slice(wide)), (f"{ours}_mlp1", slice(wide, None))):
            found |= {f"{layer}/kernel": both["both/kernel"][:, half], f"{layer}/bias": both["both/bias"][half]}
        return found

    def _queries(self, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Kernel (3 width, width) and bias (3 width,) of queries, keys and values."""
        width = self._network.width
        each = (3 // len(names)) * width
        known = not self._network.qkv_bias
        kernels = [self._take(f"{name}.weight", (each, width)) for name in names]
        biases = [self._maybe(f"{name}.bias", (each,), known=not known) for name in names]
        return np.concatenate(kernels), np.concatenate(biases)

    def _attention(self, queries: tuple[np.ndarray, np.ndarray], output: str, layer: str) -> Weights:
        width, heads = self._network.width, self._network.heads
        split = (heads, width // heads)
        found: Weights = {}
        for part, kernel, bias in zip(("query", "key", "value"), *(np.split(one, 3) for one in queries), strict=True):
            found[f"{layer}/{part}/kernel"] = kernel.T.reshape(width, *split)
            found[f"{layer}/{part}/bias"] = bias.reshape(split)
        kernel = self._take(f"{output}.weight", (width, width))
        found[f"{layer}/attention_output/kernel"] = kernel.T.reshape(*split, width)
        found[f"{layer}/attention_output/bias"] = self._take(f"{output}.bias", (width,))
        return found

    def _head(self) -> Weights:
        width, begin = self._network.width, self._names.head
        if self._network.naming == "timm":
            probe = self._take(f"{begin}latent", (1, width), flat=True)
            pair = [
                self._dense(f"{begin}{name}", (width, count * width), name) for name, count in (("q", 1), ("kv", 2))
            ]
            kernels = np.concatenate([pair[0]["q/kernel"].T, pair[1]["kv/kernel"].T])
            queries = kernels, np.concatenate([pair[0]["q/bias"], pair[1]["kv/bias"]])
            output, norm = f"{begin}proj", f"{begin}norm"
        else:
            probe = self._take(f"{begin}probe", (1, width), flat=True)
            queries = (
                self._take(f"{begin}attention.in_proj_weight", (3 * width, width)),
                self._take(f"{begin}attention.in_proj_bias", (3 * width,)),
            )
            output, norm = f"{begin}attention.out_proj", f"{begin}layernorm"
        found = {"head_probe/embeddings": probe} | self._attention(queries, output, "head_attention")
        return found | self._norm(norm, "head_norm") | self._mlp(begin, "head")

    def _classifier(self) -> Weights:
        top, width = self._network.top, self._network.width
        names = self._names.classifiers
        if self._network.naming == "deit" and top is TokenTop.POOLED:
            names = ("classifier",)
        if top is not TokenTop.DISTILLED:
            inputs = 2 * width if top is TokenTop.CLASS_AND_MEAN else width
            return self._dense(names[0], (inputs, 1000), "logits", prefixed=False)
        found = self._dense(names[0], (width, 1000), "logits_class", prefixed=False)
        return found | self._dense(names[1], (width, 1000), "logits_distillation", prefixed=False)

    # --- tensors ---

    def _norm(self, name: str, layer: str) -> Weights:
        shape = (self._network.width,)
        return {
            f"{layer}/gamma": self._take(f"{name}.weight", shape),
            f"{layer}/beta": self._take(f"{name}.bias", shape),
        }

    def _dense(self, name: str, shape: tuple[int, int], layer: str, *, prefixed: bool = True) -> Weights:
        """``shape``: inputs and outputs."""
        return {
            f"{layer}/kernel": self._take(f"{name}.weight", shape[::-1], prefixed=prefixed).T,
            f"{layer}/bias": self._take(f"{name}.bias", shape[1:], prefixed=prefixed),
        }

    def _maybe(self, name: str, shape: tuple[int, ...], *, known: bool) -> np.ndarray:
        """Zeros where the layout has no such tensor; ``known``: whether it has to be there."""
        if known or f"{self._prefix}{name}" in self._tensors:
            return self._take(name, shape)
        return np.zeros(shape, np.float32)

    def _take(self, name: str, shape: tuple[int, ...], *, flat: bool = False, prefixed: bool = True) -> np.ndarray:
        """A tensor as float32; ``flat``: further axes of length 1 do not matter."""
        whole = f"{self._prefix}{name}" if prefixed else name
        if whole not in self._tensors:
            raise Unavailable(f"The weights have no tensor {whole}, which a {self._network.family} of this kind needs.")
        self._read.add(whole)
        found = np.asarray(self._tensors[whole], np.float32)
        if (found.size != np.prod(shape) or found.shape[-1:] != shape[-1:]) if flat else found.shape != shape:
            raise Unavailable(
                f"The tensor {whole} does not fit the network that config.json describes: expected "
                f"{_shape(shape)}. Received: {_shape(found.shape)}"
            )
        return found.reshape(shape)

    def _check_all_read(self) -> None:
        """Tensors of the blocks that were not read are parts of a network which Graft does not know."""
        begin = self._prefix + self._names.block.partition("{")[0]
        left = sorted(name for name in self._tensors if name.startswith(begin) and name not in self._read)
        if left:
            raise Unavailable(
                f"Graft does not know {len(left)} of the weights, for example {left[0]}: the network is of another "
                f"kind than its config.json says, or has more blocks than {self._network.depth}."
            )


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
