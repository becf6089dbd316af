"""Which files of a repository describe a network, and which hold its weights. Pickles are never among them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.backbones.hub.repository import HubFile, HubRepository
from core.backbones.text_network import TOKENIZER
from core.errors import InvalidInput
from core.text.units import listed


class HubLayout(StrEnum):
    """Whose conventions the files of a repository follow."""

    TRANSFORMERS = "transformers"
    TIMM = "timm"
    KERAS = "keras"


CONFIG, PREPROCESSOR, IMAGE_CONVERTER = "config.json", "preprocessor_config.json", "image_converter.json"
SAFETENSORS, SAFETENSORS_INDEX = "model.safetensors", "model.safetensors.index.json"
KERAS_WEIGHTS, KERAS_INDEX = "model.weights.h5", "model.weights.json"
KERAS_TASK, KERAS_TASK_WEIGHTS = "task.json", "task.weights.h5"
"""Of a classifier in the layout of Keras, beside those of its backbone."""

LARGEST_JSON = 4 * 10**6
LARGEST_TEXT = 2 * 10**6
LARGEST_TOKENIZER = 100 * 10**6
"""SigLIP 2 has 256,000 words: 34 MB."""
MOST_SHARDS = 200

_TEXTS = ("README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "NOTICE", "NOTICE.txt")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".msgpack", ".npz", ".joblib")
_FILES_OF_OTHERS = (".onnx", ".keras")


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The files of a model that Graft takes.

    Args:
        described: JSON and texts. weights: in which its tensors are.
    """

    described: tuple[HubFile, ...]
    weights: tuple[HubFile, ...]

    @property
    def files(self) -> tuple[HubFile, ...]:
        return (*self.described, *self.weights)

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


def layout_of(config: Mapping[str, Any]) -> HubLayout:
    """The layout of a repository, by its ``config.json``.

    Raises:
        InvalidInput: it is none of the three.
    """
    if "registered_name" in config and "config" in config:
        return HubLayout.KERAS
    if isinstance(config.get("model_type"), str):
        return HubLayout.TRANSFORMERS
    if isinstance(config.get("architecture"), str):
        return HubLayout.TIMM
    raise InvalidInput(
        "Its config.json is not that of Keras, Transformers or timm, so Graft does not know which network it is. "
        "Choose another model."
    )


def index_of(repository: HubRepository, layout: HubLayout) -> HubFile | None:
    """The file that lists several files of weights; None where there is one file of weights, or none."""
    single, index = (KERAS_WEIGHTS, KERAS_INDEX) if layout is HubLayout.KERAS else (SAFETENSORS, SAFETENSORS_INDEX)
    return None if single in repository.files else repository.files.get(index)


def chosen_files(
    repository: HubRepository, layout: HubLayout, index: Mapping[str, Any] | None = None, *, task: bool = False
) -> Chosen:
    """The files of a model that are downloaded.

    Args:
        index: the content of ``index_of``. task: whether with the classifier of Keras' layout.

    Raises:
        InvalidInput: it has no weights that Graft opens.
    """
    names = [CONFIG, PREPROCESSOR, TOKENIZER, *_TEXTS]
    if layout is HubLayout.KERAS:
        names = [
            CONFIG,
            "metadata.json",
            IMAGE_CONVERTER,
            "preprocessor.json",
            *([KERAS_TASK] if task else []),
            *_TEXTS,
        ]
    described = [repository.files[name] for name in names if name in repository.files]
    weights = _weights(repository, layout, index)
    weights += (repository.files[KERAS_TASK_WEIGHTS],) if task else ()
    listing = index_of(repository, layout)
    return Chosen(
        described=tuple(
            file for file in (*described, *([listing] if listing else ())) if file.size <= _largest(file.name)
        ),
        weights=weights,
    )


def _largest(name: str) -> int:
    if name == TOKENIZER:
        return LARGEST_TOKENIZER
    return LARGEST_JSON if name.endswith(".json") else LARGEST_TEXT


def _weights(repository: HubRepository, layout: HubLayout, index: Mapping[str, Any] | None) -> tuple[HubFile, ...]:
    single = KERAS_WEIGHTS if layout is HubLayout.KERAS else SAFETENSORS
    if single in repository.files:
        return (repository.files[single],)
    if index is None:
        raise InvalidInput(_no_weights(repository, single))
    names = _shards(index)
    suffix = ".weights.h5" if layout is HubLayout.KERAS else ".safetensors"
    missing = [name for name in names if name not in repository.files or not name.endswith(suffix) or "/" in name]
    if not names or missing or len(names) > MOST_SHARDS:
        raise InvalidInput(
            f"The index of {repository.address.name} names files of weights that are not there: "
            f"{listed(missing, 3) or 'none'}. Choose another model."
        )
    return tuple(repository.files[name] for name in names)


def _shards(index: Mapping[str, Any]) -> list[str]:
    """Names of the files in an index, each once. Keras lists several for one path."""
    weights = index.get("weight_map")
    values = list(weights.values()) if isinstance(weights, dict) else []
    flat = [name for value in values for name in (value if isinstance(value, list) else [value])]
    return sorted({name for name in flat if isinstance(name, str)})


def _no_weights(repository: HubRepository, single: str) -> str:
    name = repository.address.name
    pickles = [path for path in repository.files if path.endswith(_PICKLES)]
    others = [path for path in repository.files if path.endswith(_FILES_OF_OTHERS)]
    if others:
        return f"{name} has no {single}, but {listed(others, 2)}. Download that file and add it as a file of your own."
    if pickles:
        return (
            f"{name} has no {single}, only {listed(pickles, 2)}, which can hold programs; Graft never opens such "
            "files. Choose a model with safetensors, or ask its owner to convert it."
        )
    return f"{name} has no {single}, so there are no weights that Graft could load. Choose another model."
