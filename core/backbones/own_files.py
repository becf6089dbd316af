"""A person's own network as a file: ``.keras``, ``.onnx``, or a ZIP with one of them and JSON files beside it.

The kind is found in the first bytes, never by the name. JSON files of timm and Transformers say how pixels are scaled
and what the classes are.
"""

import json
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from core.backbones.scalings import FoundScaling, scaling_of_config, scaling_of_metadata
from core.backbones.table import imagenet_classes
from core.errors import InvalidInput
from core.text.units import listed, visible

KERAS, ONNX = "keras_file", "onnx_file"
"""Kinds of additions."""

SIDECARS = ("preprocessor_config.json", "config.json", "pretrained_cfg.json")
"""JSON files that are read, in the order in which they are asked for the scaling."""

MOST_BYTES = 1024**3
_MOST_JSON = 4 * 10**6

_KERAS_PARTS = {"metadata.json", "config.json", "model.weights.h5"}

_OTHERS = (
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file, as older versions of Keras wrote. Open it in Keras and save it as .keras"),
    (4, b"TFL3", "a LiteRT file, whose network cannot be trained or cut. Use the file that it was made from"),
    (0, b"GGUF", "a GGUF file. Use a network of images as .keras or .onnx"),
    (0, b"\x80\x02", "a pickle file (PyTorch), which can run code when it is opened. Export the network as ONNX"),
)  # fmt: skip
"""(offset, first bytes, what it is and what to do)."""


@dataclass(frozen=True, kw_only=True)
class OwnFile:
    """An own network.

    Args:
        path: of the file with the network. kind: ``KERAS`` or ``ONNX``. name: for messages.
        sidecars: JSON files beside it by name.
    """

    path: Path
    kind: str
    name: str
    sidecars: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def found_scaling(self, metadata: Mapping[str, str] | None = None) -> FoundScaling | None:
        """What the files say of the scaling of pixels: the JSON files first, then the metadata of an ONNX file."""
        for name in SIDECARS:
            found = scaling_of_config(self.sidecars.get(name, {}))
            if found is not None:
                return FoundScaling(scaling=found, source=name)
        found = scaling_of_metadata(metadata or {})
        return None if found is None else FoundScaling(scaling=found, source="the file's metadata")

    def names_imagenet(self, metadata: Mapping[str, str] | None = None) -> bool:
        """Whether the files name 1,000 classes that are those of ImageNet, in its order."""
        given = [*self.sidecars.values(), dict(metadata or {})]
        return any(_are_imagenet(_labels_of(one)) for one in given)


def open_own_file(path: Path, name: str, folder: Path, *, inside: str = "") -> OwnFile:
    """The network in a file; that of a ZIP is unpacked into ``folder``. ``inside``: the archive that it comes from.

    Raises:
        InvalidInput: it is no network that can be added.
    """
    if not path.is_file():
        raise InvalidInput(f"There is no file {path}. Name a .keras or .onnx file, or a ZIP with one.")
    if path.stat().st_size > MOST_BYTES:
        raise too_large(name, path.stat().st_size)
    with path.open("rb") as file:
        begin = file.read(64)
    if begin.startswith(b"PK"):
        return _in_zip(path, name, folder, inside)
    for offset, magic, what in _OTHERS:
        if begin[offset : offset + len(magic)] == magic:
            raise InvalidInput(f"{name} is {what}.")
    if begin[8:10] in (b'{"', b"{ "):
        raise InvalidInput(
            f"{name} holds weights without a network (safetensors). Save the whole network as .keras or .onnx."
        )
    return OwnFile(path=path, kind=ONNX, name=name)


def too_large(name: str, size: int) -> InvalidInput:
    return InvalidInput(f"{name} has {size / 1e6:,.0f} MB; a network may have {MOST_BYTES / 1e6:,.0f} MB.")


def _in_zip(path: Path, name: str, folder: Path, inside: str) -> OwnFile:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {entry.filename for entry in archive.infolist() if not entry.is_dir()}
            if names >= _KERAS_PARTS:
                return OwnFile(path=path, kind=KERAS, name=name)
            if inside:
                raise InvalidInput(f"{name} in {inside} is an archive in an archive. Pack the network itself.")
            return _packed(archive, name, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise InvalidInput(f"{name} is a damaged or protected archive ({error}). Save or pack it again.") from None


def _packed(archive: zipfile.ZipFile, name: str, folder: Path) -> OwnFile:
    entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    networks = [entry for entry in entries if PurePosixPath(entry).suffix.lower() in (".keras", ".onnx")]
    if not networks and any(PurePosixPath(entry).name == "data.pkl" for entry in entries):
        raise InvalidInput(
            f"{name} is a file of PyTorch, which can run code when it is opened. Export the network as ONNX "
            "(torch.onnx.export)."
        )
    if len(networks) != 1:
        found = listed([visible(entry) for entry in networks]) or "none"
        raise InvalidInput(f"{name} must hold one .keras or .onnx file. Found: {found}.")
    member = entries[networks[0]]
    if member.file_size > MOST_BYTES:
        raise too_large(visible(member.filename), member.file_size)
    inner = PurePosixPath(member.filename)
    target = folder / f"unpacked{inner.suffix.lower()}"
    with archive.open(member) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink)  # ends at the size in the table of contents, which was checked
    own = open_own_file(target, visible(inner.name), folder, inside=name)
    return OwnFile(path=target, kind=own.kind, name=own.name, sidecars=_sidecars(archive, inner.parent))


def _sidecars(archive: zipfile.ZipFile, folder: PurePosixPath) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for entry in archive.infolist():
        path = PurePosixPath(entry.filename)
        if path.parent == folder and path.name in SIDECARS and entry.file_size <= _MOST_JSON:
            try:
                content = json.loads(archive.read(entry))
            except ValueError:
                raise InvalidInput(f"{path.name} is no JSON file that can be read.") from None
            if isinstance(content, dict):
                found[path.name] = content
    return found


# --- classes ---


def _labels_of(content: Mapping[str, Any]) -> list[str]:
    """The names of the classes, as Transformers (``id2label``), timm (``label_names``) and exporters write them."""
    for key in ("id2label", "label_names", "names", "labels", "classes", "class_names"):
        value = content.get(key)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = [line.strip() for line in value.replace(",\n", "\n").splitlines()]
        if isinstance(value, Mapping) and all(str(number) in map(str, value) for number in range(len(value))):
            by_number = {str(number): str(label) for number, label in value.items()}
            return [by_number[str(number)] for number in range(len(by_number))]
        if isinstance(value, list) and value:
            return [str(label) for label in value]
    inner = content.get("pretrained_cfg")
    return _labels_of(inner) if isinstance(inner, Mapping) else []


def _are_imagenet(labels: list[str]) -> bool:
    """Whether at least 19 of 20 labels begin with the name of the same class of ImageNet."""
    names = imagenet_classes()
    if len(labels) != len(names):
        return False
    same = sum(_plain(label) == _plain(name) for label, name in zip(labels, names, strict=True))
    return same >= 0.95 * len(names)


def _plain(label: str) -> str:
    return label.partition(",")[0].strip().lower().replace("_", " ")
