"""From a row of the catalogue to a verified weights file on this machine."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from core.backbones.added import AddedSource
from core.backbones.checksums import matches
from core.backbones.downloads import Download, Progress
from core.backbones.saved import KIND, SavedBackbone
from core.backbones.values import ADDED_KINDS, Availability, Backbone
from core.errors import Unavailable
from core.settings import Settings

SHIPPED = Path(__file__).parent / "shipped"
"""Weights that are part of Graft; where they come from: ``generate_weights.py`` and NOTICE."""


class Source(Protocol):
    """Where the weights of one kind of source come from."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        """Whether the weights are on this machine."""

    def availability(self, backbone: Backbone, settings: Settings) -> Availability: ...

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path: ...


class Package:
    """``package:<module>``: one ``models/*.pth`` file inside an installed package, ImageNet top included."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        return self._file(backbone) is not None

    def availability(self, backbone: Backbone, settings: Settings) -> Availability:
        return Availability.READY if self.is_here(backbone, settings) else Availability.NO_NETWORK

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path:
        path = self._file(backbone)
        if path is None:
            raise Unavailable(f"The weights of {backbone.title} are not installed: run `make setup`.")
        if not matches(path, backbone.weights_digest):
            raise Unavailable(f"The weights file {path} is damaged (wrong checksum): reinstall its package.")
        return path

    def _file(self, backbone: Backbone) -> Path | None:
        folder = _folder_of(backbone.source.removeprefix("package:"))
        return None if folder is None else next(folder.glob("models/*.pth"), None)


@cache
def _folder_of(package: str) -> Path | None:
    """Where a package is installed. A plan of all presets asks a hundred times, and each look takes 0.4 ms."""
    spec = find_spec(package)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


class Shipped:
    """``shipped:<name>``: a ``.safetensors`` file in this repository, ImageNet top included."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        return self._file(backbone).exists()

    def availability(self, backbone: Backbone, settings: Settings) -> Availability:
        return Availability.READY if self.is_here(backbone, settings) else Availability.NO_NETWORK

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path:
        path = self._file(backbone)
        if not path.exists():
            raise Unavailable(f"The weights of {backbone.title} are missing: restore {path} from Graft's repository.")
        if not matches(path, backbone.weights_digest):
            raise Unavailable(
                f"The weights file {path} is damaged (wrong checksum): restore it from Graft's repository."
            )
        return path

    def _file(self, backbone: Backbone) -> Path:
        return SHIPPED / f"{backbone.source.removeprefix('shipped:')}.safetensors"


SOURCES: dict[str, Source] = {
    "package": Package(),
    "shipped": Shipped(),
    "keras": Download(),
    KIND: SavedBackbone(),
    **dict.fromkeys(ADDED_KINDS, AddedSource()),
}
"""By the part of ``Backbone.source`` before the colon."""


def availability(backbone: Backbone, settings: Settings) -> Availability:
    """Whether the weights can be used now. Sends nothing over the network."""
    return _source(backbone).availability(backbone, settings)


def is_here(backbone: Backbone, settings: Settings) -> bool:
    """Whether the weights are on this machine: ``availability`` without a look at the network."""
    return _source(backbone).is_here(backbone, settings)


def obtain(backbone: Backbone, settings: Settings, progress: Progress | None = None, *, top: bool = False) -> Path:
    """The verified weights file of ``backbone``, downloaded if necessary.

    Args:
        progress: called with (bytes done, bytes in total) while downloading; an exception from it stops the download.
        top: the file that includes the ImageNet classification layer.

    Raises:
        Unavailable: it is missing and cannot be downloaded, or it is damaged.
        NoSpace: the disk cannot hold it.
    """
    return _source(backbone).obtain(backbone, settings, progress, top)


def damage(backbone: Backbone, settings: Settings) -> str:
    """Why weights that are installed with Graft cannot be used; "" where they can, and for all others, which are
    verified when they are downloaded or added. A file is read once per process."""
    if backbone.source.partition(":")[0] in ("package", "shipped"):
        try:
            obtain(backbone, settings)
        except Unavailable as error:
            return str(error)
    return ""


def _source(backbone: Backbone) -> Source:
    return SOURCES[backbone.source.partition(":")[0]]
