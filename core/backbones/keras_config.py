"""What the ``config.json`` of a ``.keras`` file names, checked before Keras reads it.

Keras builds what the configuration names, and some of that runs code or opens files (``Lambda``, ``TFSMLayer``, any
function as an activation). Only layers, operations and small objects of Keras itself are let through.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.text.units import count, listed, visible

CONFIG = "config.json"
_MOST_CONFIG = 50 * 10**6

_MODELS = ("Functional", "Sequential")
_OBJECTS = ("DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", *_MODELS)
_PACKAGES = (
    "layers", "models", "initializers", "regularizers", "constraints", "activations", "dtype_policies", "ops",
    "applications",
)  # fmt: skip
"""Parts of Keras whose objects are let through, under ``keras`` and ``keras.src``."""

_REFUSED = (
    "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup",
    "TextVectorization", "Hashing", "HashedCrossing", "FeatureSpace",
)  # fmt: skip
"""Layers that run code of the file, open other files, or read text."""

_CONSTANTS = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__tuple__", "__ellipsis__", "__slice__")


def checked_config(path: Path, name: str) -> dict[str, Any]:
    """The configuration of a ``.keras`` file with one input and one output.

    Raises:
        InvalidInput: it is damaged, no network of stock layers, or has not one input and one output.
    """
    config = stock_config(path, name)
    _check_ports(config, name)
    return config


def stock_config(path: Path, name: str) -> dict[str, Any]:
    """The configuration of a ``.keras`` file of Keras' own layers only, with any number of inputs.

    Raises:
        InvalidInput: it is damaged, or no network of stock layers.
    """
    config = _read(path, name)
    if config.get("class_name") not in _MODELS:
        received = visible(str(config.get("class_name")))[:60]
        raise InvalidInput(
            f"{name} is no network of layers (Sequential or functional) but a {received}, whose graph is only known to "
            "its own code. Save it as a functional model."
        )
    foreign = sorted({visible(one)[:60] for one in _foreign(config)})
    if foreign:
        raise InvalidInput(
            f"{name} has layers or functions that are not Keras' own or can run code: {listed(foreign)}. Only stock "
            "layers are opened; replace them and save it again."
        )
    return config


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(CONFIG)
            if entry.file_size > _MOST_CONFIG:
                raise InvalidInput(f"The configuration in {name} is too large ({entry.file_size / 1e6:,.0f} MB).")
            config = json.loads(archive.read(entry))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, RecursionError) as error:
        raise InvalidInput(f"{name} is no .keras file that can be read ({error}). Save it again.") from None
    if not isinstance(config, dict):
        raise InvalidInput(f"{name} holds no network but a {type(config).__name__}.")
    return config


def _foreign(value: Any) -> Iterator[str]:
    """Names of everything in a configuration that is not let through."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if "class_name" in one and ("config" in one or "module" in one):
                name = _refused_name(one)
                if name:
                    yield name
            pending += [inner for key, inner in one.items() if key not in ("compile_config", "build_config")]
        elif isinstance(one, list):
            pending += one


def _refused_name(one: dict[str, Any]) -> str:
    """The name of a serialized object, "" where it is let through."""
    class_name, module = str(one["class_name"]), one.get("module")
    if class_name in _CONSTANTS:
        return ""
    if class_name in _REFUSED or class_name == "__lambda__":
        return class_name
    registered = str(one.get("registered_name") or "")
    if ">" in registered:
        return registered
    if module == "keras":
        return "" if class_name in _OBJECTS else class_name
    parts = str(module or "").removeprefix("keras.src.").removeprefix("keras.").split(".")
    known = str(module or "").startswith("keras.") and parts[0] in _PACKAGES
    if class_name == "function":
        return "" if known and parts[0] == "activations" else f"{module}.{one.get('config')}"
    return "" if known else class_name


def _check_ports(config: dict[str, Any], name: str) -> None:
    """One input and one output of a functional model; a sequential one always has them."""
    inner = config.get("config")
    if not isinstance(inner, dict) or not inner.get("layers"):
        raise InvalidInput(f"{name} has no layers, so it is no network.")
    if config["class_name"] == "Sequential":
        return
    for key, what in (("input_layers", "input"), ("output_layers", "output")):
        names = _ports(inner.get(key))
        if len(names) != 1:
            raise InvalidInput(
                f"{name} has {count(len(names), what)} ({listed([visible(one)[:60] for one in names])}); a network of "
                f"photos has one {what}."
            )


def _ports(value: Any) -> list[str]:
    """The names in ``["photo", 0, 0]``, in a list of such, or in a dict of them."""
    if isinstance(value, dict):
        return [name for one in value.values() for name in _ports(one)]
    if isinstance(value, list) and value and isinstance(value[0], str):
        return [value[0]]
    if isinstance(value, list):
        return [name for one in value for name in _ports(one)]
    return []
