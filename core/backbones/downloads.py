"""``keras:`` sources: weights that are downloaded once, verified and stored in ``weights`` of the home.

A file that Keras itself downloaded before (``KERAS_HOME``, else ``~/.keras``) is used in place.
"""

import http.client
import os
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.backbones import network
from core.backbones.checksums import matches
from core.backbones.values import Availability, Backbone
from core.errors import NoSpace, Unavailable
from core.files import atomic
from core.files.home import weights_folder
from core.files.locks import acquire
from core.settings import Settings

TIMEOUT_SECONDS = 20
CHUNK_BYTES = 1 << 20

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes in total)."""


@dataclass(frozen=True)
class RemoteFile:
    """One weights file to download; ``title`` is the backbone's, for messages."""

    url: str
    name: str
    digest: str
    size: int
    title: str


class Download:
    """Weights files of ``keras.applications``."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        return any(path.exists() for path in _places(_remote(backbone, top=False), settings))

    def availability(self, backbone: Backbone, settings: Settings) -> Availability:
        if self.is_here(backbone, settings):
            return Availability.CACHED
        return Availability.DOWNLOAD if network.seems_reachable(settings) else Availability.NO_NETWORK

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path:
        remote = _remote(backbone, top=top)
        if path := _cached(remote, settings):
            return path
        if network.forbidden():
            raise Unavailable(f"{_missing(remote)} and GRAFT_OFFLINE forbids downloading. {_way_out(remote, settings)}")
        with acquire(weights_folder(settings) / f".{remote.name}.lock"):  # two runs that need them download them once
            return _cached(remote, settings) or _download(remote, settings, progress)


def _remote(backbone: Backbone, *, top: bool) -> RemoteFile:
    if top:
        url, name, digest = backbone.top_url, backbone.top_file, backbone.top_digest
    else:
        url, name, digest = backbone.weights_url, backbone.weights_file, backbone.weights_digest
    if url is None or name is None or digest is None:
        raise Unavailable(f"No weights file of {backbone.title} is known.")
    return RemoteFile(url, name, digest, backbone.weights_bytes, backbone.title)


def _places(remote: RemoteFile, settings: Settings) -> list[Path]:
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return [weights_folder(settings) / remote.name, keras_home / "models" / remote.name]


def _cached(remote: RemoteFile, settings: Settings) -> Path | None:
    return next((path for path in _places(remote, settings) if path.exists() and matches(path, remote.digest)), None)


def _download(remote: RemoteFile, settings: Settings, progress: Progress | None) -> Path:
    """Streams to a draft, verifies, renames, so that the final name is always a verified file."""
    target = weights_folder(settings) / remote.name
    _check_space(remote, settings)
    try:
        with atomic.replacing(target, alone=True) as part:
            _fetch(remote, part, progress or (lambda done, total: None))
            if not matches(part, remote.digest):
                raise Unavailable(f"The downloaded weights of {remote.title} have a wrong checksum and were deleted.")
    except urllib.error.HTTPError as error:
        raise Unavailable(
            f"The weights of {remote.title} could not be downloaded: the server responded {error.code} {error.reason}."
        ) from error
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        network.remember_failure(settings)
        raise Unavailable(
            f"{_missing(remote)} and could not be downloaded: {_cause(error)}. {_way_out(remote, settings)}"
        ) from error
    network.forget_failure(settings)
    return target


def _fetch(remote: RemoteFile, part: Path, progress: Progress) -> None:
    with urllib.request.urlopen(remote.url, timeout=TIMEOUT_SECONDS) as response, part.open("wb") as file:
        total = int(response.headers.get("Content-Length") or remote.size)
        done = 0
        progress(done, total)
        while chunk := response.read(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
        if done < total:
            raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")


def _check_space(remote: RemoteFile, settings: Settings) -> None:
    free = shutil.disk_usage(weights_folder(settings)).free
    if free < 1.1 * remote.size:
        raise NoSpace(
            f"The weights of {remote.title} need {_megabytes(remote.size)} and only {_megabytes(free)} are free in "
            f"{weights_folder(settings)}; nothing was changed."
        )


def _missing(remote: RemoteFile) -> str:
    return f"The weights of {remote.title} ({_megabytes(remote.size)}) are not on this machine"


def _way_out(remote: RemoteFile, settings: Settings) -> str:
    folder = weights_folder(settings)
    return f"Connect to the network, put {remote.name} into {folder}, or choose a backbone that is ready."


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
