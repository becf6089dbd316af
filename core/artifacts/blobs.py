"""The store: blobs by their SHA-256, in a folder or in a bucket, put whole or not at all.

Nothing here needs a rename, a link, a listing or a time stamp of the store. ``fsspec`` and ``obstore`` are imported
only for a bucket.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlparse

from core.artifacts.aws import options_of_s3
from core.errors import GraftError, NoSpace, Unavailable
from core.files import atomic

CHUNK_BYTES = 8 * 2**20
"""How much of a blob is in memory while it is read."""


class StoreAway(Unavailable):
    """The store does not answer now. Whoever can wait tries again; nothing was changed."""


class Blobs(Protocol):
    """A store of blobs, each named by the SHA-256 of its content (hex).

    Raises:
        StoreAway: it does not answer. Unavailable: it refuses, or is not there. NoSpace: it is full.
    """

    address: str

    def size(self, digest: str) -> int | None:
        """Bytes of a blob; None when it is not in the store."""

    def put(self, digest: str, content: Path | bytes) -> None:
        """Puts a file or bytes as one blob; readers see all of it or nothing."""

    def read(self, digest: str) -> Iterator[bytes]:
        """The content in parts, unchecked; FileNotFoundError when it is not in the store."""

    def delete(self, digest: str) -> None:
        """Deletes a blob; nothing when it is not there."""


@lru_cache(maxsize=8)
def open_blobs(address: str) -> Blobs:
    """The store at ``file:///folder`` or ``s3://bucket/prefix``.

    Raises:
        Unavailable: a package is missing, or the address says no place.
    """
    parsed = urlparse(address)
    if parsed.scheme == "file":
        return FolderBlobs(Path(unquote(parsed.path)), address)
    if not parsed.netloc:
        raise Unavailable(f"GRAFT_ARTIFACTS names no bucket. Write s3://bucket/prefix. Received: {address!r}")
    return _open_bucket(parsed.netloc, parsed.path, address)


def _open_bucket(bucket: str, prefix: str, address: str) -> "BucketBlobs":
    try:
        from obstore.exceptions import BaseError
        from obstore.fsspec import FsspecStore
    except ImportError as error:
        raise Unavailable(
            f"GRAFT_ARTIFACTS is {address}, which needs the package {error.name}: run `make setup CLUSTER=1`."
        ) from error
    store: Any = FsspecStore  # its overloads know no options as a dictionary
    filesystem = store("s3", skip_instance_cache=True, **options_of_s3())
    return BucketBlobs(filesystem, f"{bucket}/{prefix.strip('/')}".rstrip("/"), address, errors=(BaseError,))


def _place(digest: str) -> str:
    return f"blobs/{digest[:2]}/{digest}"


class FolderBlobs:
    """Blobs in a folder that machines share. The folder must exist: one that is not mounted would be made locally."""

    def __init__(self, root: Path, address: str) -> None:
        self.root, self.address = root, address

    def size(self, digest: str) -> int | None:
        with self._readable_errors():
            try:
                return self._path(digest).stat().st_size
            except FileNotFoundError:
                self._require_root()
                return None

    def put(self, digest: str, content: Path | bytes) -> None:
        path = self._path(digest)
        with self._readable_errors():
            self._require_root()
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic.replacing(path) as draft:
                _write(draft, content)

    def read(self, digest: str) -> Iterator[bytes]:
        if self.size(digest) is None:
            raise FileNotFoundError(digest)
        with self._readable_errors(), self._path(digest).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def delete(self, digest: str) -> None:
        with self._readable_errors():
            self._require_root()
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.root / _place(digest)

    def _require_root(self) -> None:
        if not self.root.is_dir():
            raise StoreAway(
                f"The folder {self.root} of GRAFT_ARTIFACTS is not there. Mount it on this machine, or make it once."
            )

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._told(error) from error

    def _told(self, error: OSError) -> GraftError:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return NoSpace(f"The store of artifacts {self.address} is full; nothing was changed. Free some space.")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return Unavailable(
                f"The store of artifacts {self.address} may not be used ({error.strerror}). Give this user the right "
                "to read and write it."
            )
        return StoreAway(f"The store of artifacts {self.address} does not answer ({error.strerror}).")


def _write(path: Path, content: Path | bytes) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
        return
    with content.open("rb") as source, path.open("wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            target.write(chunk)


class BucketBlobs:
    """Blobs in a bucket, through a file system of fsspec.

    Args:
        filesystem: of fsspec. root: bucket and prefix. errors: further exceptions that it raises.
    """

    def __init__(self, filesystem: Any, root: str, address: str, *, errors: tuple[type[Exception], ...] = ()) -> None:
        self._files, self._root, self.address = filesystem, root, address
        self._errors: tuple[type[Exception], ...] = (OSError, *errors)

    def size(self, digest: str) -> int | None:
        with self._readable_errors():
            try:
                return int(self._files.info(self._path(digest))["size"])
            except FileNotFoundError as error:
                self._require_bucket(error)
                return None

    def put(self, digest: str, content: Path | bytes) -> None:
        path = self._path(digest)
        try:
            with self._readable_errors():
                if isinstance(content, bytes):
                    self._files.pipe_file(path, content)
                else:
                    self._files.put_file(str(content), path)
        except FileNotFoundError as error:
            raise self._without_bucket() from error

    def read(self, digest: str) -> Iterator[bytes]:
        size = self.size(digest)
        if size is None:
            raise FileNotFoundError(digest)
        with self._readable_errors():
            for start in range(0, size, CHUNK_BYTES):
                yield bytes(self._files.cat_file(self._path(digest), start, min(start + CHUNK_BYTES, size)))

    def delete(self, digest: str) -> None:
        with self._readable_errors():
            try:
                self._files.rm_file(self._path(digest))
            except FileNotFoundError as error:
                self._require_bucket(error)

    def _path(self, digest: str) -> str:
        return f"{self._root}/{_place(digest)}"

    def _require_bucket(self, error: FileNotFoundError) -> None:
        """A bucket that is missing is not a blob that is missing."""
        if "NoSuchBucket" in f"{error} {error.__cause__} {error.__context__}":
            raise self._without_bucket()

    def _without_bucket(self) -> Unavailable:
        return Unavailable(f"There is no bucket for {self.address}. Make it, or set GRAFT_ARTIFACTS to another one.")

    @contextmanager
    def _readable_errors(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except self._errors as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> GraftError:
        name, text = type(error).__name__, " ".join(str(error).split())
        if name in ("PermissionDeniedError", "UnauthenticatedError") or isinstance(error, PermissionError):
            return Unavailable(
                f"The store of artifacts {self.address} refuses this machine ({_reason(text)}). Check the access key "
                "(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the file of AWS_SHARED_CREDENTIALS_FILE) and its "
                "rights: to read, write and delete objects."
            )
        if "NoSuchBucket" in text:
            return self._without_bucket()
        return StoreAway(
            f"The store of artifacts {self.address} does not answer ({_reason(text)}). Check AWS_ENDPOINT_URL and the "
            "network."
        )


def _reason(text: str) -> str:
    """The beginning of a long message of the client, without what it says about itself."""
    for known in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"):
        if known in text:
            return known
    return text[:120]
